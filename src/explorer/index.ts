/**
 * The explorer: a server on this machine, and a page in the browser to step inside maps and latent spaces.
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

/** A server that is up. */
export interface Explorer {
  /** Where the page is, with the token where there is one: the first of `urls`. */
  readonly url: string;
  /** Where the page is, for a server that listens on all addresses one for each network of this machine, and one for this machine. */
  readonly urls: readonly string[];
  /** Points; 0 while that is not known. */
  readonly n: number;
  /** Files that were skipped in a folder of images. */
  readonly skipped: number;
  /** Rows of the source that have no position and are left out. */
  readonly dropped: number;
  /** How the columns of the source were used, in one line; `undefined` for a source without columns. */
  readonly report: string | undefined;
  /** The folder beside the source in which embeddings of points are kept; `undefined` where nothing is kept there. */
  readonly keptIn: string | undefined;
  /** Ends the server and all that it computes. */
  close(): Promise<void>;
}

/**
 * Serves a page to explore a source with: its maps, standard and sigma-aware; its images; the latent space of its model. The page is there
 * at once; maps that are not known yet are computed while they are looked at.
 *
 * A source is the folder of a training or a model, whose codes and maps are kept in the folder `explorer` in it; the folder of a
 * comparison; a saved run; a map (a matrix of two columns); or points to be mapped (a matrix of more).
 *
 * @throws {FileError} FILE_READ or FILE_FORMAT for a source that cannot be explored
 * @throws {ArgumentError} for options that do not fit it, or an address or a port that cannot be had
 * @throws {AbortError} if `options.signal` is aborted before the server is up
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
    // 32 bytes cannot be guessed.
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
          ? `port ${port} is not for all users`
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

/** A browser cannot open the address that stands for all of them. */
function reachableNames(host: string): string[] {
  if (host !== "0.0.0.0" && host !== "::") return [host];
  const external = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(
      ({ internal, family, scopeid }) => !internal && (family === "IPv4" || (host === "::" && !scopeid)),
    ),
  );
  return [...external.map(({ address }) => address), "localhost"];
}
