/**
 * The parts that the build embeds in the browser entry. The build replaces this file by one with the real content
 * (tsdown.config.ts).
 */

/** The programs of the worker that computes, and of its helper threads. */
export declare const WORKER: string;
export declare const HELPER: string;

/** The WebAssembly cores for one thread and with threads, compressed with gzip, as base64. */
export declare const CORE: string;
export declare const THREADED_CORE: string;
