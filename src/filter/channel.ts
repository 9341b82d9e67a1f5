/**
 * Passes items from one task to another that runs at the same time. If the total weight of the waiting items exceeds
 * the limit, the first task waits. A single item may be heavier than the limit.
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

  /**
   * Adds an item and resolves when the limit allows further items. Resolves to false if the other task accepts no more
   * items.
   */
  async put(item: T): Promise<boolean> {
    if (this.#end) return false;
    this.#items.push(item);
    this.#weight += this.#weigh(item);
    this.#notify();
    while (this.#weight > this.#limit && this.#items.length > 0 && !this.#end) await this.#change();
    return !this.#end;
  }

  /**
   * Returns the next item, or undefined at the end. @throws the error with which the channel was closed, after all
   * earlier items
   */
  async take(): Promise<T | undefined> {
    while (this.#items.length === 0 && !this.#end) await this.#change();
    if (this.#items.length === 0 && this.#end?.error !== undefined) throw this.#end.error;
    return this.takeNow();
  }

  /** Returns the next item if it has already arrived and `accepts` it. */
  takeNow(accepts: (item: T) => boolean = () => true): T | undefined {
    const [item] = this.#items;
    if (item === undefined || !accepts(item)) return undefined;
    this.#items.shift();
    this.#weight -= this.#weigh(item);
    this.#notify();
    return item;
  }

  /** Ends the channel. If an error is given, the receiver first gets the remaining items and then the error. */
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
