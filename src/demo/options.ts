import { availableParallelism } from "node:os";
import { reject, rejectUnknown, requireInteger, requireOptions } from "../arguments.js";
import type { TsneProgress } from "../tsne/index.js";

/** Sources of the standard deviations in the demo. */
export const DEMO_DATA = ["acquisitions", "codes"] as const;
export type DemoData = (typeof DEMO_DATA)[number];

/** The autoencoders that the demo can train. */
export const DEMO_MODELS = ["vae", "micrograph-vae"] as const;
export type DemoModel = (typeof DEMO_MODELS)[number];

/** Default number of epochs for each model. */
const EPOCHS: Record<DemoModel, number> = { vae: 15, "micrograph-vae": 40 };

/** Options of {@link runDemo}. */
export interface DemoOptions {
  /** Output folder. It is created if it does not exist; files with the same names are replaced. */
  directory: string;
  /**
   * `"acquisitions"`: each micrograph is acquired several times, and the means are embedded with their standard errors.
   * These measured errors improve the map. `"codes"`: an autoencoder is trained on the micrographs, and its codes are
   * embedded. The standard deviations of the codes are estimates of the encoder, not measured errors, and make no clear
   * difference to the map. Default `"acquisitions"`.
   */
  data?: DemoData | undefined;
  /**
   * The autoencoder that computes the codes: a small dense `"vae"`, or the convolutional `"micrograph-vae"`, which also
   * reconstructs lattices but takes several times as long. Default `"vae"`.
   */
  model?: DemoModel | undefined;
  /** Number of micrographs, an integer from 50 to 10,000. Default 2000. */
  count?: number | undefined;
  /** Epochs of the training with `data: "codes"`: an integer from 1 to 1000. Default 15. */
  epochs?: number | undefined;
  /** Seed of all random numbers, an integer from 0 to 2^53 - 1. Default 42. */
  seed?: number | undefined;
  /**
   * Number of threads, 1 to 1024. The results do not depend on this number. Default: as many as the machine has
   * processors.
   */
  threads?: number | undefined;
  /** Stops the work: the promise is rejected with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
  /** Called during all parts of the demo. */
  onProgress?: ((progress: DemoProgress) => void) | undefined;
}

/**
 * Progress of one of the parts. The order of the parts is `data`, `training`, `comparison`, `pictures` for codes, and
 * `data`, `standard`, `sigma` for acquisitions.
 */
export type DemoProgress =
  | {
      part: "data" | "training" | "comparison" | "pictures";
      stage: string;
      /** Completed share of the stage, 0 to 1. */
      fraction: number;
      iteration?: number;
      iterations?: number | undefined;
      kl?: number | undefined;
    }
  | (TsneProgress & { part: "standard" | "sigma" });

/** A file or folder that the demo wrote. */
export interface DemoFile {
  readonly name: string;
  /** A short description of the content. */
  readonly content: string;
}

/** Checked options with the defaults filled in. */
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
    reject(name, options[name], 'to be left out unless data is "codes", because acquisitions need no training');
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
