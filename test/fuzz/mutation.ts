import type { Random } from "./random.js";

/** Integers that often reveal errors in parsers: limits of types, and sizes that overflow when they are multiplied. */
const INTEGERS = [0, 1, 2, 3, 4, 7, 8, 64, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2 ** 20, 2 ** 30]
  .concat([2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1])
  .map(BigInt)
  .concat([
    2n ** 32n,
    2n ** 33n,
    2n ** 52n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 60n,
    2n ** 61n,
    2n ** 63n,
    2n ** 64n - 1n,
  ]);

/** Texts that replace values in JSON, NumPy headers and tables. */
const WORDS = [
  "0",
  "1",
  "-1",
  "-0",
  "0.5",
  "1e9",
  "1e308",
  "1e999",
  "-1e999",
  "4294967296",
  "9007199254740993",
  "1e-320",
]
  .concat([
    "99999999999999999999",
    "NaN",
    "Infinity",
    "null",
    "true",
    "false",
    '""',
    '"x"',
    "[]",
    "{}",
    "[[]]",
    "[null]",
  ])
  .concat([
    '{"":0}',
    '"__proto__"',
    '{"__proto__":null}',
    "[-1]",
    "()",
    "(1,)",
    "'",
    '"',
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "#",
  ])
  .concat(["\u0000", "\ufeff", "\ufffd", "𝒙", "nan", "inf", "label"]);

const VALUE = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|true|false|null|"[^"]*"|'[^']*'|\[\]|\{\}|[[\]{}(),:]/gi;

/** Returns `bytes` with one to four changes. Some changes insert pieces of `others`. */
export function mutate(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let changed = Buffer.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count--) changed = random.pick(MUTATIONS)(changed, others, random);
  return changed;
}

type Mutation = (bytes: Buffer, others: readonly Uint8Array[], random: Random) => Buffer<ArrayBuffer>;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, _, random) {
    const changed = Buffer.from(bytes);
    const at = place(bytes, random);
    if (at < bytes.length) changed[at] = changed[at] ^ (1 << random.below(8));
    return changed;
  },
  function setByte(bytes, _, random) {
    const changed = Buffer.from(bytes);
    const at = place(bytes, random);
    if (at < bytes.length) changed[at] = random.below(256);
    return changed;
  },
  setInteger,
  setInteger,
  replaceWord,
  replaceWord,
  replaceWord,
  function insertWord(bytes, _, random) {
    const at = place(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(random.pick(WORDS)), bytes.subarray(at)]);
  },
  function remove(bytes, _, random) {
    const at = place(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length(random))]);
  },
  function repeat(bytes, _, random) {
    const at = place(bytes, random);
    const piece = bytes.subarray(at, at + length(random));
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },
  function cutOff(bytes, _, random) {
    return Buffer.from(bytes.subarray(0, random.below(bytes.length + 1)));
  },
  function splice(bytes, others, random) {
    const other = Buffer.from(random.pick(others));
    return Buffer.concat([bytes.subarray(0, place(bytes, random)), other.subarray(place(other, random))]);
  },
];

function setInteger(bytes: Buffer, _: readonly Uint8Array[], random: Random): Buffer<ArrayBuffer> {
  const changed = Buffer.from(bytes);
  const width = random.pick([2, 4, 4, 8]);
  if (bytes.length < width) return changed;
  // Align the position, because most formats align their numbers.
  const at = Math.min(
    bytes.length - width,
    Math.floor(place(bytes, random) / width) * width + (random.below(3) ? 0 : 1),
  );
  const value = BigInt.asUintN(width * 8, random.pick(INTEGERS));
  const word = Buffer.alloc(8);
  word.writeBigUInt64LE(value);
  const own = word.subarray(0, width);
  if (random.below(2)) own.reverse();
  own.copy(changed, at);
  return changed;
}

function replaceWord(bytes: Buffer, _: readonly Uint8Array[], random: Random): Buffer<ArrayBuffer> {
  const from = random.below(2) ? 0 : place(bytes, random);
  const text = bytes.toString("latin1", from, from + 65536);
  const found = [...text.matchAll(VALUE)];
  if (found.length === 0) return Buffer.from(bytes);
  const { index, 0: word } = random.pick(found);
  const start = from + index;
  return Buffer.concat([
    bytes.subarray(0, start),
    Buffer.from(random.pick(WORDS)),
    bytes.subarray(start + word.length),
  ]);
}

/** Returns a random position. Positions near the beginning, where headers are, and near the end are more frequent. */
function place(bytes: Uint8Array, random: Random): number {
  const reach = random.pick([16, 256, bytes.length, bytes.length]);
  const distance = random.below(Math.min(reach, bytes.length) + 1);
  return random.below(4) ? distance : bytes.length - distance;
}

const length = (random: Random): number => 1 + random.below(random.pick([1, 4, 16, 256]));
