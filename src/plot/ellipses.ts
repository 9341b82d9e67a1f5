import { shapeMismatch } from "../arguments.js";
import type { Context } from "../canvas/index.js";
import type { Ink } from "../colors/index.js";
import { ArgumentError, DataError } from "../errors.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { ellipseRadius } from "../tsne/index.js";
import type { Box, ProjectedPoints } from "./projection.js";

/** Ellipses of constant density of 2-D Gaussians around points of a map. */
export interface MapEllipses {
  /** n x 3: xx, xy and yy of the covariance of each point, in squared units of the map. */
  readonly covariances: MatrixLike;
  /**
   * The points with ellipses: row numbers, or a number of points that are chosen so that their ellipses do not overlap.
   * Default 60.
   */
  readonly points?: ArrayLike<number> | number | undefined;
  /** Probability that a position is inside its ellipse, more than 0 and less than 1. Default 0.95. */
  readonly level?: number | undefined;
  /**
   * Number of draws from which each covariance was estimated, 2 or more. Fewer draws make the ellipse larger. Default:
   * the covariances are exact.
   */
  readonly draws?: number | undefined;
}

/** Checked {@link MapEllipses}. */
export interface CheckedEllipses {
  readonly covariances: Matrix;
  readonly points: readonly number[] | number;
  /** Lengths of the half axes, in units of the standard deviations along them. */
  readonly deviations: number;
}

export const ELLIPSE_KEYS: Record<keyof MapEllipses, true> = {
  covariances: true,
  points: true,
  level: true,
  draws: true,
};

/**
 * @param points the map
 * @throws {ArgumentError} if the embedding is not 2-D, or if shapes, rows or levels are not as {@link MapEllipses}
 *   requires
 */
export function checkEllipses(
  ellipses: MapEllipses | undefined,
  points: Matrix,
  argument: string,
): CheckedEllipses | undefined {
  if (ellipses === undefined) return undefined;
  const reject = (name: string, received: unknown, accepted: string, code: "INVALID_ARGUMENT" | "OUT_OF_RANGE") =>
    new ArgumentError(code, { argument: `${argument}.${name}`, received, accepted });
  if (points.cols !== 2) {
    throw shapeMismatch(argument, points, "an embedding of 2 columns: ellipses are drawn in two dimensions only");
  }
  const covariances = toMatrix(ellipses.covariances, `${argument}.covariances`);
  if (covariances.rows !== points.rows || covariances.cols !== 3) {
    throw shapeMismatch(`${argument}.covariances`, covariances, `${points.rows} x 3: xx, xy and yy of each point`);
  }
  for (let row = 0; row < covariances.rows; row++) {
    // Twice a variance must be finite as well, so that the sum of two variances is finite.
    const column = covariances
      .row(row)
      .findIndex((value, c) => !(Math.abs(2 * value) < Infinity && (c === 1 || value >= 0)));
    if (column < 0) continue;
    throw new DataError("NOT_FINITE", {
      argument: `${argument}.covariances`,
      received: covariances.at(row, column),
      accepted: "finite covariances, and variances >= 0",
      row,
      column,
    });
  }
  const level: unknown = ellipses.level ?? 0.95;
  if (typeof level !== "number" || !(level > 0 && level < 1)) {
    throw reject("level", level, "a number between 0 and 1", "OUT_OF_RANGE");
  }
  const draws: unknown = ellipses.draws ?? Number.POSITIVE_INFINITY;
  if (typeof draws !== "number" || !(draws >= 2)) throw reject("draws", draws, "a number of 2 or more", "OUT_OF_RANGE");
  const asked: unknown = ellipses.points ?? 60;
  let chosen: readonly number[] | number;
  if (typeof asked === "number") {
    if (!(Number.isInteger(asked) && asked >= 0)) throw reject("points", asked, "an integer >= 0", "OUT_OF_RANGE");
    chosen = asked;
  } else {
    if (typeof asked !== "object")
      throw reject("points", asked, "row numbers, or a number of points", "INVALID_ARGUMENT");
    chosen = Array.from(asked as ArrayLike<number>);
    const bad = chosen.find((row) => !(Number.isInteger(row) && row >= 0 && row < points.rows));
    if (bad !== undefined) throw reject("points", bad, `row numbers from 0 to ${points.rows - 1}`, "OUT_OF_RANGE");
  }
  return { covariances, points: chosen, deviations: ellipseRadius(level, draws) };
}

/**
 * Draws the ellipses above the points. Each has its center marked and a rim in the background color, so that it is
 * clearly visible.
 */
export function drawEllipses(
  context: Context,
  projected: ProjectedPoints,
  { covariances, points, deviations }: CheckedEllipses,
  box: Box,
  em: number,
  ink: Ink,
): void {
  const shapeOf = (i: number) => {
    const [xx, xy, yy] = covariances.row(i) as unknown as [number, number, number];
    const [mean, half] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)];
    const axis = (variance: number) => deviations * projected.scale * Math.sqrt(Math.max(0, variance));
    // The angle is negative because the second axis of the picture points down.
    return { long: axis(mean + half), short: axis(mean - half), angle: -0.5 * Math.atan2(2 * xy, xx - yy) };
  };
  const chosen = typeof points === "number" ? pickApart(points) : points;
  context.save();
  context.beginPath();
  // Ellipses at the rim may extend into the empty margin.
  context.rect(box.x - em, box.y - em, box.width + 2 * em, box.height + 2 * em);
  context.clip();
  for (const [color, width] of [
    [ink.background, 0.28 * em],
    [ink.text, Math.max(1, 0.1 * em)],
  ] as const) {
    context.strokeStyle = color;
    context.fillStyle = color;
    context.lineWidth = width;
    for (const i of chosen) {
      const { long, short, angle } = shapeOf(i);
      const [x, y] = [projected.x[i], projected.y[i]];
      const least = 0.12 * em;
      context.beginPath();
      context.ellipse(x, y, Math.max(least, long), Math.max(least, short), angle, 0, 2 * Math.PI);
      context.stroke();
      context.beginPath();
      context.arc(x, y, width === 0.28 * em ? 0.28 * em : 0.16 * em, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.restore();

  /** Chooses points in random order whose ellipses do not touch the ones chosen before. */
  function pickApart(count: number): number[] {
    const picked: { i: number; x: number; y: number; reach: number }[] = [];
    for (const i of projected.order) {
      if (picked.length >= count) break;
      const [x, y] = [projected.x[i], projected.y[i]];
      const reach = shapeOf(i).long + 0.5 * em;
      if (picked.every((other) => Math.hypot(other.x - x, other.y - y) > 0.8 * (other.reach + reach))) {
        picked.push({ i, x, y, reach });
      }
    }
    return picked.map(({ i }) => i);
  }
}
