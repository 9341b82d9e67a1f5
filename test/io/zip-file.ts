import { crc32, deflateRawSync } from "node:zlib";

/** Encodes files by name as a ZIP archive, deflated or stored, as Python's zipfile does. */
export function encodeZip(files: Readonly<Record<string, Uint8Array>>, isDeflated = false): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = isDeflated ? deflateRawSync(content) : Buffer.from(content);
    // The fields that both kinds of headers contain: version, flags, method, time, checksum, sizes, length of the name.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(isDeflated ? 8 : 0, 4);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(offset, 10);
    bodies.push(Buffer.from("PK\x03\x04"), shared, Buffer.from(name), data);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), shared, end, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, listed, end]);
}
