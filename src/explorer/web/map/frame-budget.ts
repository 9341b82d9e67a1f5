import { countOf, type DrawOrder, levelsOf } from "./draw-order.js";

/** Longest time per picture of a moving map, in milliseconds: 25 pictures per second. */
const LONGEST = 40;
/**
 * If a picture took less than this, the number of points is doubled. The time of a fast graphics card is only measured
 * at the next frame of the screen, after 17 ms.
 */
const SHORT = 20;

/** Chooses the number of points that are drawn while a map moves, based on the duration of previous pictures. */
export class FrameBudget {
  #count: number;

  /** @param count initial number of points */
  constructor(count: number) {
    this.#count = count;
  }

  /** The level of the largest subset that can be drawn in time; level 0 contains all rows. */
  levelFor(order: DrawOrder): number {
    const last = levelsOf(order) - 1;
    for (let level = 0; level < last; level++) if (countOf(order, level) <= this.#count) return level;
    return Math.max(0, last);
  }

  /** Records that drawing `count` points took `duration` milliseconds. */
  measure(count: number, duration: number): void {
    if (duration > LONGEST) this.#count = Math.min(this.#count, Math.floor((count * LONGEST) / duration));
    else if (duration < SHORT && count > this.#count / 2) this.#count = Math.min(2 ** 31, 2 * this.#count);
  }
}
