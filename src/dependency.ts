import { SigmaTsneError } from "./errors.js";

/**
 * Loads a package on first use.
 *
 * @throws {SigmaTsneError} DEPENDENCY_MISSING with the name of a package that is not installed, or not for this
 *   platform
 */
export async function loadPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).trim().split("\n");
    const message = `the package ${name} cannot be loaded: expected it to be installed with sigma-tsne. Install it with npm install ${name} (${reason})`;
    throw new SigmaTsneError("DEPENDENCY_MISSING", message, { cause });
  }
}
