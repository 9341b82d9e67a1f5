import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { disarmFormula } from "../../csv-cell.js";
import { encodeTable, type TableColumn } from "../../io/index.js";
import { columnOf } from "../columns.js";
import type { Exploration } from "../exploration.js";
import { freeName } from "../free-name.js";
import { type ExplorationDescription, FILE_ROW, type OfflineData, paths } from "../protocol.js";
import { renderOfflinePage } from "./offline-page.js";
import { MAX_INDEX_BYTES, readIndices } from "./point-indices.js";

/** Of more points, layouts that are made from maps are not computed for a file. */
const MAX_SEPARATED = 100_000;
/** Pieces of texts in Base64 are as long as whole groups of three bytes. */
const PIECE_BYTES = 3 * 2 ** 18;
const SLOW = { rateLimit: { max: 10, timeWindow: 10_000 } };

/**
 * The routes of what is taken away: points as tables, the page as a file.
 *
 * @param page folder of the built page; without it there is no file of it
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
  app.get("/api/offline", { config: SLOW }, async (_request, reply) => {
    const pieces = renderOfflinePage(page, offlineData(exploration));
    // What fails before the first piece is answered as a failure.
    const first = await pieces.next();
    reply.header("content-disposition", 'attachment; filename="explorer.html"');
    return reply.type("text/html; charset=utf-8").send(Readable.from(resume(first, pieces), { objectMode: false }));
  });
}

async function* resume(first: IteratorResult<string, unknown>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (!first.done) yield first.value;
  yield* rest;
}

/** The row numbers, the positions in each map, and the columns. */
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

/** JSON of an {@link OfflineData}, piece after piece. */
async function* offlineData(exploration: Exploration): AsyncGenerator<string> {
  const whole = exploration.describe();
  const layouts = whole.layouts.filter(({ kind }) => kind === "map" || exploration.n <= MAX_SEPARATED);
  const abilities = { decode: false, encode: false, place: false, search: false };
  const description: ExplorationDescription = {
    ...whole,
    layouts,
    computations: [],
    abilities: { ...whole.abilities, ...abilities },
  };
  yield `{"description":${JSON.stringify(description)},"answers":{`;
  let comma = "";
  for await (const [path, type, content] of answers(exploration, description)) {
    yield `${comma}${JSON.stringify(path)}:{"type":${JSON.stringify(type)},"base64":"`;
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.toString("base64", at, at + PIECE_BYTES);
    yield '"}';
    comma = ",";
  }
  yield "}}";
}

type Answer = readonly [path: keyof OfflineData["answers"] & string, type: string, content: ArrayBufferView];

async function* answers(exploration: Exploration, description: ExplorationDescription): AsyncGenerator<Answer> {
  const binary = "application/octet-stream";
  for (const { id, hasCovariances } of description.layouts) {
    const layout = await exploration.layout(id);
    if (layout) yield [paths.layout(id), binary, layout.data as Float32Array];
    const covariances = hasCovariances ? exploration.layoutCovariances(id) : undefined;
    if (covariances) yield [paths.covariances(id), binary, covariances];
  }
  for (const column of exploration.allColumns()) {
    yield [paths.column(column.description.id), binary, exploration.columnBytes(column)];
  }
  for (let sheet = 0; sheet < (description.images?.sheets ?? 0); sheet++) {
    const drawn = await exploration.thumbnails(sheet);
    if (drawn) yield [paths.thumbnails(sheet), "image/webp", drawn];
  }
}
