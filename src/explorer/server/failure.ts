import type { FastifyInstance } from "fastify";
import { type ErrorCode, SigmaTsneError } from "../../errors.js";
import type { Failure } from "../protocol.js";

/** A request that cannot be answered, with the HTTP status of the response. */
export class RequestError extends Error {
  constructor(
    readonly statusCode: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** The error for a resource that does not exist. */
export const notFound = (what: string): RequestError => new RequestError(404, "NOT_FOUND", `there is no ${what}`);

/** The error for a malformed request. */
export const badRequest = (message: string): RequestError => new RequestError(400, "BAD_REQUEST", message);

/** The error for too many requests in a short time. */
export const tooMany = (): RequestError =>
  new RequestError(429, "TOO_MANY", "too many requests at once; wait a few seconds");

/** HTTP statuses of errors that the server did not cause. */
const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  INVALID_ARGUMENT: 400,
  OUT_OF_RANGE: 400,
  SHAPE_MISMATCH: 400,
  NOT_FINITE: 400,
  NEGATIVE_SIGMA: 400,
  // Thrown for an uploaded image.
  FILE_FORMAT: 400,
  // A newer request replaced this one.
  ABORTED: 409,
  BUSY: 503,
  OUT_OF_MEMORY: 503,
};

/** Error codes for requests that a library of the server rejected without a code. */
const CODES: Readonly<Record<number, string>> = { 400: "BAD_REQUEST", 403: "FORBIDDEN", 404: "NOT_FOUND" };

/**
 * Answers every failed request with a {@link Failure}. If a browser opens the page without the token, it gets a page
 * that explains what to do. Details of unexpected errors are not sent to the client.
 */
export function answerFailures(app: FastifyInstance): void {
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const failure = describeFailure(error);
    if (failure.answer.code === "TOKEN" && request.headers.accept?.includes("text/html")) {
      return reply.code(failure.status).type("text/html; charset=utf-8").send(TOKEN_PAGE);
    }
    return reply.code(failure.status).type("application/json").send(failure.answer);
  });
  app.setNotFoundHandler(() => {
    throw notFound("such address");
  });
}

function describeFailure(error: Error & { statusCode?: number; code?: string }): { status: number; answer: Failure } {
  const { statusCode = 500, message } = error;
  const code = error.code ?? CODES[statusCode] ?? "INTERNAL";
  if (error instanceof SigmaTsneError) {
    return { status: STATUS[error.code] ?? 500, answer: { code: error.code, message } };
  }
  // Messages of errors with a status below 500, and of the server's own errors, are meant for the client.
  if (statusCode < 500 || error instanceof RequestError) return { status: statusCode, answer: { code, message } };
  process.stderr.write(`sigma-tsne: unexpected error: ${error.stack ?? message}\n`);
  return {
    status: 500,
    answer: { code: "INTERNAL", message: "the server failed to answer; see the error in its terminal" },
  };
}

/**
 * The page that is shown instead of the explorer if the token is missing. The content security policy allows inline
 * styles and no scripts.
 */
const TOKEN_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>sigma-tsne explorer: address incomplete</title>
<style>body { max-width: 34rem; margin: 20vh auto 0; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }</style>
<h1>This address lacks its token</h1>
<p>The explorer is open to other machines, so it asks for the token that it printed in its terminal. Open the whole address from there,
with <code>?token=...</code> at its end.</p>
<p>If the explorer was started again, it has a new token, and older addresses no longer work.</p>
</html>
`;

/** Parses the number of a point or a sheet in an address; NaN for any other text. */
export const toIndex = (text: string): number => (/^\d{1,10}$/.test(text) ? Number(text) : Number.NaN);
