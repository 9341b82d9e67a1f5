export { assignToGrid, type GridAssignment } from "./grid.js";
export {
  type GridOptions,
  type LayoutOptions,
  type ResolvedSeparationOptions,
  resolveGridOptions,
  resolveSeparationOptions,
  SEPARATION_METHODS,
  SEPARATION_OPTIONS,
  type SeparationMethod,
  type SeparationOptions,
} from "./options.js";
export { type Separation, separateUniformly } from "./separation.js";
