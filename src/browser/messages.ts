/**
 * The messages between a page and the worker that computes for it. Both sides are built together, so the messages have
 * no version. Posting a message drops the classes of matrices and errors, so encode() and decode() preserve them.
 */
import { AbortError, ArgumentError, DataError, type ErrorCode, SigmaTsneError } from "../errors.js";
import { Matrix, type MatrixLike, toMatrix } from "../matrix.js";

/** The functions that a worker computes, by name. */
export type CallName =
  | "runTsne"
  | "runBhTsne"
  | "separateUniformly"
  | "assignToGrid"
  | "evaluate"
  | "construct"
  | "fit"
  | "place";

export interface Call {
  id: number;
  name: CallName;
  args: unknown[];
  /** Names of the callbacks in the options of the call. Each callback becomes an event. */
  events: string[];
}

export type Request =
  /** Compressed modules of the core, as base64. The first one that works is used. */
  { start: string[] } | { call: Call } | { cancel: number };

export type Reply =
  | { ready: { instructionSet: string } }
  | { failed: string }
  /** Asks for a worker that helps. The port leads to the worker that computes. */
  | { helper: MessagePort }
  | { id: number; event: string; value: unknown }
  | { id: number; result: unknown }
  | { id: number; error: EncodedError };

/** The answer of a helper to its task. */
export type HelperReply = { ready: true } | { failed: string };

export interface EncodedError {
  name: string;
  message: string;
  facts: Record<string, unknown>;
}

const MATRIX = "sigma-tsne matrix";

/** Makes a copy that can be posted. Matrices become marked objects; functions and signals are left out. */
export function encode(value: unknown): unknown {
  if (typeof value === "function" || value instanceof AbortSignal) return undefined;
  if (typeof value !== "object" || value === null) return value;
  // Posting would drop the shape or the functions of matrices from other libraries, so they are converted first.
  if ("shape" in value && (ArrayBuffer.isView(value) || "dataSync" in value))
    return encode(toMatrix(value as MatrixLike));
  if (ArrayBuffer.isView(value)) return value;
  if (value instanceof Matrix) return { [MATRIX]: true, data: value.data, rows: value.rows, cols: value.cols };
  if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(encode);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, encode(inner)]));
}

/** The inverse of {@link encode}. */
export function decode(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(decode);
  const object = value as Record<string, unknown>;
  if (object[MATRIX]) return new Matrix(object.data as Float32Array, object.rows as number, object.cols as number);
  return Object.fromEntries(Object.entries(object).map(([name, inner]) => [name, decode(inner)]));
}

export function encodeError(error: unknown): EncodedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), facts: {} };
  const { code, argument, accepted, row, column } = error as unknown as Record<string, unknown>;
  const received = describeReceived((error as { received?: unknown }).received);
  const facts = Object.entries({ code, argument, accepted, row, column, received });
  return {
    name: error instanceof DataError ? "DataError" : error.name,
    message: error.message,
    facts: Object.fromEntries(facts.filter(([, fact]) => fact !== undefined)),
  };
}

/** The received value if it is a number or a text. For all other values the message already contains a description. */
const describeReceived = (received: unknown) => (typeof received === "object" ? undefined : received);

export function decodeError({ name, message, facts }: EncodedError): Error {
  const code = facts.code as ErrorCode | undefined;
  if (code === undefined) return new Error(message);
  const { argument, accepted, received, row, column } = facts as Record<string, never>;
  const about = { argument, accepted, received, message };
  if (name === "AbortError") return new AbortError(message);
  if (name === "DataError") return new DataError(code, { ...about, ...(row === undefined ? {} : { row, column }) });
  if (argument !== undefined) return new ArgumentError(code, about);
  return new SigmaTsneError(code, message);
}
