import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { RequestError, tooMany } from "./failure.js";

/** Who is let in. */
export interface AccessRules {
  /** What the server listens on. */
  readonly host: string;
  /** What every request must show; undefined where only this machine reaches the server. */
  readonly token: string | undefined;
  /** Origins of pages that may show this server's page in a frame. */
  readonly frameOrigins: readonly string[];
}

/**
 * What a page may load: scripts of this server, nothing from elsewhere. Blobs are for workers and pictures that the page makes itself,
 * inline styles for the places of what it draws.
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
  // The header can name no origin, so it is left out where frames are allowed; frame-ancestors decides.
  ...(frameOrigins.length === 0 && { "x-frame-options": "DENY" }),
});

/** Whether an address is reached from this machine alone. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/** Requests of one address in ten seconds, whatever they ask for: a page that moves fast asks for some hundreds. */
const RATE = { max: 3000, timeWindow: 10_000 };

/** Turns away, before anything else is done, requests that no page of this server has sent, and those that come too fast. */
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
 * A page of another site whose name has been made to lead to this machine (DNS rebinding) shows that name here. Numbers cannot be
 * rebound.
 */
function requireOwnHost({ headers }: FastifyRequest, { host }: AccessRules): void {
  const name = hostOf(headers.host);
  const known = ["localhost", host, ...(isLoopback(host) ? [] : [hostname()])];
  const isOwn = isLoopback(host) ? isLoopback(name) : isIP(name) > 0;
  if (isOwn || known.includes(name)) return;
  throw new RequestError(421, "WRONG_HOST", "this server is not known by that name; open it by the address it printed");
}

/** Other sites may neither change anything here nor read it. */
function requireOwnPage({ headers, method, url }: FastifyRequest): void {
  const { origin, host } = headers;
  const isForeign =
    (origin !== undefined && origin !== `http://${host}`) ||
    // The page itself may be opened by a link.
    (headers["sec-fetch-site"] === "cross-site" && (method !== "GET" || url.startsWith("/api/")));
  if (isForeign) throw new RequestError(403, "FOREIGN_ORIGIN", "requests from pages of other sites are not answered");
}

/** The token in the address that was printed becomes a cookie, and vanishes from the address. */
async function requireToken(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
): Promise<FastifyReply | undefined> {
  // Cookies do not tell ports apart.
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
