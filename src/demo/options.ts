import { availableParallelism } from "node:os";
import { reject, rejectUnknown, requireInteger, requireOptions } from "../arguments.js";
import type { TsneProgress } from "../tsne/index.js";

/** Where the standard deviations of the demo come from. */
export const DEMO_DATA = ["acquisitions", "codes"] as const;
export type DemoData = (typeof DEMO_DATA)[number];

/** The autoencoders that the demo can train. */
export const DEMO_MODELS = ["vae", "micrograph-vae"] as const;
export type DemoModel = (typeof DEMO_MODELS)[number];

/** Epochs that suit each of them. */
const EPOCHS: Record<DemoModel, number> = { vae: 15, "micrograph-vae": 40 };

/** Options of {@link runDemo}. */
export interface DemoOptions {
  /** Where the files go. Made if it is not there; files of the same names are replaced. */
  directory: string;
  /**
   * `"acquisitions"`: each micrograph is acquired several times, and means with their standard errors are embedded. Measured errors improve
   * that map. `"codes"`: an autoencoder is trained on the micrographs, and its codes are embedded; their standard deviations are the widths
   * of the codes, not measured errors, and make no clear difference. Default `"acquisitions"`.
   */
  data?: DemoData | undefined;
  /**
   * The autoencoder whose codes are embedded: a small dense `"vae"`, or the convolutional `"micrograph-vae"`, which also reconstructs
   * lattices and needs several times as long. Default `"vae"`.
   */
  model?: DemoModel | undefined;
  /** Number of micrographs, an integer from 50 to 10,000. Default 2000. */
  count?: number | undefined;
  /** Epochs of the training with `data: "codes"`: an integer from 1 to 1000. Default 15. */
  epochs?: number | undefined;
  /** Seed of all random numbers, an integer from 0 to 2^53 - 1. Default 42. */
  seed?: number | undefined;
  /** Threads, 1 to 1024. The results do not depend on it. Default: as many as the machine has processors. */
  threads?: number | undefined;
  /** Stops the work: the promise is rejected with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
  /** Called while the data and the maps are made. */
  onProgress?: ((progress: DemoProgress) => void) | undefined;
}

/**
 * Progress of one of the parts, in the order in which they come: `data`, `training`, `comparison`, `pictures` for codes; `data`,
 * `standard`, `sigma` for acquisitions.
 */
export type DemoProgress =
  | {
      part: "data" | "training" | "comparison" | "pictures";
      stage: string;
      /** Share of the stage that is done, 0 to 1. */
      fraction: number;
      iteration?: number;
      iterations?: number | undefined;
      kl?: number | undefined;
    }
  | (TsneProgress & { part: "standard" | "sigma" });

/** A file or folder that the demo wrote. */
export interface DemoFile {
  readonly name: string;
  /** What it is, in a few words. */
  readonly content: string;
}

/** Options that have been checked, defaults filled in. */
export interface ResolvedDemo extends DemoOptions {
  data: DemoData;
  model: DemoModel;
  count: number;
  epochs: number;
  seed: number;
  threads: number;
}

/** @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE */
export function resolveDemoOptions(options: DemoOptions): ResolvedDemo {
  requireOptions(options);
  rejectUnknown(options, ["directory", "data", "model", "count", "epochs", "seed", "threads", "signal", "onProgress"]);
  const { directory, data = "acquisitions", model = "vae" } = options;
  if (typeof directory !== "string" || directory === "") reject("directory", directory, "the path of a folder");
  if (!DEMO_DATA.includes(data)) reject("data", data, `one of ${DEMO_DATA.join(", ")}`);
  if (!DEMO_MODELS.includes(model)) reject("model", model, `one of ${DEMO_MODELS.join(", ")}`);
  for (const name of ["epochs", "model"] as const) {
    if (data === "codes" || options[name] === undefined) continue;
    reject(name, options[name], 'to be left out unless data is "codes", since acquisitions need no training');
  }
  return {
    ...options,
    data,
    model,
    count: requireInteger(options.count ?? 2000, "count", 50, 10_000),
    epochs: requireInteger(options.epochs ?? EPOCHS[model], "epochs", 1, 1000),
    seed: requireInteger(options.seed ?? 42, "seed", 0, Number.MAX_SAFE_INTEGER),
    threads: requireInteger(options.threads ?? availableParallelism(), "threads", 1, 1024),
  };
}
