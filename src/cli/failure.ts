import { CommanderError } from "commander";
import { ArgumentError, type ErrorCode, SigmaTsneError } from "../errors.js";
import { Interruption } from "./interruption.js";

const wrongUsage: ReadonlySet<ErrorCode> = new Set([
  "INVALID_ARGUMENT",
  "OUT_OF_RANGE",
  "UNKNOWN_OPTION",
  "SHAPE_MISMATCH",
]);

/**
 * Prints an error as one line, `<speaker>: <message>`, on standard error. With SIGMA_TSNE_DEBUG=1 its stack follows.
 *
 * @returns the exit code: 0 after --help and --version, 1 for a failure, 2 for wrong usage, 130 or 143 after an
 *   interruption
 */
export function reportFailure(speaker: string, error: unknown): number {
  const exitCode = exitCodeOf(error);
  // Commander has already printed the output of --help and --version, and the help for `sigma-tsne` without arguments.
  if (error instanceof CommanderError && (exitCode === 0 || error.code === "commander.help")) return exitCode;
  process.stderr.write(
    `${speaker}: ${messageOf(error)
      .trim()
      .replace(/\s*\n\s*/g, " ")}\n`,
  );
  if (process.env.SIGMA_TSNE_DEBUG === "1" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return exitCode;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof SigmaTsneError && wrongUsage.has(error.code) ? 2 : 1;
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) return error.message.replace(/^error: /, "");
  if (error instanceof SigmaTsneError) return error.message;
  // V8 reports in this way that a typed array does not fit into memory.
  if (error instanceof RangeError && /allocation failed|Invalid typed array length/.test(error.message)) {
    return "out of memory. Use fewer points, a part of the rows, or a machine with more memory";
  }
  return `unexpected error: ${error instanceof Error ? error.message : String(error)}. This is a bug; run the command again with SIGMA_TSNE_DEBUG=1 to see where it happened`;
}

/** Command-line names of the library's arguments. If an argument is the content of a file, its name is the path. */
export type TypedNames = Readonly<Record<string, string | undefined>>;

/** Runs `work` and replaces the library's argument names in its errors by command-line names. */
export async function withTypedNames<T>(names: TypedNames, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof SigmaTsneError ? renamed(error, names) : error;
  }
}

function renamed(error: SigmaTsneError, names: TypedNames): SigmaTsneError {
  // Replace only names in camel case within the sentence, because "sigma" and "init" also occur there as ordinary
  // words.
  const sentence = error.message.replace(/\b[a-z]+[A-Z]\w*/g, (word) => names[word] ?? word);
  if (error instanceof ArgumentError) {
    const { code, argument, received, accepted } = error;
    const typed = names[argument] ?? argument;
    const isNamed = error.message.startsWith(`${argument}:`);
    const renamed = isNamed ? error.message.replace(argument, () => typed) : sentence;
    // An option that is missing on the command line has no received value.
    const message = received === undefined ? renamed.replace(/received undefined$/, "received nothing") : renamed;
    return new ArgumentError(code, { argument: typed, received, accepted, message }, { cause: error });
  }
  return sentence === error.message ? error : new SigmaTsneError(error.code, sentence, { cause: error });
}
