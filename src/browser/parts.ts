/**
 * The parts that the build embeds in the browser entry. The build replaces this file by one with the real content
 * (tsdown.config.ts).
 */

/** The program of the worker. */
export declare const WORKER: string;

/** The WebAssembly core, compressed with gzip, as base64. */
export declare const CORE: string;
