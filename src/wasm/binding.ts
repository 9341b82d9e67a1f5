import type native from "#binding";
import { Core, type CoreArray, type CoreTable } from "./core.js";
import { type HelperHost, HelperTeam } from "./helper-team.js";
import type { CoreModule } from "./module.js";

/**
 * The interface of the native addon (native/addon/binding.d.cts), implemented with the WebAssembly core on the calling
 * thread, which helper threads support if the module has threads. Gradient descent runs in slices, and the event loop
 * runs between the slices. The neighbor search, other work before gradient descent, and all other functions run in one
 * piece.
 */
export type WasmBinding = Omit<typeof native, "backend" | "failure">;

/**
 * Milliseconds after which gradient descent lets the event loop run. The core reports its progress, and can be stopped,
 * about ten times per second.
 */
const SLICE = 50;

/** Tables of the core are in alphabetical order, but the stages of a run must be in the order in which they happen. */
const STAGES = ["pca", "neighbors", "affinities", "initialization", "optimization"];
const inOrder = (seconds: CoreTable) =>
  Object.fromEntries(STAGES.filter((stage) => stage in seconds).map((stage) => [stage, seconds[stage]]));

const aborted = () => Object.assign(new Error("stopped before it was finished"), { code: "ABORTED" });

/** Lets the event loop handle pending events. */
const serveEvents = () => new Promise<void>((resolve) => setTimeout(resolve));

type Progress = ((progress: never) => void) | undefined;

/**
 * @param module the compiled module of the core
 * @param host starts the threads of a module with threads
 */
export function createBinding(module: CoreModule, host?: HelperHost): WasmBinding {
  const core = new Core(module);
  const helpers = new HelperTeam(core, host);
  const { isa, distances } = core.compute("sigma_describe", {}) as { isa: string; distances: CoreTable };
  const start = <Input extends object>(name: string, input: Input & { onProgress?: Progress }, onlyFraction = true) =>
    startJob({ core, helpers }, name, input, onlyFraction);
  const bound = {
    Run: boundRun(core, helpers),
    Network: NoNetwork,
    pca: (input: object) => start("sigma_pca", input),
    pcaOfSparse: (input: object) => start("sigma_pca_of_sparse", input),
    evaluate: (input: object) => start("sigma_evaluate", input, false),
    nearest: (input: object) => start("sigma_nearest", input),
    estimateNoiseModel: (input: object) => start("sigma_estimate_noise_model", input),
    separate: (input: object) => start("sigma_separate", input),
    assignToGrid: (input: object) => start("sigma_assign_to_grid", input),
    distances,
    isa: isa === "baseline" ? "wasm-simd128" : isa,
    mostThreads: helpers.mostThreads,
  };
  return bound as unknown as WasmBinding;
}

/** The WebAssembly core does not contain the matrix products for training networks. */
class NoNetwork {
  constructor() {
    throw Object.assign(new Error("the WebAssembly backend does not train networks"), { code: "BACKEND_UNAVAILABLE" });
  }
}

/** `onlyFraction`: whether reports are numbers instead of objects. */
function reporterOf(onProgress: Progress, onlyFraction: boolean) {
  const send = onProgress as ((progress: unknown) => void) | undefined;
  return (report: CoreTable) => send?.(onlyFraction ? report.fraction : report);
}

/**
 * Starts work that begins in a later turn of the event loop and runs in one piece. `cancel` only works before the start
 * or from a progress report. The input is copied immediately, so the caller may change it afterwards.
 */
function startJob(
  { core, helpers }: { core: Core; helpers: HelperTeam },
  name: string,
  input: { onProgress?: Progress },
  onlyFraction: boolean,
) {
  let isCanceled = false;
  const report = reporterOf(input.onProgress, onlyFraction);
  const compute = async () => {
    const table = core.copy(input);
    try {
      await helpers.start(input);
      await serveEvents();
      if (isCanceled) throw aborted();
      return core.compute(name, {
        table,
        report: (progress) => {
          report(progress);
          return isCanceled;
        },
      });
    } finally {
      core.free(table);
    }
  };
  return {
    result: compute(),
    cancel: () => {
      isCanceled = true;
    },
  };
}

