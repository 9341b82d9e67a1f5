import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { RequestError, tooMany } from "./failure.js";

/** Rules for accepting requests. */
export interface AccessRules {
  /** The address that the server listens on. */
  readonly host: string;
  /** The token that every request must send; undefined if the server is only reachable from this machine. */
  readonly token: string | undefined;
  /** Origins of pages that may show this server's page in a frame. */
  readonly frameOrigins: readonly string[];
}

/**
 * The content security policy: the page loads scripts only from this server. Blobs are allowed for workers and for
 * pictures that the page creates, and inline styles for the positions of drawn elements.
 */
const contentSecurityPolicy = (frameOrigins: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameOrigins.length > 0 ? frameOrigins.join(" ") : "'none'"}`,
  ].join("; ");

const headersFor = (frameOrigins: readonly string[]) => ({
  "content-security-policy": contentSecurityPolicy(frameOrigins),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  // X-Frame-Options cannot list origins, so it is left out if frames are allowed. The frame-ancestors directive decides
  // then.
  ...(frameOrigins.length === 0 && { "x-frame-options": "DENY" }),
});

/** Whether an address is only reachable from this machine. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/**
 * Requests per client address in ten seconds, over all routes. A page sends a few hundred requests in this time while
 * the user moves through the map quickly.
 */
const RATE = { max: 3000, timeWindow: 10_000 };

/**
 * Rejects requests that do not come from a page of this server and requests that come too fast, before anything else is
 * done.
 */
export function guard(app: FastifyInstance, entrance: AccessRules): void {
  const headers = headersFor(entrance.frameOrigins);
  const countRequest = app.createRateLimit(RATE);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    const rate = await countRequest(request);
    if (!rate.isAllowed && rate.isExceeded) throw tooMany();
    requireOwnHost(request, entrance);
    requireOwnPage(request);
    if (entrance.token !== undefined) return requireToken(request, reply, entrance.token);
  });
}

/**
 * Rejects foreign host names. In a DNS rebinding attack, the name of another site resolves to this machine, and
 * requests contain that name. Requests with a numeric address cannot be part of such an attack.
 */
function requireOwnHost({ headers }: FastifyRequest, { host }: AccessRules): void {
  const name = hostOf(headers.host);
  const known = ["localhost", host, ...(isLoopback(host) ? [] : [hostname()])];
  const isOwn = isLoopback(host) ? isLoopback(name) : isIP(name) > 0;
  if (isOwn || known.includes(name)) return;
  throw new RequestError(
    421,
    "WRONG_HOST",
    "the explorer does not answer under this host name; open the address that it printed in its terminal",
  );
}

/** Rejects requests from other sites, so that they can neither read nor change anything here. */
function requireOwnPage({ headers, method, url }: FastifyRequest): void {
  const { origin, host } = headers;
  const isForeign =
    (origin !== undefined && origin !== `http://${host}`) ||
    // A link on another site may open the page itself.
    (headers["sec-fetch-site"] === "cross-site" && (method !== "GET" || url.startsWith("/api/")));
  if (isForeign) throw new RequestError(403, "FOREIGN_ORIGIN", "requests from pages of other sites are rejected");
}

/** Stores the token from the printed address in a cookie and removes it from the address. */
async function requireToken(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
): Promise<FastifyReply | undefined> {
  // Cookies are shared between ports of a host, so the name of the cookie contains the port.
  const name = `sigma-tsne-${request.socket.localPort}`;
  if (isSame(request.cookies[name], token)) return undefined;
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (request.method === "GET" && pathname === "/" && isSame(searchParams.get("token"), token)) {
    reply.setCookie(name, token, { httpOnly: true, sameSite: "strict", path: "/" });
    return reply.redirect("/", 303);
  }
  throw new RequestError(401, "TOKEN", "open the address that the server printed, with its token");
}

function isSame(shown: string | null | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(shown ?? ""), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The name in a Host header, without the port. */
function hostOf(header: string | undefined): string {
  try {
    return new URL(`http://${header}`).hostname.replace(/^\[|\]$/g, "");
  } catch {
    return "";
  }
}
