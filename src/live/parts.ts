/**
 * The part that the build embeds in the page. The build replaces this file by one with the real content
 * (browser.config.ts).
 */

/** The program of the worker that reads files. */
export declare const READER: string;
