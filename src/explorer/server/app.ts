import { realpathSync } from "node:fs";
import { join, sep } from "node:path";
import cookie from "@fastify/cookie";
import rateLimit from "@fastify/rate-limit";
import serveStatic from "@fastify/static";
import Fastify, { type FastifyInstance } from "fastify";
import type { Exploration } from "../exploration.js";
import { paths } from "../protocol.js";
import { registerComputationRoutes } from "./computation-routes.js";
import { registerDataRoutes } from "./data-routes.js";
import { registerExportRoutes } from "./export-routes.js";
import { answerFailures, tooMany } from "./failure.js";
import { registerLatentRoutes } from "./latent-routes.js";
import { type AccessRules, guard } from "./security.js";
import { registerSelectionRoutes } from "./selection-routes.js";

/** Largest request body in bytes, unless a route sets another limit. */
const BODY_LIMIT = 2 ** 20;
/**
 * Creates the server of an exploration, ready to listen.
 *
 * @param page folder of the built page
 */
export async function createServer(
  exploration: Exploration,
  entrance: AccessRules,
  page: string | undefined,
): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: 60_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
  });
  answerFailures(app);
  app.removeContentTypeParser("text/plain");
  app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  await app.register(cookie);
  // Routes can set a rate limit of their own, in addition to the general one.
  await app.register(rateLimit, { global: false, errorResponseBuilder: tooMany });
  guard(app, entrance);
  registerDataRoutes(app, exploration);
  registerComputationRoutes(app, exploration);
  registerSelectionRoutes(app, exploration);
  registerExportRoutes(app, exploration, page);
  await registerLatentRoutes(app, exploration);
  app.get(paths.frameOrigins, (_request, reply) =>
    reply.header("cache-control", "no-store").send(entrance.frameOrigins),
  );
  if (page !== undefined) {
    await app.register(serveStatic, {
      root: page,
      cacheControl: false,
      dotfiles: "deny",
      allowedPath: (path) => isInside(page, path),
    });
  }
  return app;
}

/** Whether a path is inside a folder after symbolic links are resolved. A path that does not exist counts as inside. */
function isInside(folder: string, path: string): boolean {
  try {
    const [root, target] = [realpathSync(folder), realpathSync(join(folder, path))];
    return target === root || target.startsWith(root + sep);
  } catch {
    return true;
  }
}
