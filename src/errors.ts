/**
 * Everything that this package throws on purpose is a {@link SigmaTsneError} with a `code`; anything else is a bug.
 */

/** What went wrong, for programs; the message says it for people. */
export type ErrorCode =
  /** An argument of the wrong type or an unusable combination. */
  | "INVALID_ARGUMENT"
  /** A number outside its accepted range. */
  | "OUT_OF_RANGE"
  /** An option that does not exist. */
  | "UNKNOWN_OPTION"
  /** Two arrays whose shapes do not belong together, or a shape that does not fit its data. */
  | "SHAPE_MISMATCH"
  /** NaN or an infinity in data that must be finite. */
  | "NOT_FINITE"
  /** A negative standard deviation. */
  | "NEGATIVE_SIGMA"
  /** A matrix that is not symmetric or has a negative eigenvalue, so that it is not the covariance of any errors. */
  | "NOT_A_COVARIANCE"
  /** Fewer than three points. */
  | "TOO_FEW_POINTS"
  /** A file that is not there or cannot be read. */
  | "FILE_READ"
  /** A file whose content is not what its format promises. */
  | "FILE_FORMAT"
  /** A file of a version of its format that this version of the package does not read. */
  | "FILE_VERSION"
  /** A file that cannot be written. */
  | "FILE_WRITE"
  /** A file that is neither there nor to be had from the network. */
  | "DOWNLOAD"
  /** Stopped by the caller. */
  | "ABORTED"
  /** The embedding or the loss of a model grew beyond all bounds: the learning rate is too large for the data. */
  | "DIVERGED"
  /** A second job asked of a run that is still at its first. */
  | "BUSY"
  /** More memory, or more threads, than the machine can give. */
  | "OUT_OF_MEMORY"
  /** A backend of TensorFlow.js that does not load, or an operation that it does not offer. */
  | "BACKEND_UNAVAILABLE"
  /** A package that is not installed, or not for this platform. */
  | "DEPENDENCY_MISSING"
  /** No native binary fits this platform. */
  | "ADDON_NOT_FOUND";

/** The base of all deliberate errors. */
export class SigmaTsneError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The start of `accepted` for an option that has no accepted value beside the others that are given. */
const UNUSABLE = "to be left out";

function explain(argument: string, accepted: string, received: string): string {
  if (accepted.startsWith(UNUSABLE))
    return `${argument}: cannot be used${accepted.slice(UNUSABLE.length)}. Leave it out`;
  return `${argument}: expected ${accepted}, received ${received}`;
}

/** An argument or option that cannot be used: which one, what came, what is accepted. */
export class ArgumentError extends SigmaTsneError {
  /** The argument's name as the caller wrote it: `"perplexity"`, `"sigma"`. */
  readonly argument: string;
  /** What came. */
  readonly received: unknown;
  /** What would be accepted, in words. */
  readonly accepted: string;

  constructor(
    code: ErrorCode,
    facts: { argument: string; received: unknown; accepted: string; message?: string },
    options?: ErrorOptions,
  ) {
    super(code, facts.message ?? explain(facts.argument, facts.accepted, describe(facts.received)), options);
    this.argument = facts.argument;
    this.received = facts.received;
    this.accepted = facts.accepted;
  }
}

/** Values that cannot be embedded: NaN, infinite, negative sigma, too few points. Carries where the first one stands. */
export class DataError extends ArgumentError {
  /** Row (from 0) of the first offending value, where there is one. */
  readonly row: number | undefined;
  /** Column (from 0) of the first offending value, where there is one. */
  readonly column: number | undefined;

  constructor(
    code: ErrorCode,
    facts: { argument: string; received: unknown; accepted: string; row?: number; column?: number; message?: string },
  ) {
    const place = facts.row === undefined ? "" : ` at row ${facts.row}, column ${facts.column}`;
    super(code, {
      message: `${facts.argument}: expected ${facts.accepted}, received ${describe(facts.received)}${place}`,
      ...facts,
    });
    this.row = facts.row;
    this.column = facts.column;
  }
}

/** A file that cannot be read, understood, written or downloaded. */
export class FileError extends SigmaTsneError {
  readonly path: string;

  constructor(
    code: "FILE_READ" | "FILE_FORMAT" | "FILE_VERSION" | "FILE_WRITE" | "DOWNLOAD",
    path: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(code, `${path}: ${reason}`, options);
    this.path = path;
  }
}

/** The work was stopped through its `AbortSignal`, `Tsne.stop()` or Ctrl-C. */
export class AbortError extends SigmaTsneError {
  constructor(message = "stopped before it was finished", options?: ErrorOptions) {
    super("ABORTED", message, options);
  }
}

/** A short description of any value for an error message: the value where it is short, else its kind and size. */
export function describe(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean")
    return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (value instanceof DataView) return `a DataView of ${value.byteLength} bytes`;
  if (ArrayBuffer.isView(value)) {
    const { name } = value.constructor;
    return `${name.startsWith("I") ? "an" : "a"} ${name} of length ${(value as Float32Array).length}`;
  }
  if (isMatrix(value)) return `a matrix of ${value.rows} x ${value.cols}`;
  if (typeof value === "object") return `an object with keys ${Object.keys(value).slice(0, 8).join(", ") || "(none)"}`;
  return `a ${typeof value}`;
}

const isMatrix = (value: unknown): value is { rows: number; cols: number } =>
  typeof (value as { rows?: unknown }).rows === "number" && typeof (value as { cols?: unknown }).cols === "number";
