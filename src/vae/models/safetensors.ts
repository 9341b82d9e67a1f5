import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { damagedFile, describe, FileError } from "../../errors.js";
import { systemReason, writeFileAtomic } from "../../io/index.js";

/** A tensor: float32 numbers with a shape. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Tensors by name, with facts about them. */
export interface TensorFile {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, NamedTensor>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Version of the facts, which are the configuration of a model or the state of a training. Files of version 1 contain
 * no version number.
 */
const VERSION = 2;
/** Largest header that the safetensors format allows. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Writes tensors atomically in the safetensors format (https://huggingface.co/docs/safetensors), which Python can read
 * too. The metadata contain the facts as JSON, and a SHA-256 of everything else.
 *
 * @throws {FileError} FILE_WRITE
 */
export async function writeTensorFile(path: string, { facts, tensors }: TensorFile): Promise<void> {
  let offset = 0;
  const entries: [string, Entry][] = [];
  const pieces: Uint8Array[] = [];
  for (const [name, { shape, values }] of tensors) {
    entries.push([name, { dtype: "F32", shape, data_offsets: [offset, offset + values.byteLength] }]);
    pieces.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    offset += values.byteLength;
  }
  const text = JSON.stringify({ version: VERSION, ...facts });
  const sha256 = digest(text, entries, pieces);
  const header = JSON.stringify({ __metadata__: { facts: text, sha256 }, ...Object.fromEntries(entries) });
  // The header is padded so that the data begin at a multiple of eight bytes.
  const bytes = Buffer.from(header.padEnd(header.length + ((8 - (Buffer.byteLength(header) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  await writeFileAtomic(path, [length, bytes, ...pieces]);
}

/**
 * Reads a file that {@link writeTensorFile} wrote.
 *
 * @throws {FileError} FILE_READ if the file cannot be read, FILE_FORMAT if it is damaged or of another format,
 *   FILE_VERSION if another version of this package wrote it
 */
export async function readTensorFile(path: string): Promise<TensorFile> {
  const file = await readFile(path).catch((cause) => {
    throw new FileError("FILE_READ", path, `cannot be read: ${systemReason(cause) ?? String(cause)}`, { cause });
  });
  const parsed = parse(file);
  if (parsed === undefined) {
    throw damagedFile(
      path,
      "is damaged, or was not written by this package: its checksum does not match its content",
      undefined,
      "Copy the file again, or train the model again",
    );
  }
  const { version = 1 } = parsed.facts;
  if (version !== VERSION) {
    const reason = `has version ${describe(version)} of this file format: expected version ${VERSION}. Train the model again, or use the version of sigma-tsne that wrote the file`;
    throw new FileError("FILE_VERSION", path, reason);
  }
  return parsed;
}

function parse(file: Buffer): TensorFile | undefined {
  if (file.length < 8) return undefined;
  const length = Number(file.readBigUInt64LE(0));
  if (length > Math.min(MAX_HEADER_BYTES, file.length - 8)) return undefined;
  const header = parseObject(file.toString("utf8", 8, 8 + length));
  if (!header) return undefined;
  const { __metadata__: metadata, ...rest } = header;
  const { facts, sha256 } = (metadata ?? {}) as { facts?: unknown; sha256?: unknown };
  const entries = Object.entries(rest) as [string, Entry][];
  // The data are copied, because they may not begin at a multiple of four bytes in memory.
  const data = new Uint8Array(file.subarray(8 + length));
  if (typeof facts !== "string" || digest(facts, entries, [data]) !== sha256) return undefined;
  const known = parseObject(facts);
  if (!known || !entries.every(([, entry]) => isEntry(entry, data.length))) return undefined;
  const tensors = new Map(
    entries.map(([name, { shape, data_offsets: offsets }]) => {
      const [start, end] = offsets;
      return [name, { shape, values: new Float32Array(data.buffer, start, (end - start) / 4) }];
    }),
  );
  return { facts: known, tensors };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether an entry describes float32 numbers that lie within the data. */
function isEntry(entry: Entry | null, bytes: number): boolean {
  const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const { dtype, shape, data_offsets: offsets } = entry ?? ({} as Partial<Entry>);
  if (dtype !== "F32" || !Array.isArray(shape) || !shape.every(isSize)) return false;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) return false;
  const [start, end] = offsets as [number, number];
  return start % 4 === 0 && end <= bytes && shape.reduce((product, size) => product * size, 4) === end - start;
}

function digest(facts: string, entries: readonly [string, Entry][], pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha256").update(JSON.stringify([facts, entries]));
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}
