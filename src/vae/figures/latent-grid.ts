import { Matrix } from "../../matrix.js";
import type { LatentDimensions } from "../evaluation/index.js";
import type { Model } from "../models/model.js";
import { rankDimensions } from "./dimensions.js";

/** Images that were decoded from a grid of codes, row after row from the top, and the labels of the axes. */
export interface LatentGrid {
  readonly images: Float32Array;
  readonly axes: readonly [across: string, up: string];
}

/**
 * Decodes codes along the two dimensions with the most information, or along a single dimension if there is only one.
 * All other dimensions of the codes are set to their mean values.
 *
 * @param means means of the codes of images, n x zDim
 * @param axisOf returns values along a dimension, in ascending order
 */
export async function decodeGrid(
  model: Model,
  means: Matrix,
  dimensions: LatentDimensions,
  axisOf: (dimension: number) => number[],
): Promise<LatentGrid> {
  const most = rankDimensions(dimensions).slice(0, 2);
  // The dimension with the smaller number is horizontal, as in the scatter plot of the codes.
  const [first, second] = most.sort((a, b) => a - b) as [number, number | undefined];
  const [across, up] = [axisOf(first), second === undefined ? [undefined] : axisOf(second).reverse()];
  const center = Float32Array.from({ length: means.cols }, (_, j) => momentsOf(means, j).mean);
  const codes = new Float32Array(across.length * up.length * means.cols);
  let at = 0;
  for (const y of up) {
    for (const x of across) {
      codes.set(center, at);
      codes[at + first] = x;
      if (y !== undefined) codes[at + (second as number)] = y;
      at += means.cols;
    }
  }
  const nameOf = (dimension: number, low: number, high: number) =>
    `z${dimension + 1}, ${low.toFixed(2)} to ${high.toFixed(2)}`;
  return {
    images: await model.decode(new Matrix(codes, across.length * up.length, means.cols)),
    axes: [
      nameOf(first, across[0], across.at(-1) as number),
      second === undefined ? "" : nameOf(second, up.at(-1) as number, up[0] as number),
    ],
  };
}

/**
 * Returns a function that gives `size` equally spaced values along a dimension, from the smallest to the largest value
 * of the codes.
 */
export function uniformAxes(means: Matrix, size: number): (dimension: number) => number[] {
  return (dimension) => {
    const column = columnOf(means, dimension).sort();
    const [low, high] = [column[0], column.at(-1) as number];
    return Array.from({ length: size }, (_, i) => low + ((high - low) * i) / (size - 1));
  };
}

export function momentsOf(means: Matrix, dimension: number): { mean: number; sd: number } {
  const column = columnOf(means, dimension);
  const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
  return { mean, sd: Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length) };
}

function columnOf(means: Matrix, dimension: number): Float64Array {
  return Float64Array.from({ length: means.rows }, (_, i) => means.at(i, dimension));
}
