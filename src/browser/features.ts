/**
 * The features that the core needs and old browsers lack, each with a module that is valid only where the browser has
 * it. The engine itself would report an unknown instruction at some byte.
 */

/** Encodes a module with one function, which has neither arguments nor results. */
const moduleOf = (...instructions: number[]) =>
  new Uint8Array([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[10, instructions.length + 4, 1, instructions.length + 2, 0, ...instructions, 0x0b],
  ]);

const FEATURES = {
  // v128.const of 16 zeros, drop
  "SIMD instructions": moduleOf(0xfd, 12, ...new Array(16).fill(0), 0x1a),
  // try, catch_all, end
  exceptions: moduleOf(0x06, 0x40, 0x19, 0x0b),
};

/** Says which feature this browser lacks, as the end of a sentence, or returns undefined. */
export function missingFeature(): string | undefined {
  if (typeof WebAssembly === "undefined") return "it has no WebAssembly, or WebAssembly is switched off";
  if (typeof Worker === "undefined") return "it has no workers";
  const missing = Object.entries(FEATURES).find(([, bytes]) => !WebAssembly.validate(bytes));
  if (missing) return `its WebAssembly has no ${missing[0]}`;
  if (typeof DecompressionStream === "undefined") return "it cannot decompress the core";
  return undefined;
}
