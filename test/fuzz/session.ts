import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Coverage } from "./coverage.js";
import { mutate } from "./mutation.js";
import { Random } from "./random.js";
import type { Target } from "./target.js";

/** Sound inputs, and inputs that once brought a fault out. */
export const CORPUS = "test/fuzz/corpus";

/** Longer inputs only take longer. */
const LONGEST_INPUT = 2 ** 16;
/** Measuring what an input reaches takes longer than most inputs do. */
const MEASURED = 1 / 4;

/** Inputs of one target: the corpus, then changed ones, one after the other. */
export class Session {
  readonly #target: Target;
  readonly #path: string;
  readonly #random: Random;
  readonly #coverage: Coverage | undefined;
  #pool: Uint8Array[] = [];
  #corpus: Uint8Array[] = [];
  /** Inputs that were run. */
  count = 0;

  /** @param path the file that inputs are written to before they are run */
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

  /** Inputs of the corpus. */
  get corpus(): number {
    return this.#corpus.length;
  }

  /** Inputs that changes are made to: the corpus, and what has reached something new. */
  get pool(): number {
    return this.#pool.length;
  }

  /**
   * Runs the next input.
   *
   * @throws whatever the target lets through
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
