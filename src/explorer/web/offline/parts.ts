/** Replaces src/browser/parts.ts in the build of the page: an offline file brings the worker and the core with its data. */
import { offline } from "./offline-data.js";

export const WORKER = offline?.computer?.worker ?? "";
export const CORE = offline?.computer?.core ?? "";
/** An offline file computes on one thread, also where a server isolates it. */
export const THREADED_CORE = CORE;
export const HELPER = "";
