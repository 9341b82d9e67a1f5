import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { disarmFormula } from "../../csv-cell.js";
import { encodeTable, type TableColumn } from "../../io/index.js";
import type { Matrix } from "../../matrix.js";
import { describeBytes } from "../byte-size.js";
import { type Column, columnOf } from "../columns.js";
import type { Exploration } from "../exploration.js";
import { freeName } from "../free-name.js";
import {
  type ExplorationDescription,
  FILE_ROW,
  type OfflineComputer,
  type OfflineData,
  paths,
  type RecomputationDescription,
} from "../protocol.js";
import { describeRecomputation, readComputer, typeInFile } from "../recomputation.js";
import { badRequest } from "./failure.js";
import { renderOfflinePage } from "./offline-page.js";
import { MAX_INDEX_BYTES, readIndices } from "./point-indices.js";

/** Largest number of points for which layouts are computed only for an exported file. */
const MAX_SEPARATED = 100_000;
/** A browser reads a file as one text of at most 2^29 characters. */
const MAX_COLUMN_BYTES = 2 ** 27;
/** A multiple of three bytes, so that each piece encodes to Base64 without padding. */
const PIECE_BYTES = 3 * 2 ** 18;
const SLOW = { rateLimit: { max: 10, timeWindow: 10_000 } };

/**
 * Adds the export routes: points as tables, and the page as a file.
 *
 * @param page folder of the built page; without it the page cannot be saved as a file
 */
export function registerExportRoutes(app: FastifyInstance, exploration: Exploration, page: string | undefined): void {
  for (const format of ["csv", "parquet"] as const) {
    const options = { bodyLimit: MAX_INDEX_BYTES, config: SLOW };
    app.post(`/api/selection.${format}`, options, async (request, reply) => {
      const indices = readIndices(request.body, exploration.n);
      const { verbatim } = request.query as { verbatim?: string };
      const table = await tableOf(exploration, indices, format === "csv" && verbatim !== "true");
      const name = `selection.${format}`;
      reply.header("content-disposition", `attachment; filename="${name}"`);
      reply.type(format === "csv" ? "text/csv; charset=utf-8" : "application/vnd.apache.parquet");
      return reply.send(Readable.from(encodeTable(`.${format}`, table), { objectMode: false }));
    });
  }
  if (page === undefined) return;
  app.get("/api/offline", { config: SLOW }, async (request, reply) => {
    const { data } = request.query as { data?: string };
    if (data !== undefined && data !== "true" && data !== "false") throw badRequest("data must be true or false");
    const computer = await computerOf(exploration, data === undefined ? undefined : data === "true");
    const pieces = renderOfflinePage(page, offlineData(exploration, computer), computer.parts !== undefined);
    // An error before the first piece is still sent as an error response.
    const first = await pieces.next();
    reply.header("content-disposition", 'attachment; filename="explorer.html"');
    return reply.type("text/html; charset=utf-8").send(Readable.from(resume(first, pieces), { objectMode: false }));
  });
}

async function* resume(first: IteratorResult<string, unknown>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (!first.done) yield first.value;
  yield* rest;
}

/** A table with the row numbers, the positions in each map, and the columns. */
async function tableOf(
  exploration: Exploration,
  indices: Uint32Array,
  disarms: boolean,
): Promise<Map<string, TableColumn>> {
  const { kept } = exploration.gaps ?? {};
  const table = new Map<string, TableColumn>([["row", Int32Array.from(indices, (index) => kept?.[index] ?? index)]]);
  const maps = exploration.describe().layouts.filter(({ kind }) => kind === "map");
  for (const [i, { id }] of maps.entries()) {
    const layout = await exploration.layout(id);
    if (!layout) continue;
    for (const [axis, name] of ["x", "y"].entries()) {
      const values = Float32Array.from(indices, (index) => layout.at(index, axis));
      table.set(i === 0 ? name : `${name}_${id}`, values);
    }
  }
  for (const column of exploration.allColumns()) {
    if (column.description.id === FILE_ROW) continue;
    const cells = columnOf(column, indices);
    const name = freeName(
      [...table.keys()],
      disarms ? disarmFormula(column.description.name) : column.description.name,
    );
    table.set(name, disarms && Array.isArray(cells) ? cells.map(disarmFormula) : cells);
  }
  return table;
}

/** Whether a saved file can compute maps, and what it needs for that. */
interface SavedComputer {
  readonly recomputation: RecomputationDescription | null;
  readonly parts: Omit<OfflineComputer, "means" | "sigma"> | undefined;
}

