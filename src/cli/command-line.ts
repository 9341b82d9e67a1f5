import { reportFailure } from "./failure.js";
import { createProgram, parse } from "./program.js";

/**
 * Runs a command line, given without `sigma-tsne`, and reports a failure on standard error.
 *
 * @returns the exit code
 */
export async function runCommandLine(typed: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await parse(program, typed);
    return 0;
  } catch (error) {
    const command = program.commands.find((candidate) => candidate.name() === typed[0]);
    return reportFailure(command ? `sigma-tsne ${command.name()}` : "sigma-tsne", error);
  }
}
