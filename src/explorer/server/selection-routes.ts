import type { FastifyInstance } from "fastify";
import type { Exploration } from "../exploration.js";
import { paths } from "../protocol.js";
import { SelectionError } from "../saved-selections.js";
import { badRequest, notFound, RequestError } from "./failure.js";
import { MAX_INDEX_BYTES, readIndices } from "./point-indices.js";
import { sendBytes } from "./send-bytes.js";

interface WithName {
  Querystring: { name?: unknown };
}

/** Adds the routes of saved selections. */
export function registerSelectionRoutes(app: FastifyInstance, exploration: Exploration): void {
  app.get<WithName>(paths.savedSelections, (request, reply) => {
    const rows = exploration.selections.rows(nameOf(request.query), exploration.n);
    if (!rows) throw notFound("such selection");
    return sendBytes(request, reply, rows);
  });
  app.put<WithName>(paths.savedSelections, { bodyLimit: MAX_INDEX_BYTES }, async (request, reply) => {
    const rows = readIndices(request.body, exploration.n);
    await refusable(() => exploration.saveSelection(nameOf(request.query), rows));
    return reply.code(204).send();
  });
  app.delete<WithName>(paths.savedSelections, async (request, reply) => {
    const isDeleted = await refusable(() => exploration.deleteSelection(nameOf(request.query)));
    if (!isDeleted) throw notFound("such selection");
    return reply.code(204).send();
  });
}

function nameOf({ name }: { name?: unknown }): string {
  if (typeof name !== "string") throw badRequest("expected the name of a selection: ?name=...");
  return name;
}

async function refusable<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SelectionError) throw new RequestError(409, "SELECTION", error.message);
    throw error;
  }
}
