/** The program of a helper thread in Node.js. */
import { parentPort, workerData } from "node:worker_threads";
import { serveSlot } from "./helper.js";

serveSlot(workerData, () => parentPort?.postMessage("ready"));
