import type { Matrix } from "../src/matrix.js";
import { pca } from "../src/pca/index.js";
import type { Trust } from "../src/trust/index.js";

const PERPLEXITY = 30;
const DIRECTIONS = 3;
/**
 * Number of points with the largest affinity at which a minimization starts, in addition to the point's own position.
 */
const STARTS = 2;
const ITERATIONS = 300;

/** Precision for which a row of squared distances has the requested perplexity, and the sum that normalizes the row. */
interface Calibrated {
  precision: number;
  nearest: number;
  total: number;
}

/**
 * Computes the perturbation scores of some points by their definition, in float64 and over all pairs. For every move,
 * all affinities are calibrated again without neighbor lists, and the point's own cost is minimized while all other
 * points are fixed.
 *
 * @param chosen row numbers of the points
 */
export async function scoreExactly(data: Matrix, report: Trust, chosen: readonly number[]): Promise<number[]> {
  const { rows: n, cols: d } = data;
  const { embedding, perturbation } = report;
  const { length } = perturbation as NonNullable<Trust["perturbation"]>;
  const { components } = await pca(data, DIRECTIONS);
  const squared = allSquaredDistances(data);
  const rowOf = (j: number) => squared.slice(j * n, (j + 1) * n);
  const calibrated = Array.from({ length: n }, (_, j) => calibrate(rowOf(j), j));
  const total = sumOfWeights(embedding);
  return chosen.map((i) => {
    let farthest = 0;
    for (let move = 0; move < 2 * DIRECTIONS; move++) {
      const sign = move % 2 === 0 ? 1 : -1;
      const toMoved = new Float64Array(n);
      for (let j = 0; j < n; j++) {
        if (j === i) continue;
        for (let c = 0; c < d; c++) {
          const difference = data.at(i, c) + sign * length * components.at(move >> 1, c) - data.at(j, c);
          toMoved[j] += difference * difference;
        }
      }
      const own = calibrate(toMoved, i);
      const affinities = Float64Array.from(toMoved, (distance, j) => {
        if (j === i) return 0;
        const row = rowOf(j);
        row[i] = distance;
        const other = calibrate(row, j, calibrated[j].precision);
        return (conditional(own, distance) + conditional(other, distance)) / 2;
      });
      farthest = Math.max(farthest, jump(embedding, i, affinities, total));
    }
    return farthest;
  });
}

const conditional = ({ precision, nearest, total }: Calibrated, squared: number): number =>
  Math.exp(-precision * (squared - nearest)) / total;

function allSquaredDistances(data: Matrix): Float64Array {
  const { rows: n, cols: d } = data;
  const squared = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (data.at(i, c) - data.at(j, c)) ** 2;
      squared[i * n + j] = squared[j * n + i] = sum;
    }
  }
  return squared;
}

/** Calibrates a row by bisection on the entropy over all other points. */
function calibrate(squared: Float64Array, self: number, start = 1): Calibrated {
  let nearest = Number.POSITIVE_INFINITY;
  for (let j = 0; j < squared.length; j++) if (j !== self && squared[j] < nearest) nearest = squared[j];
  let [low, high, precision, total] = [0, Number.POSITIVE_INFINITY, start, 0];
  for (let step = 0; step < 100; step++) {
    total = 0;
    let mean = 0;
    for (let j = 0; j < squared.length; j++) {
      if (j === self) continue;
      const excess = squared[j] - nearest;
      const weight = Math.exp(-precision * excess);
      total += weight;
      mean += weight * excess;
    }
    const error = Math.log(total) + (precision * mean) / total - Math.log(PERPLEXITY);
    if (Math.abs(error) < 1e-5) break;
    if (error > 0) low = precision;
    else high = precision;
    precision = Number.isFinite(high) ? (low + high) / 2 : 2 * precision;
  }
  return { precision, nearest, total };
}

function sumOfWeights(map: Matrix): number {
  let sum = 0;
  for (let i = 0; i < map.rows; i++) {
    for (let j = 0; j < i; j++) {
      sum += 2 / (1 + (map.at(i, 0) - map.at(j, 0)) ** 2 + (map.at(i, 1) - map.at(j, 1)) ** 2);
    }
  }
  return sum;
}

/** Distance between a point's position and the minimum of its own cost. */
function jump(map: Matrix, i: number, affinities: Float64Array, total: number): number {
  const others = Array.from(affinities.keys()).filter((j) => j !== i);
  const [x, y] = [map.at(i, 0), map.at(i, 1)];
  const rest = total - 2 * evaluate(map, others, affinities, [x, y], 1).weights;
  const starts = others.sort((a, b) => affinities[b] - affinities[a]).slice(0, STARTS);
  let best = { value: Number.POSITIVE_INFINITY, distance: 0 };
  for (const start of [i, ...starts]) {
    let at: [number, number] = [map.at(start, 0), map.at(start, 1)];
    let cost = evaluate(map, others, affinities, at, rest);
    let share = 1;
    for (let step = 0; step < ITERATIONS && share > 1e-4; step++) {
      const next: [number, number] = [at[0] + share * cost.step[0], at[1] + share * cost.step[1]];
      const there = evaluate(map, others, affinities, next, rest);
      if (there.value < cost.value) [at, cost, share] = [next, there, Math.min(4, 1.3 * share)];
      else share *= 0.4;
    }
    if (cost.value < best.value) best = { value: cost.value, distance: Math.hypot(at[0] - x, at[1] - y) };
  }
  return best.distance;
}

/** Computes a point's own cost at a position, the step of its majorization, and the sum of the point's weights. */
function evaluate(
  map: Matrix,
  others: readonly number[],
  affinities: Float64Array,
  [x, y]: readonly [number, number],
  rest: number,
): { value: number; step: [number, number]; weights: number } {
  let [energy, weights, stiffness] = [0, 0, 0];
  const [pull, force] = [
    [0, 0],
    [0, 0],
  ] as [[number, number], [number, number]];
  for (const j of others) {
    const [dx, dy] = [x - map.at(j, 0), y - map.at(j, 1)];
    const w = 1 / (1 + dx * dx + dy * dy);
    const a = affinities[j];
    energy -= a * Math.log(w);
    weights += w;
    stiffness += a * w;
    pull[0] += a * w * dx;
    pull[1] += a * w * dy;
    force[0] += w * w * dx;
    force[1] += w * w * dy;
  }
  const z = rest + 2 * weights;
  const step = [0, 1].map((c) => -(pull[c] - (map.rows * force[c]) / z) / stiffness) as [number, number];
  return { value: energy + (map.rows / 2) * Math.log(z), step, weights };
}