/** @param isWanted whether the user wants the data in the file; undefined for the default */
async function computerOf({ data, n }: Exploration, isWanted: boolean | undefined): Promise<SavedComputer> {
  if (!data) return { recomputation: null, parts: undefined };
  const known = describeRecomputation(data.means, data.sigma);
  const { bytes, obstacle, isDefault } = known;
  if (isWanted && obstacle !== null) throw badRequest(obstacle);
  if (isWanted ?? isDefault) return { recomputation: known, parts: await readComputer(n) };
  const reason =
    isWanted === false
      ? "The data were left out when the file was saved."
      : `The data need ${describeBytes(bytes)} and were left out when the file was saved.`;
  return { recomputation: { ...known, obstacle: obstacle ?? reason }, parts: undefined };
}

/** JSON of an {@link OfflineData}, in pieces. */
async function* offlineData(exploration: Exploration, { recomputation, parts }: SavedComputer): AsyncGenerator<string> {
  const whole = exploration.describe();
  const layouts = whole.layouts.filter(({ kind }) => kind === "map" || exploration.n <= MAX_SEPARATED);
  const { columns, notices } = columnsOfFile(exploration);
  const abilities = { decode: false, encode: false, place: false, search: false };
  const description: ExplorationDescription = {
    ...whole,
    layouts,
    columns: columns.map((column) => column.description),
    notices: [...whole.notices, ...notices],
    computations: [],
    abilities: { ...whole.abilities, ...abilities },
    recomputation,
  };
  yield `{"description":${JSON.stringify(description)},"answers":{`;
  let comma = "";
  for await (const [path, type, content] of answers(exploration, description, columns)) {
    yield `${comma}${JSON.stringify(path)}:{"type":${JSON.stringify(type)},"base64":`;
    yield* base64(content);
    yield "}";
    comma = ",";
  }
  yield `},"computer":`;
  if (!parts || !exploration.data) yield "null";
  else {
    const { means, sigma } = exploration.data;
    yield `${JSON.stringify(parts).slice(0, -1)},"means":`;
    yield* storedMatrix(means);
    yield `,"sigma":`;
    if (sigma) yield* storedMatrix(sigma);
    else yield "null";
    yield "}";
  }
  yield "}";
}

/** JSON of a {@link StoredMatrix}, in pieces. */
function* storedMatrix(matrix: Matrix): Generator<string> {
  const type = typeInFile(matrix);
  yield `{"type":"${type}","cols":${matrix.cols},"base64":`;
  yield* base64(
    type === "float32" && matrix.data instanceof Float64Array ? Float32Array.from(matrix.data) : matrix.data,
  );
  yield "}";
}

/** Base64 of the bytes as a JSON text, in pieces. */
function* base64(content: ArrayBufferView): Generator<string> {
  yield '"';
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.toString("base64", at, at + PIECE_BYTES);
  yield '"';
}

type Answer = readonly [path: keyof OfflineData["answers"] & string, type: string, content: ArrayBufferView];

/**
 * The columns of an exported file, and a notice for each omitted column. Small columns are added first, until the limit
 * is reached.
 */
function columnsOfFile(exploration: Exploration): { columns: Column[]; notices: string[] } {
  const all = exploration.allColumns();
  const bytesOf = (column: Column) => exploration.columnBytes(column).byteLength;
  let left = MAX_COLUMN_BYTES;
  const kept = new Set<Column>();
  for (const column of [...all].sort((a, b) => bytesOf(a) - bytesOf(b))) {
    left -= bytesOf(column);
    if (left >= 0) kept.add(column);
  }
  const notices = all
    .filter((column) => !kept.has(column))
    .map(
      ({ description: { title } }) =>
        `Column “${title}” is not in this file, which can contain ${MAX_COLUMN_BYTES / 2 ** 20} MiB of columns.`,
    );
  return { columns: all.filter((column) => kept.has(column)), notices };
}

async function* answers(
  exploration: Exploration,
  description: ExplorationDescription,
  columns: readonly Column[],
): AsyncGenerator<Answer> {
  const binary = "application/octet-stream";
  for (const { id, hasCovariances } of description.layouts) {
    const layout = await exploration.layout(id);
    if (layout) yield [paths.layout(id), binary, layout.data as Float32Array];
    const covariances = hasCovariances ? exploration.layoutCovariances(id) : undefined;
    if (covariances) yield [paths.covariances(id), binary, covariances];
  }
  for (const column of columns) {
    yield [paths.column(column.description.id), binary, exploration.columnBytes(column)];
  }
  for (const { name } of description.selections) {
    const rows = exploration.selections.rows(name, exploration.n);
    if (rows) yield [paths.savedSelection(name), binary, rows];
  }
  for (let sheet = 0; sheet < (description.images?.sheets ?? 0); sheet++) {
    const drawn = await exploration.thumbnails(sheet);
    if (drawn) yield [paths.thumbnails(sheet), "image/webp", drawn];
  }
}
