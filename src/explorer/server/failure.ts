import type { FastifyInstance } from "fastify";
import { type ErrorCode, SigmaTsneError } from "../../errors.js";
import type { Failure } from "../protocol.js";

/** A request that cannot be answered, with the status that says why. */
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

/** The error for what is not there. */
export const notFound = (what: string): RequestError => new RequestError(404, "NOT_FOUND", `there is no ${what}`);

/** The error for a request that says something else than it should. */
export const badRequest = (message: string): RequestError => new RequestError(400, "BAD_REQUEST", message);

/** The error for requests that come too fast. */
export const tooMany = (): RequestError =>
  new RequestError(429, "TOO_MANY", "too many requests at once; wait a few seconds");

/** Statuses of errors that are not the server's fault. */
const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  INVALID_ARGUMENT: 400,
  OUT_OF_RANGE: 400,
  SHAPE_MISMATCH: 400,
  NOT_FINITE: 400,
  NEGATIVE_SIGMA: 400,
  // Thrown for an image that was sent.
  FILE_FORMAT: 400,
  // Something newer was asked for.
  ABORTED: 409,
  BUSY: 503,
  OUT_OF_MEMORY: 503,
};

/** Codes of answers to requests that a library of the server refused without a code of its own. */
const CODES: Readonly<Record<number, string>> = { 400: "BAD_REQUEST", 403: "FORBIDDEN", 404: "NOT_FOUND" };

/**
 * Answers every failure as a {@link Failure}, and a browser that opens the page without the token with a page that says what to do. An
 * unexpected error is only said to have happened.
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
  // Those of the server's libraries and its own say by their status that they are meant for the caller.
  if (statusCode < 500 || error instanceof RequestError) return { status: statusCode, answer: { code, message } };
  process.stderr.write(`sigma-tsne: unexpected error: ${error.stack ?? message}\n`);
  return { status: 500, answer: { code: "INTERNAL", message: "the server failed to answer; its terminal says more" } };
}

/** Shown in place of the explorer. The content security policy allows inline styles and no scripts. */
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

/** A number of a point or a sheet in an address; one that there cannot be for anything else. */
export const toIndex = (text: string): number => (/^\d{1,10}$/.test(text) ? Number(text) : Number.NaN);
