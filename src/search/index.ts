export { type Nearest, type NearestOptions, type NearestProgress, nearest, type Query } from "./nearest.js";
