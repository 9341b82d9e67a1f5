/**
 * The explorer: a local server and a page in the browser to inspect maps and latent spaces.
 *
 * @module sigma-tsne/explorer
 */
import { randomBytes } from "node:crypto";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import type { FastifyInstance } from "fastify";
import { ArgumentError } from "../errors.js";
import { openExploration } from "./open/open-exploration.js";
import { checkExploreOptions, type ExploreOptions } from "./options.js";
import { createServer } from "./server/app.js";
import { pageFolder } from "./server/offline-page.js";
import { isLoopback } from "./server/security.js";

export { type ExploreOptions, type InputOptions, PARTS, type Part } from "./options.js";

/** A running explorer server. */
export interface Explorer {
  /** Address of the page, with its token if there is one. It is the first of `urls`. */
  readonly url: string;
  /**
   * Addresses of the page. If the server listens on all addresses, the list contains one address for each network of
   * this machine and one for this machine itself.
   */
  readonly urls: readonly string[];
  /** Number of points; 0 while it is unknown. */
  readonly n: number;
  /** Files that were skipped in a folder of images. */
  readonly skipped: number;
  /** Number of rows of the source that are left out because they have no position. */
  readonly dropped: number;
  /** How the columns of the source were used, in one line; `undefined` for a source without columns. */
  readonly report: string | undefined;
  /** The folder beside the source in which embeddings of points are saved; `undefined` if nothing is saved. */
  readonly keptIn: string | undefined;
  /** Closes the server and stops all computations. */
  close(): Promise<void>;
}

/**
 * Serves a page to explore a source: its maps (standard and sigma-aware), its images, and the latent space of its
 * model. The page is available immediately. Maps that do not exist yet are computed while the page shows their
 * progress.
 *
 * A source is the folder of a training or a model, whose codes and maps are saved in its subfolder `explorer`; the
 * folder of a comparison; a saved run; a map (a matrix of two columns); or points without a map (a matrix of more than
 * two columns).
 *
 * @throws {FileError} FILE_READ or FILE_FORMAT for a source that cannot be explored
 * @throws {ArgumentError} for options that do not fit the source, or an address or a port that is not available
 * @throws {AbortError} if `options.signal` is aborted before the server is running
 *
 * @example
 * const { url, close } = await explore("runs/vae");
 */
export async function explore(source: string, options: ExploreOptions = {}): Promise<Explorer> {
  const { host, port, frameOrigins } = checkExploreOptions(options);
  const page = pageFolder();
  const { host: _, port: __, frameOrigins: ___, signal, ...belongings } = options;
  const exploration = await openExploration(source, belongings, signal);
  let app: FastifyInstance | undefined;
  try {
    // A random token of 32 bytes cannot be guessed.
    const token = isLoopback(host) ? undefined : randomBytes(32).toString("base64url");
    app = await createServer(exploration, { host, token, frameOrigins }, page);
    await listen(app, host, port);
    const server = app;
    const urls = urlsOf(app, host, token);
    return {
      url: urls[0] as string,
      urls,
      get n() {
        return exploration.n;
      },
      skipped: exploration.skipped,
      dropped: exploration.gaps ? exploration.gaps.rows - exploration.gaps.kept.length : 0,
      report: exploration.columnReport,
      keptIn: exploration.keptIn,
      async close() {
        await Promise.all([server.close(), exploration.close()]);
      },
    };
  } catch (error) {
    await Promise.all([app?.close(), exploration.close()]);
    throw error;
  }
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isPort = code === "EADDRINUSE" || code === "EACCES";
    if (!isPort && code !== "EADDRNOTAVAIL" && code !== "ENOTFOUND" && code !== "EAI_AGAIN") throw cause;
    const [argument, received, accepted] = isPort
      ? ["port", port, "a port that is free, or 0 for any"]
      : ["host", host, "a name or an address of this machine"];
    const why =
      code === "EADDRINUSE"
        ? `port ${port} is in use by another program`
        : code === "EACCES"
          ? `port ${port} needs administrator rights`
          : message;
    const facts = { argument: argument, received, accepted: accepted };
    throw new ArgumentError(
      "INVALID_ARGUMENT",
      { ...facts, message: `${argument}: ${why}; expected ${accepted}` },
      { cause },
    );
  }
}

function urlsOf(app: FastifyInstance, host: string, token: string | undefined): string[] {
  const { port } = app.server.address() as { port: number };
  const query = token === undefined ? "" : `?token=${token}`;
  return reachableNames(host).map((name) => `http://${isIPv6(name) ? `[${name}]` : name}:${port}/${query}`);
}

/**
 * Returns addresses that a browser can open. `0.0.0.0` and `::` mean all addresses of this machine, but a browser
 * cannot open them.
 */
function reachableNames(host: string): string[] {
  if (host !== "0.0.0.0" && host !== "::") return [host];
  const external = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(
      ({ internal, family, scopeid }) => !internal && (family === "IPv4" || (host === "::" && !scopeid)),
    ),
  );
  return [...external.map(({ address }) => address), "localhost"];
}
