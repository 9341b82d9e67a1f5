import { AbortError } from "../errors.js";
import { makeFolder } from "../io/index.js";
import { mapAcquisitions } from "./acquisitions.js";
import { mapCodes } from "./codes.js";
import { type DemoOptions, resolveDemoOptions } from "./options.js";
import type { AcquisitionsSummary, CodesSummary } from "./summary.js";

export {
  DEMO_DATA,
  type DemoData,
  type DemoFile,
  type DemoModel,
  type DemoOptions,
  type DemoProgress,
} from "./options.js";

/** The results of {@link runDemo}, identical to the content of `summary.json`. */
export type DemoSummary = CodesSummary | AcquisitionsSummary;

/**
 * Runs the whole program on simulated micrographs: with repeated acquisitions ({@link mapAcquisitions}) or with an
 * autoencoder's codes ({@link mapCodes}).
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE
 * @throws {FileError} FILE_WRITE before any computation, if the directory is not writable
 * @throws {AbortError} if the signal is aborted
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary> {
  const settings = resolveDemoOptions(options);
  if (settings.signal?.aborted) throw new AbortError(undefined, { cause: settings.signal.reason });
  await makeFolder(settings.directory);
  if (settings.data === "acquisitions") return mapAcquisitions(settings);
  const vae = await import("../vae/index.js");
  return mapCodes(settings, { ...vae, backend: await vae.selectBackend("auto", { threads: settings.threads }) });
}
