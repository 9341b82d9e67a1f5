/**
 * Hands items from one task to another that runs at the same time. If they weigh more than the limit together, the first waits; a single
 * item of any weight passes.
 */
export class Channel<T> {
  readonly #limit: number;
  readonly #weigh: (item: T) => number;
  readonly #items: T[] = [];
  #weight = 0;
  #end: { error: unknown } | undefined;
  /** The tasks that wait for items or for free space. */
  #wake: (() => void)[] = [];

  constructor(limit: number, weigh: (item: T) => number) {
    this.#limit = limit;
    this.#weigh = weigh;
  }

  /** Resolves when there is room for more; to false where nobody takes any more. */
  async put(item: T): Promise<boolean> {
    if (this.#end) return false;
    this.#items.push(item);
    this.#weight += this.#weigh(item);
    this.#notify();
    while (this.#weight > this.#limit && this.#items.length > 0 && !this.#end) await this.#change();
    return !this.#end;
  }

  /** The next item; undefined at the end. @throws what the channel was closed with, after the items before it */
  async take(): Promise<T | undefined> {
    while (this.#items.length === 0 && !this.#end) await this.#change();
    if (this.#items.length === 0 && this.#end?.error !== undefined) throw this.#end.error;
    return this.takeNow();
  }

  /** The next item, if it is there already and `accepts` it. */
  takeNow(accepts: (item: T) => boolean = () => true): T | undefined {
    const [item] = this.#items;
    if (item === undefined || !accepts(item)) return undefined;
    this.#items.shift();
    this.#weight -= this.#weigh(item);
    this.#notify();
    return item;
  }

  /** Ends it; with an error where what should have come does not. */
  close(error?: unknown): void {
    this.#end ??= { error };
    this.#notify();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
