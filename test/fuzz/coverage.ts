import { type Profiler, Session } from "node:inspector";

/** Which blocks of the loaded scripts have run: V8's own block coverage. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Whether a block has run since the last call that had never run before. */
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

  /** Blocks that have run. */
  get blocks(): number {
    return this.#seen.size;
  }
}
