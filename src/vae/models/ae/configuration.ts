import { networkFields } from "../configuration.js";

/** Settings of ae and conv-ae. */
export const aeFields = networkFields;
