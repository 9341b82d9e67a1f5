/** Replaces modules of Node.js in the build of the worker with equivalents for browsers. */

/** The core only computes on the thread of the worker. */
export const availableParallelism = () => 1;
/** A browser does not report its free memory, so this is the largest memory that WebAssembly can use. */
export const totalmem = () => 2 ** 32;
export const endianness = () => "LE";
/** Replaces setImmediate of node:timers/promises. */
export const setImmediate = () => new Promise<void>((resolve) => setTimeout(resolve));
