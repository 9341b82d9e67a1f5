/** Replaces src/browser/parts.ts in the build of the page: an offline file brings the worker and the core with its data. */
import { offline } from "./offline-data.js";

export const WORKER = offline?.computer?.worker ?? "";
export const CORE = offline?.computer?.core ?? "";
