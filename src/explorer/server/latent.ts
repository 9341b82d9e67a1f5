import type { FastifyInstance } from "fastify";
import type { Exploration } from "../exploration.js";
import type { PointCode } from "../protocol.js";
import { notFound, toIndex } from "./failure.js";

/** The routes of what needs codes or the model. */
export async function registerLatentRoutes(app: FastifyInstance, exploration: Exploration): Promise<void> {
  app.get<{ Params: { index: string } }>("/api/points/:index/code", (request, reply) => {
    const index = toIndex(request.params.index);
    const { codes } = exploration;
    if (!codes || !(index < exploration.n)) throw notFound("such code");
    const { means, sigma } = codes;
    const code: PointCode = {
      mean: Array.from(means.row(index)),
      standardDeviation: sigma ? Array.from(sigma.row(index)) : null,
    };
    return reply.send(code);
  });
}
