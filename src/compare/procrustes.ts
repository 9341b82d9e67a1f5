import { shapeMismatch } from "../arguments.js";
import { DataError } from "../errors.js";
import { Matrix, type MatrixLike, toMatrix } from "../matrix.js";

/** Alignment of an embedding to another: `aligned = scale * (embedding - from) * rotation + to`. Rows are points. */
export interface Alignment {
  /** Scale factor, >= 0. */
  scale: number;
  /** Orthogonal matrix, outputDimensions x outputDimensions, multiplied from the right. */
  rotation: number[][];
  /** Whether the rotation includes a reflection: its determinant is -1. */
  reflected: boolean;
  /** Centroid of the embedding, length outputDimensions. */
  from: number[];
  /** Centroid of the reference, length outputDimensions. */
  to: number[];
}

/** The result of {@link procrustes}. */
export interface Procrustes extends Alignment {
  /** n x outputDimensions, float32: the embedding after alignment to the reference. */
  aligned: Matrix;
  /**
   * 0 (the same shape) to 1: the sum of squared distances that remains after alignment, if both embeddings are centered
   * and scaled to a sum of squares of 1, as in `scipy.spatial.procrustes`. The value does not change if the two
   * embeddings are exchanged, and it is 1 if all points of one embedding have the same position.
   */
  disparity: number;
  /**
   * For each point, the distance that remains after alignment, in units of the root mean square radius of the
   * reference; float32.
   */
  displacement: Float32Array;
}

/**
 * Aligns an embedding to another embedding of the same points. It uses the translation, rotation, reflection and scale
 * that minimize the sum of squared distances: orthogonal Procrustes analysis (Schönemann 1966; Gower 1975).
 *
 * @param reference n x outputDimensions, finite, outputDimensions from 1 to 3
 * @param embedding of the same shape
 * @throws {ArgumentError} SHAPE_MISMATCH for other shapes
 * @throws {DataError} NOT_FINITE, with the row, for NaN and infinities
 */
export function procrustes(reference: MatrixLike, embedding: MatrixLike): Procrustes {
  const a = toMatrix(reference, "reference");
  const b = toMatrix(embedding, "embedding");
  if (a.rows < 1 || a.cols < 1 || a.cols > 3) {
    throw shapeMismatch("reference", a, "at least one point in 1, 2 or 3 dimensions");
  }
  if (b.rows !== a.rows || b.cols !== a.cols) {
    throw shapeMismatch("embedding", b, `${a.rows} x ${a.cols}, the shape of the reference`);
  }
  const { rows: n, cols: outputDimensions } = a;
  const to = centroid(a, "reference");
  const from = centroid(b, "embedding");
  const products = Array.from({ length: outputDimensions }, () => new Array<number>(outputDimensions).fill(0));
  let [sumA, sumB] = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < outputDimensions; r++) {
      const x = b.at(i, r) - from[r];
      const row = products[r];
      sumB += x * x;
      sumA += (a.at(i, r) - to[r]) ** 2;
      for (let c = 0; c < outputDimensions; c++) row[c] = row[c] + x * (a.at(i, c) - to[c]);
    }
  }
  const { factor: rotation, trace, isReflection } = polarFactor(products);
  const scale = sumB > 0 ? trace / sumB : 1;
  const isFlat = sumA === 0 || sumB === 0;
  const disparity = isFlat ? Number(sumA !== sumB) : Math.max(0, 1 - trace ** 2 / (sumA * sumB));

  const aligned = new Float32Array(n * outputDimensions);
  const displacement = new Float32Array(n);
  const radius = Math.sqrt(sumA / n) || 1;
  for (let i = 0; i < n; i++) {
    let squared = 0;
    for (let c = 0; c < outputDimensions; c++) {
      let turned = 0;
      for (let r = 0; r < outputDimensions; r++) turned += (b.at(i, r) - from[r]) * rotation[r][c];
      const value = scale * turned + to[c];
      aligned[i * outputDimensions + c] = value;
      squared += (value - a.at(i, c)) ** 2;
    }
    displacement[i] = Math.sqrt(squared) / radius;
  }
  const alignment = { scale, rotation, reflected: isReflection, from, to };
  return { ...alignment, aligned: new Matrix(aligned, n, outputDimensions), disparity, displacement };
}

