import { type Profiler, Session } from "node:inspector";

/** Reports which blocks of the loaded scripts have run, from V8's block coverage. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Whether any block has run for the first time since the last call. */
  grew(): boolean {
    let scripts: Profiler.ScriptCoverage[] = [];
    this.#session.post("Profiler.takePreciseCoverage", (_, { result }) => {
      scripts = result;
    });
    const before = this.#seen.size;
    for (const { scriptId, url, functions } of scripts) {
      if (url.startsWith("node:")) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) this.#seen.add(`${scriptId}:${startOffset}:${endOffset}`);
        }
      }
    }
    return this.#seen.size > before;
  }

  /** Number of blocks that have run. */
  get blocks(): number {
    return this.#seen.size;
  }
}
