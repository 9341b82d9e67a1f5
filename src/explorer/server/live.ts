import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Exploration } from "../exploration.js";
import { ITERATION_HEADER, type LiveRun } from "../protocol.js";
import { notFound, RequestError } from "./failure.js";

/** Pages that may watch at once. */
const MOST_WATCHERS = 64;
/** Milliseconds in which what happens is gathered. */
const GATHERING = 100;
/** Milliseconds after which those who watch hear that the server is there. */
const HEARTBEAT = 15_000;
/** Milliseconds after which a page tries again when the server was away. */
const RETRY = 1000;

const CHANGED = "event: exploration\ndata:\n\n";

interface WithRun {
  Params: { run: string };
}

/** The routes of what is being computed: how far it is, the map on its way, stop and go on. */
export function registerLiveRoutes(app: FastifyInstance, exploration: Exploration): void {
  const watchers = new Set<ServerResponse>();
  const news = new Map<string, LiveRun>();
  let isChanged = false;
  let timer: NodeJS.Timeout | undefined;
  const runs = () => exploration.describe().live.map(runEvent).join("");
  const tell = (text: string) => {
    for (const watcher of watchers) {
      if (!watcher.writableNeedDrain) watcher.write(text);
      // One that does not read hears no more until it does, and then how all stands.
      else if (watcher.listenerCount("drain") === 0) {
        watcher.once("drain", () => watcher.write(`${runs()}${CHANGED}`));
      }
    }
  };
  const flush = () => {
    timer = undefined;
    const events = Array.from(news.values(), runEvent);
    if (isChanged) events.push(CHANGED);
    news.clear();
    isChanged = false;
    if (events.length > 0) tell(events.join(""));
  };
  const gather = () => {
    timer ??= setTimeout(flush, GATHERING);
  };
  const onRun = (run: LiveRun) => {
    news.set(run.id, run);
    gather();
  };
  const onChange = () => {
    isChanged = true;
    gather();
  };
  exploration.on("run", onRun).on("change", onChange);
  const heartbeat = setInterval(() => tell(":\n\n"), HEARTBEAT);
  app.addHook("preClose", async () => {
    exploration.off("run", onRun).off("change", onChange);
    clearInterval(heartbeat);
    clearTimeout(timer);
    for (const watcher of watchers) watcher.end();
  });

  app.get("/api/live", (_request, reply) => {
    if (watchers.size >= MOST_WATCHERS) {
      throw new RequestError(503, "TOO_MANY", `${MOST_WATCHERS} pages watch already; close some`);
    }
    const headers = reply.getHeaders() as OutgoingHttpHeaders;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...headers, "content-type": "text/event-stream", "cache-control": "no-store" });
    watchers.add(raw);
    raw.on("close", () => watchers.delete(raw));
    raw.write(`retry: ${RETRY}\n\n${runs()}`);
  });

  const find = (id: string) => {
    const run = exploration.run(id);
    if (!run) throw notFound("such run");
    return run;
  };
  app.get<WithRun>("/api/live/:run/layout", (request, reply) => {
    const run = find(request.params.run);
    const { positions } = run;
    if (!positions) throw new RequestError(404, "NOT_YET", "the run has no map yet");
    const bytes = Buffer.from(positions.buffer, positions.byteOffset, positions.byteLength);
    reply.headers({ "cache-control": "no-store", [ITERATION_HEADER]: String(run.state.iteration) });
    return reply.type("application/octet-stream").send(bytes);
  });
  for (const action of ["stop", "continue"] as const) {
    app.post<WithRun>(`/api/live/:run/${action}`, (request, reply) => {
      const run = find(request.params.run);
      if (!run.state.controllable) {
        throw new RequestError(409, "NOT_CONTROLLABLE", "this run can neither be stopped nor gone on with from here");
      }
      run[action]?.();
      return reply.send(run.state);
    });
  }
}

const runEvent = (run: LiveRun): string => `event: run\ndata: ${JSON.stringify(run)}\n\n`;
