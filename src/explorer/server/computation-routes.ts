import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Exploration } from "../exploration.js";
import { type ComputationState, ITERATION_HEADER } from "../protocol.js";
import { notFound, RequestError } from "./failure.js";

/** Pages that may watch at once. */
const MAX_LISTENERS = 64;
/** Milliseconds in which what happens is gathered. */
const GATHERING = 100;
/** Milliseconds after which those who watch hear that the server is there. */
const HEARTBEAT = 15_000;
/** Milliseconds after which a page tries again when the server was away. */
const RETRY = 1000;

const CHANGED = "event: exploration\ndata:\n\n";

interface WithId {
  Params: { id: string };
}

/** The routes of what is being computed: how far it is, the map on its way, stop and go on. */
export function registerComputationRoutes(app: FastifyInstance, exploration: Exploration): void {
  const listeners = new Set<ServerResponse>();
  const changed = new Map<string, ComputationState>();
  let isChanged = false;
  let timer: NodeJS.Timeout | undefined;
  const states = () => exploration.describe().computations.map(toEvent).join("");
  const send = (text: string) => {
    for (const listener of listeners) {
      if (!listener.writableNeedDrain) listener.write(text);
      // One that does not read hears no more until it does, and then how all stands.
      else if (listener.listenerCount("drain") === 0) {
        listener.once("drain", () => listener.write(`${states()}${CHANGED}`));
      }
    }
  };
  const flush = () => {
    timer = undefined;
    const events = Array.from(changed.values(), toEvent);
    if (isChanged) events.push(CHANGED);
    changed.clear();
    isChanged = false;
    if (events.length > 0) send(events.join(""));
  };
  const gather = () => {
    timer ??= setTimeout(flush, GATHERING);
  };
  const onComputation = (state: ComputationState) => {
    changed.set(state.id, state);
    gather();
  };
  const onChange = () => {
    isChanged = true;
    gather();
  };
  exploration.on("computation", onComputation).on("change", onChange);
  const heartbeat = setInterval(() => send(":\n\n"), HEARTBEAT);
  app.addHook("preClose", async () => {
    exploration.off("computation", onComputation).off("change", onChange);
    clearInterval(heartbeat);
    clearTimeout(timer);
    for (const listener of listeners) listener.end();
  });

  app.get("/api/events", (_request, reply) => {
    if (listeners.size >= MAX_LISTENERS) {
      throw new RequestError(503, "TOO_MANY", `${MAX_LISTENERS} pages are open already; close some of them`);
    }
    const headers = reply.getHeaders() as OutgoingHttpHeaders;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...headers, "content-type": "text/event-stream", "cache-control": "no-store" });
    listeners.add(raw);
    raw.on("close", () => listeners.delete(raw));
    raw.write(`retry: ${RETRY}\n\n${states()}`);
  });

  const find = (id: string) => {
    const computation = exploration.computation(id);
    if (!computation) throw notFound("such computation");
    return computation;
  };
  app.get<WithId>("/api/computations/:id/layout", (request, reply) => {
    const computation = find(request.params.id);
    const { positions } = computation;
    if (!positions) throw new RequestError(404, "NOT_YET", "the computation has no map yet");
    const bytes = Buffer.from(positions.buffer, positions.byteOffset, positions.byteLength);
    reply.headers({ "cache-control": "no-store", [ITERATION_HEADER]: String(computation.state.iteration) });
    return reply.type("application/octet-stream").send(bytes);
  });
  for (const action of ["stop", "continue"] as const) {
    app.post<WithId>(`/api/computations/:id/${action}`, (request, reply) => {
      const computation = find(request.params.id);
      if (!computation.state.controllable) {
        throw new RequestError(
          409,
          "NOT_CONTROLLABLE",
          "this computation can neither be stopped nor continued from here",
        );
      }
      computation[action]?.();
      return reply.send(computation.state);
    });
  }
}

const toEvent = (state: ComputationState): string => `event: computation\ndata: ${JSON.stringify(state)}\n\n`;
