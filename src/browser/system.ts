/** What the library asks of Node.js and a browser has in another form; the build of the worker puts this in place of those modules. */

/** The core computes on the thread of the worker. */
export const availableParallelism = () => 1;
/** A browser does not say how much memory is free; WebAssembly cannot have more than this. */
export const totalmem = () => 2 ** 32;
export const endianness = () => "LE";
/** Replaces setImmediate of node:timers/promises. */
export const setImmediate = () => new Promise<void>((resolve) => setTimeout(resolve));
