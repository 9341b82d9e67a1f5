/** What the library asks of Node.js and a browser has in another form; the build of the worker puts this in place of those modules. */
import { MOST_MEMORY } from "../wasm/core.js";

/** The core computes on the thread of the worker. */
export const availableParallelism = () => 1;
/** A browser does not say how much memory is free; the module cannot have more than this. */
export const totalmem = () => MOST_MEMORY;
export const endianness = () => "LE";
/** Of node:timers/promises. */
export const setImmediate = () => new Promise<void>((resolve) => setTimeout(resolve));
