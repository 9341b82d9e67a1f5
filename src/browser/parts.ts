/**
 * The parts that the build puts into the browser entry: this file is replaced by one that holds them (tsdown.config.ts).
 */

/** The program of the worker. */
export declare const WORKER: string;

/** The WebAssembly core, compressed with gzip, as base64. */
export declare const CORE: string;
