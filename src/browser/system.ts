/** Replaces modules of Node.js in the build of the worker with equivalents for browsers. */

/** A core for one thread ignores this number. */
export const availableParallelism = () => navigator.hardwareConcurrency ?? 1;
/** A browser does not report its free memory. This is the limit of WebAssembly. */
export const totalmem = () => 2 ** 32;
export const endianness = () => "LE";
/** Replaces setImmediate of node:timers/promises. */
export const setImmediate = () => new Promise<void>((resolve) => setTimeout(resolve));
