import { AbortError } from "../errors.js";
import { makeFolder } from "../io/index.js";
import { mapAcquisitions } from "./acquisitions.js";
import { mapCodes } from "./codes.js";
import { type DemoOptions, type ResolvedDemo, resolveDemoOptions } from "./options.js";
import type { AcquisitionsSummary, CodesSummary } from "./summary.js";

export { DEMO_DATA, type DemoData, type DemoFile, type DemoOptions, type DemoProgress } from "./options.js";

/** What {@link runDemo} did and found; `summary.json` holds the same. */
export type DemoSummary = (CodesSummary | AcquisitionsSummary) & {
  /** Why there are acquisitions where codes were not refused: what TensorFlow.js said. */
  withoutCodes?: string;
};

/**
 * Shows the whole way on simulated micrographs: of an autoencoder's codes ({@link mapCodes}), or of repeated acquisitions
 * ({@link mapAcquisitions}).
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE
 * @throws {FileError} FILE_WRITE, before the work begins if the directory cannot be written to
 * @throws {AbortError} once the signal is aborted
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary> {
  const settings = resolveDemoOptions(options);
  if (settings.signal?.aborted) throw new AbortError(undefined, { cause: settings.signal.reason });
  await makeFolder(settings.directory);
  if (settings.data === "acquisitions") return mapAcquisitions(settings);
  const vae = await loadNetworks(settings);
  if ("reason" in vae) return { ...(await mapAcquisitions(settings)), withoutCodes: vae.reason };
  return mapCodes(settings, vae);
}

/** The autoencoders with something to compute on; where neither was asked for, the reason why there are none. */
async function loadNetworks({ data, threads }: ResolvedDemo) {
  try {
    const vae = await import("../vae/index.js");
    return { ...vae, backend: await vae.selectBackend("auto", { threads }) };
  } catch (error) {
    if (data === "codes") throw error;
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
