import { countOf, type DrawOrder, levelsOf } from "./draw-order.js";

/** A picture of a moving map may take this many milliseconds: 25 pictures per second. */
const LONGEST = 40;
/** The number of points is doubled when a picture took less than this. A fast graphics card is waited for until the next frame of the screen, 17 ms. */
const SHORT = 20;

/** Chooses how many points are drawn while a map moves, by the time that the pictures before took. */
export class FrameBudget {
  #count: number;

  /** @param count points to begin with */
  constructor(count: number) {
    this.#count = count;
  }

  /** The largest subset that can be drawn in time; 0 is all rows. */
  levelFor(order: DrawOrder): number {
    const last = levelsOf(order) - 1;
    for (let level = 0; level < last; level++) if (countOf(order, level) <= this.#count) return level;
    return Math.max(0, last);
  }

  /** Takes note that `count` points were drawn in `duration` milliseconds. */
  measure(count: number, duration: number): void {
    if (duration > LONGEST) this.#count = Math.min(this.#count, Math.floor((count * LONGEST) / duration));
    else if (duration < SHORT && count > this.#count / 2) this.#count = Math.min(2 ** 31, 2 * this.#count);
  }
}
