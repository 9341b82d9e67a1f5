/** The part that the build puts into the page: this file is replaced by one that holds it (browser.config.ts). */

/** The program of the worker that reads files. */
export declare const READER: string;