/** Creates the class of runs for one core. */
function boundRun(core: Core, helpers: HelperTeam) {
  /** Frees the memory of runs that were garbage collected. */
  const freed = new FinalizationRegistry<number>((run) => core.freeRun(run));

  return class Run {
    readonly #run: number;
    /** The options of the run, from which the number of threads is read. */
    readonly #input: object;
    #isBusy = false;
    #isCanceled = false;

    constructor(input: object) {
      this.#run = core.makeRun(input);
      this.#input = { options: (input as { options?: object }).options };
      freed.register(this, this.#run);
    }

    async advance({ onProgress, ...how }: { onProgress: Progress; snapshotEvery: number }): Promise<unknown> {
      const report = reporterOf(onProgress, false);
      const result = await this.#work("sigma_run_advance", how, report);
      return result.kl;
    }

    cancel(): void {
      this.#isCanceled = this.#isBusy;
    }

    place = (input: { onProgress: Progress }) => this.#measure("sigma_run_place", input);
    measureUncertainty = (input: { onProgress: Progress }) => this.#measure("sigma_run_uncertainty", input);
    measureSingularity = (input: { onProgress: Progress }) => this.#measure("sigma_run_singularity", input);
    measurePerturbation = (input: { onProgress: Progress }) => this.#measure("sigma_run_perturbation", input);
    measureGroups = (input: { onProgress: Progress }) => this.#measure("sigma_run_groups", input);
    measureReliability = (input: { onProgress: Progress }) => this.#measure("sigma_run_reliability", input);

    embedding = () => this.#ask("sigma_run_embedding").embedding as CoreArray;
    iteration = () => this.#describe().iteration;
    hasConverged = () => this.#describe().hasConverged;
    method = () => this.#describe().method;
    neighbors = () => this.#describe().neighbors;
    seconds = () => inOrder(this.#describe().seconds as CoreTable);
    varianceFloor = () => this.#describe().varianceFloor;
    farValue = () => this.#describe().farValue;

    describeState(): CoreTable | undefined {
      const state = this.#ask("sigma_run_state");
      return "rows" in state ? state : undefined;
    }
    readState = (rows: object) => this.#ask("sigma_run_read", rows).numbers;
    writeState = (rows: object) => void this.#ask("sigma_run_write", rows);
    restore = () => void this.#ask("sigma_run_restore");

    #ask(name: string, input?: object): CoreTable {
      if (this.#isBusy)
        throw Object.assign(new Error("the run is still computing: await its other calls first"), { code: "BUSY" });
      return core.compute(name, { run: this.#run, input });
    }

    #describe = () => this.#ask("sigma_run_describe");

    async #measure(name: string, input: { onProgress: Progress }): Promise<CoreTable> {
      return this.#work(name, input, reporterOf(input.onProgress, true));
    }

    /**
     * Repeats a function after each slice until it returns a result. Only gradient descent stops before it is finished.
     */
    async #work(name: string, input: object, report: (progress: CoreTable) => void): Promise<CoreTable> {
      if (this.#isBusy)
        throw Object.assign(new Error("the run is still computing: await its other calls first"), { code: "BUSY" });
      this.#isBusy = true;
      this.#isCanceled = false;
      let table: number | undefined;
      try {
        table = core.copy(input);
        await helpers.start(this.#input);
        for (;;) {
          await serveEvents();
          if (this.#isCanceled) throw aborted();
          const result = this.#slice(name, table, report);
          if (result) return result;
        }
      } finally {
        this.#isBusy = false;
        if (table !== undefined) core.free(table);
      }
    }

    /** @returns undefined if there is more to do */
    #slice(name: string, table: number, report: (progress: CoreTable) => void): CoreTable | undefined {
      const begin = performance.now();
      let isOver = false;
      try {
        return core.compute(name, {
          run: this.#run,
          table,
          report: (progress) => {
            report(progress);
            isOver = progress.stage === "optimization" && performance.now() - begin > SLICE;
            return isOver || this.#isCanceled;
          },
        });
      } catch (error) {
        if (isOver && !this.#isCanceled && (error as { code?: unknown }).code === "ABORTED") return undefined;
        throw error;
      }
    }
  };
}
