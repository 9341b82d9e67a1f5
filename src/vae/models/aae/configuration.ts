import { networkFields } from "../configuration.js";

/** Settings of aae. */
export const aaeFields = {
  ...networkFields,
};