function centroid(matrix: Matrix, argument: string): number[] {
  const sums = new Array<number>(matrix.cols).fill(0);
  matrix.data.forEach((value: number, at: number) => {
    if (!Number.isFinite(value)) {
      const [row, column] = [Math.floor(at / matrix.cols), at % matrix.cols];
      throw new DataError("NOT_FINITE", { argument, received: value, accepted: "finite numbers", row, column });
    }
    sums[at % matrix.cols] = sums[at % matrix.cols] + value;
  });
  return sums.map((sum) => sum / matrix.rows);
}

/** A singular value below this fraction of the largest one is treated as a rounding error. */
const NEGLIGIBLE = 1e-13;

/**
 * Computes the orthogonal factor U V' of a small square matrix M = U S V', and the trace of S, by one-sided Jacobi
 * rotations (Hestenes 1958). The rotations, whose product is V, are applied to the columns of M until the columns are
 * perpendicular; then M V = U S.
 */
function polarFactor(matrix: readonly (readonly number[])[]) {
  const axes = matrix.map((_, i) => i);
  const turned = axes.map((c) => axes.map((r) => (matrix[r] as number[])[c]));
  const v = axes.map((c) => axes.map((r) => Number(r === c)));
  for (let sweep = 0, isTurning = true; isTurning && sweep < 60; sweep++) {
    isTurning = false;
    for (const p of axes) {
      for (const q of axes.slice(p + 1)) {
        const [x, y] = [turned[p], turned[q]];
        const [xx, yy, xy] = [dot(x, x), dot(y, y), dot(x, y)];
        if (Math.abs(xy) <= 1e-15 * Math.sqrt(xx * yy)) continue;
        isTurning = true;
        const zeta = (yy - xx) / (2 * xy);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        turn(x, y, cosine, cosine * tangent);
        turn(v[p], v[q], cosine, cosine * tangent);
      }
    }
  }
  const singular = turned.map((column) => Math.sqrt(dot(column, column)));
  const largest = Math.max(...singular);
  // If the points have no extent along a direction, any unit vector perpendicular to the others can be used.
  const u: (number[] | undefined)[] = turned.map((column, k) => {
    const size = singular[k];
    return size > NEGLIGIBLE * largest ? column.map((value) => value / size) : undefined;
  });
  const complete = u.map((column, k) => {
    u[k] =
      column ??
      perpendicularTo(
        u.filter((other) => other !== undefined),
        axes.length,
      );
    return u[k];
  });
  const factor = axes.map((r) => axes.map((c) => axes.reduce((sum, k) => sum + complete[k][r] * v[k][c], 0)));
  return { factor, trace: singular.reduce((sum, value) => sum + value, 0), isReflection: determinant(factor) < 0 };
}

function perpendicularTo(others: readonly number[][], length: number): number[] {
  const candidates = Array.from({ length }, (_, axis) => {
    const candidate = Array.from({ length }, (_, i) => Number(i === axis));
    for (const other of others) {
      const overlap = dot(candidate, other);
      for (const [i, value] of other.entries()) candidate[i] = candidate[i] - overlap * value;
    }
    return { candidate, size: Math.sqrt(dot(candidate, candidate)) };
  });
  const best = candidates.reduce((a, b) => (b.size > a.size ? b : a));
  return best.candidate.map((value) => value / best.size);
}

function determinant(m: readonly (readonly number[])[]): number {
  if (m.length === 1) return m[0]?.[0];
  return m.reduce((sum, row, i) => {
    const minor = m.filter((_, other) => other !== i).map((rest) => rest.slice(1));
    return sum + (i % 2 === 0 ? 1 : -1) * row[0] * determinant(minor);
  }, 0);
}

const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, i) => sum + value * y[i], 0);

function turn(x: number[], y: number[], cosine: number, sine: number): void {
  for (const [i, value] of x.entries()) {
    const other = y[i];
    x[i] = cosine * value - sine * other;
    y[i] = sine * value + cosine * other;
  }
}
