import { fstatSync, read } from "node:fs";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import type { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { ArgumentError, FileError } from "../errors.js";
import type { FilterOptions, FilterProgress } from "../filter/index.js";

/** Flags of commands that filter an Arrow stream. */
export interface ArrowFlags {
  arrow?: true;
  strict?: true;
  prefix?: string;
  drop?: string[];
  json?: true;
  quiet?: true;
}

/** Command-line names of the library's options, for error messages. */
export const ARROW_NAMES = { prefix: "--prefix", drop: "--drop", strict: "--strict" };

export const ARROW_GUIDE = `With --arrow, rows are read and written as an Arrow IPC stream, which pyarrow,
Spark, Ray, DuckDB and polars support. The size of the batches does not change
the numbers. All other columns are passed through unchanged; --drop removes
columns, which saves time. A row with nulls or NaN gets nulls, and the last line
on standard error reports the number of such rows; with --strict, such a row is
an error.`;

export function addArrowOptions(command: Command): Command {
  command
    .optionsGroup("Streams:")
    .option("--arrow", "read an Arrow IPC stream from standard input and write one to standard output");
  // A command that also reads folders of images already has this option.
  if (!command.options.some(({ long }) => long === ARROW_NAMES.strict)) {
    command.option(ARROW_NAMES.strict, "fail at a row of a stream, or a column of a file, that cannot be used");
  }
  return command.option("--prefix <text>", "prefix of the names of new columns (default: none)").option(
    "--drop <name,...>",
    "columns of the input to leave out of the output, which saves time (default: none)",
    // Spaces may be part of a name.
    (text: string) => text.split(","),
  );
}

/**
 * Whether the command filters a stream, instead of reading and writing files.
 *
 * @param others values of the options that apply only to files, by their command-line names
 * @param own values of the options that apply only to streams
 * @throws {ArgumentError} INVALID_ARGUMENT if options of both kinds are given
 */
export function checkArrow(
  flags: ArrowFlags,
  others: Readonly<Record<string, unknown>>,
  own: Readonly<Record<string, unknown>>,
): boolean {
  const refused = flags.arrow
    ? others
    : { "--strict": flags.strict, "--prefix": flags.prefix, "--drop": flags.drop, ...own };
  for (const [argument, received] of Object.entries(refused)) {
    if (received === undefined) continue;
    const accepted = flags.arrow
      ? "to be left out with --arrow"
      : "to be left out without --arrow, because only --arrow uses this option";
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  }
  return flags.arrow ?? false;
}

/** @throws {ArgumentError} INVALID_ARGUMENT if the argument is missing */
export function requireGiven(
  argument: string,
  received: string | undefined,
  accepted: string,
): asserts received is string {
  if (received === undefined) throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
}

/**
 * Reads a stream from standard input and writes the filtered stream to standard output. The program that reads the
 * output may close it early.
 *
 * @param words for the summary: `done` says what happened to the rows, `lacking` says what is missing in the unusable
 *   rows
 * @param open creates the filter for the input
 */
export async function filterStandardStreams(
  { done, lacking }: { done: string; lacking: string },
  flags: ArrowFlags,
  signal: AbortSignal,
  open: (input: AsyncIterable<Uint8Array>, options: FilterOptions) => Promise<AsyncIterable<Uint8Array>>,
): Promise<void> {
  const begin = performance.now();
  const { stderr } = process;
  refuseTerminal(0, "standard input", "an Arrow stream from a pipe or a file");
  refuseTerminal(1, "standard output", "a pipe or a file for the Arrow stream");
  const stdin = openInput();
  let opened = { at: begin, cpu: process.cpuUsage() };
  let progress: FilterProgress = { rows: 0, batches: 0, unusable: 0 };
  const rate = () => Math.round((1000 * progress.rows) / (performance.now() - begin));
  const display =
    stderr.isTTY && !flags.quiet
      ? setInterval(() => stderr.write(`\r\x1b[K${progress.rows} rows ${done}, ${rate()} rows/s`), 500)
      : undefined;
  const stop = () => stdin.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const { strict, prefix, drop } = flags;
    const output = await open(
      from(stdin, () => {
        opened = { at: performance.now(), cpu: process.cpuUsage() };
      }),
      {
        strict,
        prefix,
        drop,
        signal,
        name: "standard input",
        onProgress: (latest) => {
          progress = latest;
        },
      },
    );
    for await (const piece of output) await write(piece);
  } catch (error) {
    // The reader has closed the pipe.
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return;
    throw error;
  } finally {
    if (display) {
      clearInterval(display);
      stderr.write("\r\x1b[K");
    }
    signal.removeEventListener("abort", stop);
    stop();
  }
  if (flags.quiet && !flags.json) return;
  stderr.write(summarize(progress, { begin, opened }, { done, lacking }, flags.json));
}

/** Prints the summary: JSON for programs, a sentence for people. */
function summarize(
  progress: FilterProgress,
  { begin, opened }: { readonly begin: number; readonly opened: { at: number; cpu: NodeJS.CpuUsage } },
  { done, lacking }: { readonly done: string; readonly lacking: string },
  json: true | undefined,
): string {
  const now = performance.now();
  const { rows, batches, unusable } = progress;
  if (!json) {
    const seconds = (now - begin) / 1000;
    const without = unusable > 0 ? `, ${unusable} of them without ${lacking}` : "";
    const rate = Math.round(rows / seconds);
    return `${rows} rows in ${batches} batches ${done}${without}: ${seconds.toFixed(1)} s, ${rate} rows/s.\n`;
  }
  const { user, system } = process.cpuUsage(opened.cpu);
  const summary = {
    ...progress,
    version: packageJson.version,
    // Excludes the time for opening the run or model, so that rates do not depend on the number of rows.
    seconds: Number(((now - opened.at) / 1000).toFixed(6)),
    cpu_seconds: (user + system) / 1e6,
    opening_seconds: Number(((opened.at - begin) / 1000).toFixed(6)),
  };
  return `${JSON.stringify(summary)}\n`;
}

/** Yields the pieces of `input` unchanged. Calls `begin` when the first piece is requested. */
async function* from(input: AsyncIterable<Uint8Array>, begin: () => void): AsyncGenerator<Uint8Array> {
  begin();
  yield* input;
}

/**
 * Opens standard input. A file is read in larger pieces than Node.js would use. Each piece is read into the same buffer
 * and overwrites the previous piece.
 */
function openInput(): AsyncIterable<Uint8Array> & { destroy(): void } {
  if (!fstatSync(0).isFile()) return process.stdin;
  return { destroy: () => {}, [Symbol.asyncIterator]: readFileInPieces };
}

async function* readFileInPieces(): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(2 ** 20);
  const readPiece = promisify(read);
  for (;;) {
    const { bytesRead } = await readPiece(0, piece, 0, piece.length, null);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
  }
}

function refuseTerminal(descriptor: number, argument: string, accepted: string): void {
  if (isatty(descriptor)) throw new ArgumentError("INVALID_ARGUMENT", { argument, received: "a terminal", accepted });
}

function write(piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(piece, (error) => {
      if (!error) return resolve();
      const { code, message } = error as NodeJS.ErrnoException;
      reject(
        code === "EPIPE" ? error : new FileError("FILE_WRITE", "standard output", `cannot be written: ${message}`),
      );
    });
  });
}
