import { parentPort, workerData } from "node:worker_threads";
import { findNearest, type Points } from "./score.js";

const { points, k, first, last } = workerData as { points: Points; k: number; first: number; last: number };
parentPort?.postMessage(findNearest(points, k, first, last));
