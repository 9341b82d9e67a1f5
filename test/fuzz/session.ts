import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Coverage } from "./coverage.js";
import { mutate } from "./mutation.js";
import { Random } from "./random.js";
import type { Target } from "./target.js";

/** Folder of valid inputs, and of inputs that once caused an error. */
export const CORPUS = "test/fuzz/corpus";

/** Longer inputs take more time, but do not reach more of the code. */
const LONGEST_INPUT = 2 ** 16;
/** Fraction of the inputs whose coverage is measured. Measuring takes longer than running most inputs. */
const MEASURED = 1 / 4;

/** Runs the inputs of one target: first the corpus, then changed inputs. */
export class Session {
  readonly #target: Target;
  readonly #path: string;
  readonly #random: Random;
  readonly #coverage: Coverage | undefined;
  #pool: Uint8Array[] = [];
  #corpus: Uint8Array[] = [];
  /** Number of inputs that were run. */
  count = 0;

  /** @param path path of the file to which each input is written before it is run */
  constructor(target: Target, path: string, seed: number, coverage?: Coverage) {
    this.#target = target;
    this.#path = path;
    this.#random = new Random(seed);
    this.#coverage = coverage;
  }

  async open(): Promise<void> {
    const folder = join(CORPUS, this.#target.name);
    const kept = existsSync(folder) ? readdirSync(folder).sort() : [];
    this.#corpus = [...(await this.#target.seeds()), ...kept.map((name) => readFileSync(join(folder, name)))];
    this.#pool = [...this.#corpus];
  }

  /** Number of inputs in the corpus. */
  get corpus(): number {
    return this.#corpus.length;
  }

  /** Number of inputs that can be changed: the corpus, and inputs that have reached new code. */
  get pool(): number {
    return this.#pool.length;
  }

  /**
   * Runs the next input.
   *
   * @throws any error that the target throws
   */
  async step(): Promise<void> {
    const known = this.#corpus[this.count++];
    const input = known ?? this.#change(this.#random.pick(this.#pool));
    writeFileSync(this.#path, input);
    await this.#target.run(input, this.#path);
    if (!this.#coverage || this.#random.number() >= MEASURED) return;
    if (this.#coverage.grew() && !known) this.#pool.push(input);
  }

  #change(input: Uint8Array): Uint8Array {
    const { envelope } = this.#target;
    const parts = this.#random.below(3) > 0 ? envelope?.open(input) : undefined;
    if (!envelope || !parts) return mutate(input, this.#pool, this.#random).subarray(0, LONGEST_INPUT);
    const at = this.#random.below(parts.length);
    const others = this.#pool.flatMap((other) => envelope.open(other)?.[at] ?? []);
    return envelope.seal(parts.map((part, i) => (i === at ? mutate(part, others, this.#random) : part)));
  }
}
