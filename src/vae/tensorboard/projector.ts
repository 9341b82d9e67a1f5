import { join } from "node:path";
import { ArgumentError, DataError } from "../../errors.js";
import { checkPath, makeFolder, numberText, writeFileAtomic } from "../../io/index.js";
import { type Matrix, type MatrixLike, toMatrix } from "../../matrix.js";
import { drawSprite, type ImageBatch } from "./sprite.js";

/** Points that TensorBoard's projector displays. */
export interface ProjectorEmbedding {
  /** Text with which the names of the written files begin: letters, digits, dots, hyphens and underscores. */
  readonly name: string;
  /** Coordinates of the points: n x d, all finite. */
  readonly points: MatrixLike;
  /** Columns with one entry per point, which the projector uses as names and colors of the points. */
  readonly metadata?: Readonly<Record<string, readonly (string | number)[]>> | undefined;
  /** n images, one per point, which the projector shows in place of the points. */
  readonly images?: ImageBatch | undefined;
}

/**
 * Writes the files for TensorBoard's projector into the folder of a run: projector_config.pbtxt, and for each embedding
 * its points and metadata as tab-separated text and its images as one picture. Existing files with the same names are
 * replaced; projector_config.pbtxt is replaced last.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH unless metadata and images have one entry per point, TOO_FEW_POINTS if there
 *   are no points
 * @throws {DataError} NOT_FINITE
 * @throws {FileError} FILE_WRITE
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function writeProjector(
  folder: string,
  embeddings: readonly ProjectorEmbedding[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  checkPath(folder);
  const checked = embeddings.map((embedding) => ({ ...embedding, points: check(embedding) }));
  if (new Set(checked.map(({ name }) => name)).size < checked.length) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "embeddings",
      received: embeddings,
      accepted: "different names",
    });
  }
  await makeFolder(folder);
  const write = (name: string, content: Parameters<typeof writeFileAtomic>[1]) =>
    writeFileAtomic(join(folder, name), content, { signal: options.signal });
  const config: string[] = [];
  for (const { name, points, metadata, images } of checked) {
    const lines = [`  tensor_name: "${name}"`, `  tensor_shape: ${points.rows}`, `  tensor_shape: ${points.cols}`];
    lines.push(`  tensor_path: "${name}_tensors.tsv"`);
    // The points are written as text. TensorBoard treats a file as text if it is valid UTF-8, and binary data may be
    // valid UTF-8 by accident.
    await write(`${name}_tensors.tsv`, tensorLines(points));
    if (metadata && Object.keys(metadata).length > 0) {
      await write(`${name}_metadata.tsv`, metadataLines(metadata, points.rows));
      lines.push(`  metadata_path: "${name}_metadata.tsv"`);
    }
    if (images) {
      const { png, width, height } = await drawSprite(images);
      await write(`${name}_sprite.png`, png);
      lines.push("  sprite {", `    image_path: "${name}_sprite.png"`);
      lines.push(`    single_image_dim: ${width}`, `    single_image_dim: ${height}`, "  }");
    }
    config.push("embeddings {", ...lines, "}", "");
  }
  await write("projector_config.pbtxt", config.join("\n"));
}

function check({ name, points, metadata = {}, images }: ProjectorEmbedding): Matrix {
  if (typeof name !== "string" || !/^\w[\w.-]*$/.test(name)) {
    const accepted = "letters, digits, dots, hyphens and underscores";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "name", received: name, accepted });
  }
  const matrix = toMatrix(points, "points");
  const { rows, cols } = matrix;
  if (rows === 0 || cols === 0) {
    throw new ArgumentError("TOO_FEW_POINTS", { argument: "points", received: points, accepted: "at least one point" });
  }
  const bad = matrix.data.findIndex((value: number) => !Number.isFinite(value));
  if (bad >= 0) {
    const position = { row: Math.floor(bad / cols), column: bad % cols };
    throw new DataError("NOT_FINITE", {
      argument: "points",
      received: matrix.data[bad],
      accepted: "finite numbers",
      ...position,
    });
  }
  for (const [column, entries] of Object.entries(metadata)) {
    if (entries.length === rows) continue;
    const argument = `metadata["${column}"]`;
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument,
      received: entries,
      accepted: `${rows} entries, one per point`,
    });
  }
  if (images && images.data.length !== rows * images.height * images.width * images.channels) {
    const accepted = `${rows} images of ${images.height} x ${images.width} x ${images.channels}, one per point`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "images", received: images.data, accepted });
  }
  return matrix;
}

function* tensorLines(points: Matrix): Generator<string> {
  const toText = numberText(points);
  for (let i = 0; i < points.rows; i++) yield `${Array.from(points.row(i), toText).join("\t")}\n`;
}

/**
 * Yields the lines of a metadata file. If there are several columns, the first line is a header; a single column has no
 * header.
 */
function* metadataLines(metadata: NonNullable<ProjectorEmbedding["metadata"]>, rows: number): Generator<string> {
  const columns = Object.entries(metadata);
  const line = (cells: unknown[]) => `${cells.map((cell) => String(cell).replace(/[\t\r\n]+/g, " ")).join("\t")}\n`;
  if (columns.length > 1) yield line(columns.map(([name]) => name));
  for (let i = 0; i < rows; i++) yield line(columns.map(([, entries]) => entries[i]));
}
