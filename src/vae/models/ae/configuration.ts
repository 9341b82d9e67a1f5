import { networkOptions } from "../configuration.js";

/** Options of ae and conv-ae. */
export const aeOptions = networkOptions;
