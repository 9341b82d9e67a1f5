import { once } from "node:events";
import { connect } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Exploration } from "../../src/explorer/exploration.js";
import type { ComputationState, ExplorationDescription } from "../../src/explorer/protocol.js";
import { createServer } from "../../src/explorer/server/app.js";
import type { AccessRules } from "../../src/explorer/server/security.js";

/** Starts a server of an exploration on its own port. */
export interface Served {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly url: string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  json<T>(path: string): Promise<T>;
  floats(path: string): Promise<Float32Array>;
  describe(): Promise<ExplorationDescription>;
  close(): Promise<void>;
}

export async function serve(
  exploration: Exploration,
  { page, ...entrance }: Partial<AccessRules> & { page?: string } = {},
): Promise<Served> {
  const app = await createServer(
    exploration,
    { host: "127.0.0.1", token: undefined, frameOrigins: [], ...entrance },
    page,
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(url + path, { headers, redirect: "manual" });
  const json = async <T>(path: string) => (await get(path)).json() as Promise<T>;
  return {
    app,
    port,
    url,
    get,
    json,
    floats: async (path) => new Float32Array(await (await get(path)).arrayBuffer()),
    describe: () => json("/api/exploration"),
    close: async () => {
      await app.close();
      await exploration.close();
    },
  };
}

/** Sends raw bytes, which `fetch` would normalize, and returns the whole answer. */
export async function sendRaw(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.setEncoding("latin1").on("data", (piece: string) => {
    answer += piece;
  });
  socket.on("error", () => {});
  socket.write(request, "latin1");
  await once(socket, "close");
  return answer;
}

/**
 * The events of a server until `isEnough`.
 *
 * @throws {Error} if a computation failed
 */
export async function watch(
  url: string,
  isEnough: (runs: ReadonlyMap<string, ComputationState>, changes: number) => boolean,
): Promise<Map<string, ComputationState>> {
  const controller = new AbortController();
  const { body } = await fetch(`${url}/api/events`, { signal: controller.signal });
  const runs = new Map<string, ComputationState>();
  let changes = 0;
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(piece, { stream: true });
    const events = text.split("\n\n");
    text = events.pop() as string;
    for (const event of events) {
      const [, name] = /^event: (.*)$/m.exec(event) ?? [];
      const [, data = ""] = /^data: ?(.*)$/m.exec(event) ?? [];
      if (name === "exploration") changes++;
      if (name !== "computation") continue;
      const run = JSON.parse(data) as ComputationState;
      if (run.state === "failed") throw new Error(`${run.title}: ${run.message}`);
      runs.set(run.id, run);
    }
    if (isEnough(runs, changes)) break;
  }
  controller.abort();
  return runs;
}
