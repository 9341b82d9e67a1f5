import type { Target } from "../target.js";
import { fileTargets } from "./files.js";
import { optionTargets } from "./options.js";
import { savedTargets } from "./saved.js";

/** Everything that takes bytes or options from strangers. */
export const TARGETS: readonly Target[] = [...fileTargets, ...savedTargets, ...optionTargets];
