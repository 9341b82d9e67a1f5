import type { FastifyInstance } from "fastify";
import type { Exploration } from "../exploration.js";
import { ITERATION_HEADER } from "../protocol.js";
import { EventStream } from "./event-stream.js";
import { notFound, RequestError } from "./failure.js";

interface WithId {
  Params: { id: string };
}

/** Adds the routes of computations: their progress, the current positions of an embedding, stop and continue. */
export function registerComputationRoutes(app: FastifyInstance, exploration: Exploration): void {
  const events = new EventStream(exploration);
  app.addHook("preClose", async () => events.close());
  app.get("/api/events", (_request, reply) => events.connect(reply));

  const find = (id: string) => {
    const computation = exploration.computation(id);
    if (!computation) throw notFound("such computation");
    return computation;
  };
  app.get<WithId>("/api/computations/:id/layout", (request, reply) => {
    const computation = find(request.params.id);
    const { positions } = computation;
    if (!positions) throw new RequestError(404, "NOT_YET", "the computation has no embedding yet");
    const bytes = Buffer.from(positions.buffer, positions.byteOffset, positions.byteLength);
    reply.headers({ "cache-control": "no-store", [ITERATION_HEADER]: String(computation.state.iteration) });
    return reply.type("application/octet-stream").send(bytes);
  });
  for (const action of ["stop", "continue"] as const) {
    app.post<WithId>(`/api/computations/:id/${action}`, (request, reply) => {
      const computation = find(request.params.id);
      if (!computation.state.controllable) {
        const message = "this computation can neither be stopped nor continued from here";
        throw new RequestError(409, "NOT_CONTROLLABLE", message);
      }
      computation[action]?.();
      return reply.send(computation.state);
    });
  }
}
