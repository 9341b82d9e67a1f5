// What a binary asks of the system that loads it, read from the file: libraries, versions of symbols, exports. A binary that would not load on
// the systems that it is for throws.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The newest glibc that a binary may need. */
const NEWEST_GLIBC = [2, 28];

/** The libraries that every system of a kind has. */
const SYSTEM_LIBRARIES = {
  elf: /^(lib(c|m|dl|rt|pthread)\.so(\.\d)?|ld-(linux|musl)-.*\.so\.\d)$/,
  pe: /^(KERNEL32|ntdll|ADVAPI32|api-ms-win-crt-[a-z0-9-]+)\.dll$/i,
  "mach-o": /^\/usr\/lib\/libSystem\.B\.dylib$/,
};

const readers = { elf: readElf, pe: readPe, "mach-o": readMachO };

/** One line about a binary; throws what is wrong with it. */
export function describeBinary(path, { kind }) {
  const { libraries, exports, notes } = readers[kind](path);
  const foreign = libraries.filter((name) => !SYSTEM_LIBRARIES[kind].test(name));
  if (foreign.length > 0) throw new Error(`${path} needs ${foreign.join(", ")}, which not every system has`);
  if (!exports.includes("napi_register_module_v1")) throw new Error(`${path} does not export its initialization`);
  return [`needs ${libraries.join(", ")}`, ...notes].join("; ");
}

function readElf(path) {
  const read = (...args) => execFileSync("readelf", ["-W", ...args, path], { encoding: "utf8", maxBuffer: 2 ** 26 });
  const libraries = [...read("-d").matchAll(/NEEDED.*\[(.+)\]/g)].map(([, name]) => name);
  const versions = [...read("-V").matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [+major, +minor]);
  const [newest] = versions.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  if (newest && (newest[0] > NEWEST_GLIBC[0] || newest[1] > NEWEST_GLIBC[1])) {
    throw new Error(`${path} needs glibc ${newest.join(".")}, and must load with ${NEWEST_GLIBC.join(".")}`);
  }
  const symbols = read("--dyn-syms").matchAll(/ (?:GLOBAL|WEAK) +DEFAULT +(UND|\d+) (\S+)/g);
  const exports = [...symbols].filter(([, section]) => section !== "UND").map(([, , name]) => name);
  return { libraries, exports, notes: newest ? [`glibc ${newest.join(".")} or later`] : [] };
}

/** "PE Format", Microsoft: optional header of PE32+, import and export directories. */
function readPe(path) {
  const bytes = readFileSync(path);
  const header = bytes.readUInt32LE(0x3c);
  const optional = header + 24;
  const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, i) => {
    const at = optional + bytes.readUInt16LE(header + 20) + 40 * i;
    return {
      address: bytes.readUInt32LE(at + 12),
      size: bytes.readUInt32LE(at + 8),
      file: bytes.readUInt32LE(at + 20),
    };
  });
  const offset = (address) => {
    const section = sections.find((s) => address >= s.address && address < s.address + s.size);
    return address - section.address + section.file;
  };
  const text = (address) => {
    const start = offset(address);
    return bytes.toString("latin1", start, bytes.indexOf(0, start));
  };
  const directory = (i) => bytes.readUInt32LE(optional + 112 + 8 * i);
  const libraries = [];
  for (let at = offset(directory(1)); bytes.readUInt32LE(at + 12) !== 0; at += 20) {
    libraries.push(text(bytes.readUInt32LE(at + 12)));
  }
  const table = offset(directory(0));
  const names = offset(bytes.readUInt32LE(table + 32));
  const exports = Array.from({ length: bytes.readUInt32LE(table + 24) }, (_, i) =>
    text(bytes.readUInt32LE(names + 4 * i)),
  );
  return { libraries, exports, notes: ["Node-API from the program that loads it"] };
}

/** <mach-o/loader.h>: the header, the load commands and the table of symbols. */
function readMachO(path) {
  const bytes = readFileSync(path);
  const NO_UNDEFINED = 0x1;
  const LOAD_DYLIB = 0xc,
    SYMBOL_TABLE = 0x2,
    CODE_SIGNATURE = 0x1d,
    BUILD_VERSION = 0x32;
  const isArm = bytes.readUInt32LE(4) === 0x0100000c;
  const libraries = [];
  const exports = [];
  let oldest = "";
  let isSigned = false;
  for (let at = 32, i = 0; i < bytes.readUInt32LE(16); i++, at += bytes.readUInt32LE(at + 4)) {
    const command = bytes.readUInt32LE(at) & 0x7fffffff;
    if (command === LOAD_DYLIB) libraries.push(zeroEnded(bytes, at + bytes.readUInt32LE(at + 8)));
    if (command === CODE_SIGNATURE) isSigned = true;
    if (command === BUILD_VERSION) oldest = `${bytes.readUInt16LE(at + 14)}.${bytes.readUInt8(at + 13)}`;
    if (command === SYMBOL_TABLE) exports.push(...machOExports(bytes, at));
  }
  // With the flag, the system would look for the functions of Node-API while it loads the file, and find none.
  if (bytes.readUInt32LE(24) & NO_UNDEFINED) throw new Error(`${path} says that it has no undefined symbols`);
  if (isArm && !isSigned) throw new Error(`${path} is not signed, without which macOS does not load code for arm64`);
  return { libraries, exports, notes: [`macOS ${oldest} or later`, isSigned ? "signed ad hoc" : "not signed"] };
}

function machOExports(bytes, at) {
  const [symbols, count, strings] = [8, 12, 16].map((field) => bytes.readUInt32LE(at + field));
  const names = [];
  for (let s = symbols; s < symbols + 16 * count; s += 16) {
    const type = bytes.readUInt8(s + 4);
    const isExternal = (type & 0x01) !== 0 && (type & 0x10) === 0;
    if (isExternal && (type & 0x0e) !== 0)
      names.push(zeroEnded(bytes, strings + bytes.readUInt32LE(s)).replace(/^_/, ""));
  }
  return names;
}

const zeroEnded = (bytes, start) => bytes.toString("latin1", start, bytes.indexOf(0, start));
