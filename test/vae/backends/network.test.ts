import { expect, test } from "vitest";
import binding from "#binding";

const heap = new ArrayBuffer(4096);
const network = new binding.Network(2);
/** Shape of a convolution: an input of 1 x 2 x 2 x 1 and a filter of 1 x 1. */
const SHAPE = Int32Array.of(1, 2, 2, 1, 1, 1, 1, 1, 0, 0, 2, 2, 1);

test("the native kernels do not access memory outside the buffer", () => {
  const multiply = (...[a, b, out, m]: [number, number, number, number]) =>
    network.multiply(heap, a, b, null, out, m, 8, 8, false, false, "linear", 0);
  multiply(0, 256, 512, 8);
  for (const [a, b, out] of [
    [3844, 0, 0],
    [0, 3844, 0],
    [0, 0, 3844],
    [-4, 0, 0],
    [0, Number.NaN, 0],
    [0, 0, 1e300],
  ]) {
    // biome-ignore format: one line
    expect(() => multiply(a, b, out, 8)).toThrow(RangeError);
  }
  expect(() => multiply(2, 0, 0, 8)).toThrow("not aligned");
  expect(() => multiply(0, 0, 0, 2 ** 31)).toThrow(RangeError);
  expect(() => multiply(0, 0, 0, -1)).toThrow(RangeError);
  expect(() => multiply(0, 0, 0, "8" as never)).toThrow(TypeError);
  expect(() => network.sumRows(heap, 0, 0, 1025, 1, 1)).toThrow(RangeError);
  for (const at of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
    const offsets = Array.from({ length: 9 }, (_, i) => (i === at ? 4093 : 0)).map((offset) => offset & ~3);
    const [x, gamma, beta, y, mean, variance, dx, dgamma, dbeta] = offsets as [number, number, number, number, number, number, number, number, number]; // biome-ignore format: one line
    if (at < 6) expect(() => network.normalize(heap, x, gamma, beta, y, mean, variance, 4, 8, 1)).toThrow(RangeError);
    else expect(() => network.normalizeBack(heap, 0, 0, 0, 0, 0, 0, dx, dgamma, dbeta, 4, 8, 1)).toThrow(RangeError);
  }
  expect(() => network.weightVariances(heap, 0, 4092, 2)).toThrow(RangeError);
  expect(() => network.weightVariancesBack(heap, 0, 4092, 0, 2)).toThrow(RangeError);
  expect(() => network.weightDivergence(heap, 0, 0, 4096, 2, 1)).toThrow(RangeError);
  expect(() => network.weightDivergenceBack(heap, 0, 0, 0, 4092, 0, 2, 1)).toThrow(RangeError);
  expect(() => network.stepAdam(heap, 0, 0, 0, 0, 0, 0, 4000, 128, 0, 0, 0, 0, 1, 1)).toThrow(RangeError);
});

test("a convolution's shape is checked", () => {
  const convolve = (shape: Int32Array) => network.convolve(heap, 0, 64, null, 128, shape, "linear", 0);
  convolve(SHAPE);
  expect(() => convolve(SHAPE.with(0, 2000))).toThrow(RangeError);
  expect(() => convolve(SHAPE.with(6, 0))).toThrow("shape of the convolution is not valid");
  expect(() => convolve(SHAPE.with(4, -1))).toThrow("shape of the convolution is not valid");
  expect(() => convolve(SHAPE.slice(1))).toThrow("13 integers");
  expect(() => convolve([...SHAPE] as never)).toThrow(TypeError);
});

test("other arguments of the wrong kind are rejected", () => {
  expect(() => new binding.Network(0)).toThrow(RangeError);
  expect(() => network.sumRows(new Float32Array(8) as never, 0, 0, 1, 1, 1)).toThrow("ArrayBuffer");
  const swish = () => network.multiply(heap, 0, 0, null, 0, 1, 1, 1, false, false, "swish" as never, 0);
  expect(swish).toThrow("unknown activation");
});

test("the state of random numbers and their array are checked", () => {
  const draw = binding.drawNormals as NonNullable<typeof binding.drawNormals>;
  expect(() => draw(new Int32Array(3), new Float32Array(2))).toThrow("4 integers");
  expect(() => draw(new Uint32Array(4) as never, new Float32Array(2))).toThrow(TypeError);
  expect(() => draw(new Int32Array(4), new Float64Array(2) as never)).toThrow(TypeError);
});
