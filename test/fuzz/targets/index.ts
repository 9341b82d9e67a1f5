import type { Target } from "../target.js";
import { fileTargets } from "./files.js";
import { optionTargets } from "./options.js";
import { savedTargets } from "./saved.js";

/** All functions that read untrusted bytes or options. */
export const TARGETS: readonly Target[] = [...fileTargets, ...savedTargets, ...optionTargets];
