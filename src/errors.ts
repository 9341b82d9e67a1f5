/**
 * All errors that this package throws intentionally are {@link SigmaTsneError} with a `code`. Any other error is a bug.
 */

/** The kind of the error, for programs. The message explains it to people. */
export type ErrorCode =
  /** An argument of the wrong type or an unusable combination. */
  | "INVALID_ARGUMENT"
  /** A number outside its accepted range. */
  | "OUT_OF_RANGE"
  /** An option that does not exist. */
  | "UNKNOWN_OPTION"
  /** Two arrays whose shapes do not match, or a shape that does not match its data. */
  | "SHAPE_MISMATCH"
  /** NaN or an infinity in data that must be finite. */
  | "NOT_FINITE"
  /** A negative standard deviation. */
  | "NEGATIVE_SIGMA"
  /** A matrix that cannot be a covariance, because it is not symmetric or has a negative eigenvalue. */
  | "NOT_A_COVARIANCE"
  /** Fewer than three points. */
  | "TOO_FEW_POINTS"
  /** A file that does not exist or cannot be read. */
  | "FILE_READ"
  /** A file whose content does not follow its format. */
  | "FILE_FORMAT"
  /** A file in a format version that this version of the package does not read. */
  | "FILE_VERSION"
  /** A file that cannot be written. */
  | "FILE_WRITE"
  /** A file that is missing and could not be downloaded. */
  | "DOWNLOAD"
  /** Stopped by the caller. */
  | "ABORTED"
  /** The embedding or the loss of a model grew without limit: the learning rate is too large for the data. */
  | "DIVERGED"
  /** A run was asked for more work while it was still working. */
  | "BUSY"
  /** More memory, or more threads, than the machine has. */
  | "OUT_OF_MEMORY"
  /** A backend of TensorFlow.js that cannot be loaded, or that lacks an operation. */
  | "BACKEND_UNAVAILABLE"
  /** A package that is not installed, or not available for this platform. */
  | "DEPENDENCY_MISSING"
  /** No native binary fits this platform. */
  | "ADDON_NOT_FOUND";

/** The base class of all intentional errors. */
export class SigmaTsneError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Start of `accepted` for an option that cannot be combined with the other given options. */
const UNUSABLE = "to be left out";

function explain(argument: string, accepted: string, received: unknown): string {
  if (accepted.startsWith(UNUSABLE))
    return `${argument}: cannot be used${accepted.slice(UNUSABLE.length)}. Leave it out`;
  return `${argument}: expected ${accepted}, received ${received === undefined ? "nothing" : describe(received)}`;
}

/** An argument or option that cannot be used, with the received value and a description of the accepted ones. */
export class ArgumentError extends SigmaTsneError {
  /** Name of the argument in the caller's code: `"perplexity"`, `"sigma"`. */
  readonly argument: string;
  /** The received value. */
  readonly received: unknown;
  /** Description of the accepted values. */
  readonly accepted: string;

  constructor(
    code: ErrorCode,
    facts: { argument: string; received: unknown; accepted: string; message?: string },
    options?: ErrorOptions,
  ) {
    super(code, facts.message ?? explain(facts.argument, facts.accepted, facts.received), options);
    this.argument = facts.argument;
    this.received = facts.received;
    this.accepted = facts.accepted;
  }
}

/**
 * Values that cannot be embedded: NaN, infinite values, negative sigma, or too few points. Contains the position of the
 * first one.
 */
export class DataError extends ArgumentError {
  /** Row (from 0) of the first invalid value, if there is one. */
  readonly row: number | undefined;
  /** Column (from 0) of the first invalid value, if there is one. */
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

/** A file that cannot be read, decoded, written or downloaded. */
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

/**
 * Creates the error for a file that is cut off or damaged.
 *
 * @param reason what is wrong with the file
 * @param advice what the user can do; by default, to get the file again
 */
export function damagedFile(
  path: string,
  reason: string,
  cause?: unknown,
  advice = "Copy or download the file again, or write it again",
): FileError {
  return new FileError("FILE_FORMAT", path, `${reason.replace(/\.$/, "")}. ${advice}`, { cause });
}

/** The work was stopped through its `AbortSignal`, `Tsne.stop()` or Ctrl-C. */
export class AbortError extends SigmaTsneError {
  constructor(message = "stopped before it was finished", options?: ErrorOptions) {
    super("ABORTED", message, options);
  }
}

/** Describes a value briefly for an error message: the value itself if it is short, else its kind and size. */
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
