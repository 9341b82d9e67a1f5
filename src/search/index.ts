export {
  NEAREST_OPTIONS,
  type Nearest,
  type NearestOptions,
  type NearestProgress,
  nearest,
  type Query,
} from "./nearest.js";
export { unpackRun } from "./run-points.js";
