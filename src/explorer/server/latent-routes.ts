import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { ArgumentError, FileError } from "../../errors.js";
import type { Exploration } from "../exploration.js";
import { paths, type SearchRequest } from "../protocol.js";
import type { DecoderOptions } from "./decoder-tasks.js";
import { RequestError, toIndex } from "./failure.js";
import { LatentSpace } from "./latent-space.js";

/**
 * Largest request body in bytes: the maximum number of codes with a few thousand dimensions, two such codes as JSON,
 * and a photograph.
 */
const LIMITS = { codes: 2 ** 21, json: 2 ** 18, image: 2 ** 24 };
const BINARY = "application/octet-stream";

/**
 * Adds the routes of the latent space. Requests that fail are answered by the error handler of the app. The model is
 * opened as soon as it exists and closed with the exploration.
 *
 * @param settings backend and threads of the model; by default those of the command line
 */
export function registerLatentRoutes(
  app: FastifyInstance,
  exploration: Exploration,
  settings: Omit<DecoderOptions, "path"> = {},
): void {
  const space = new LatentSpace(exploration, settings);
  const prepare = () => space.prepare();
  exploration.on("change", prepare);
  prepare();
  exploration.onClose(async () => {
    exploration.off("change", prepare);
    await space.close();
  });
  app.register(latentRoutes(space));
}

function latentRoutes(space: LatentSpace): FastifyPluginAsync {
  return async (app) => {
    for (const type of [BINARY, /^image\//]) {
      if (!app.hasContentTypeParser(type)) {
        app.addContentTypeParser(type, { parseAs: "buffer" }, (_request, body, done) => done(null, body));
      }
    }
    const json = { bodyLimit: LIMITS.json };

    app.get<{ Params: { index: string } }>("/api/points/:index/latent", ({ params }) =>
      space.latentVector(toIndex(params.index)),
    );

    app.post<{ Body: unknown; Querystring: { newest?: unknown } }>(
      paths.decode,
      { bodyLimit: LIMITS.codes },
      async ({ body, query }, reply) =>
        sendImage(reply, (signal) => space.decode(toCodes(body), { newestOf: toName(query.newest), signal })),
    );
    app.post(paths.interpolation, json, ({ body }, reply) =>
      sendImage(reply, (signal) => space.interpolate(body, { signal })),
    );
    app.post(paths.interpolationGif, json, ({ body }, reply) =>
      sendImage(reply, (signal) => space.animate(body, { signal }), "image/gif"),
    );
    app.get<{ Params: { index: string } }>("/api/reconstructions/:index", ({ params }, reply) =>
      sendImage(reply, (signal) => space.reconstruct(toIndex(params.index), { signal })),
    );
    app.post(paths.draws, json, ({ body }, reply) => sendImage(reply, (signal) => space.draw(body, { signal })));
    app.get<{ Querystring: { cells?: string } }>("/api/manifold", ({ query }, reply) =>
      sendImage(reply, (signal) => space.drawManifold(toIndex(query.cells ?? ""), { signal })),
    );
    app.post<{ Body: unknown; Querystring: { invert?: unknown } }>(
      paths.search,
      { bodyLimit: LIMITS.image },
      (request, reply) => search(space, request, signalOf(reply)),
    );
  };
}

async function search(
  space: LatentSpace,
  { body, query }: FastifyRequest<{ Body: unknown; Querystring: { invert?: unknown } }>,
  signal: AbortSignal,
) {
  if (Buffer.isBuffer(body)) {
    return space.searchImage(body, query.invert === "1", signal).catch((error) => {
      // The client sent the damaged file, so this is not an error of the server.
      if (!(error instanceof FileError && error.code === "FILE_FORMAT")) throw error;
      throw new RequestError(400, error.code, error.message.replace(`${error.path}: `, `${error.path} `));
    });
  }
  const request = body as Partial<SearchRequest> | null;
  if (typeof request === "object" && request !== null && "index" in request) {
    return space.searchPoint(request.index, signal);
  }
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument: "body",
    received: body,
    accepted: "an image (image/*), or JSON, { index }",
  });
}

async function sendImage(
  reply: FastifyReply,
  draw: (signal: AbortSignal) => Promise<Uint8Array>,
  type = "image/png",
): Promise<FastifyReply> {
  const file = await draw(signalOf(reply));
  return reply
    .type(type)
    .header("cache-control", "no-store")
    .send(Buffer.from(file.buffer, file.byteOffset, file.byteLength));
}

/** A signal that is aborted when the client disconnects. */
export function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

function toCodes(body: unknown): Float32Array {
  if (!Buffer.isBuffer(body) || body.length % 4 !== 0) {
    const accepted = `float32 numbers, as ${BINARY}`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "codes", received: body, accepted });
  }
  return Float32Array.from({ length: body.length / 4 }, (_, i) => body.readFloatLE(4 * i));
}

function toName(name: unknown): string | undefined {
  if (name === undefined || (typeof name === "string" && /^[\w-]{1,64}$/.test(name))) return name;
  const accepted = "at most 64 letters, digits, - and _";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "newest", received: name, accepted });
}
