import type { FastifyInstance } from "fastify";
import type { Exploration } from "../exploration.js";
import { MAX_THUMBNAILS, paths } from "../protocol.js";
import { notFound, toIndex } from "./failure.js";
import { signalOf } from "./latent-routes.js";
import { readIndices } from "./point-indices.js";
import { sendBytes } from "./send-bytes.js";

interface WithId {
  Params: { id: string };
}

/** Adds the routes of the explored data: description, layouts, columns, images, points. */
export function registerDataRoutes(app: FastifyInstance, exploration: Exploration): void {
  app.get("/api/exploration", (_request, reply) =>
    reply.header("cache-control", "no-store").send(exploration.describe()),
  );
  app.get<WithId>("/api/layouts/:id", async (request, reply) => {
    const layout = await exploration.layout(request.params.id);
    if (!layout) throw notFound("such layout");
    return sendBytes(request, reply, layout.data as Float32Array);
  });
  app.get<WithId>("/api/layouts/:id/covariances", async (request, reply) => {
    const covariances = exploration.layoutCovariances(request.params.id);
    if (!covariances) throw notFound("such layout with covariances");
    return sendBytes(request, reply, covariances);
  });
  app.get<WithId>("/api/columns/:id", async (request, reply) => {
    const column = exploration.column(request.params.id);
    if (!column) throw notFound("such column");
    return sendBytes(request, reply, exploration.columnBytes(column));
  });
  app.get<WithId>("/api/thumbnails/:id", async (request, reply) => {
    const sheet = await exploration.thumbnails(toIndex(request.params.id));
    if (!sheet) throw notFound("such sheet of thumbnails");
    return sendBytes(request, reply, sheet, "image/webp");
  });
  app.post(paths.thumbnailsOf, { bodyLimit: 4 * MAX_THUMBNAILS }, async (request, reply) => {
    const indices = readIndices(request.body, exploration.n);
    const sheet = await exploration.thumbnailsOf(indices, signalOf(reply));
    if (!sheet) throw notFound("such image");
    return reply.type("image/webp").header("cache-control", "no-store").send(sheet);
  });
  app.get<WithId>("/api/images/:id", async (request, reply) => {
    const image = await exploration.image(toIndex(request.params.id));
    if (!image) throw notFound("such image");
    return sendBytes(request, reply, image, "image/png");
  });
  app.get<WithId>("/api/points/:id", async (request, reply) => {
    const point = await exploration.point(toIndex(request.params.id), signalOf(reply));
    if (!point) throw notFound("such point");
    return reply.header("cache-control", "no-store").send(point);
  });
}
