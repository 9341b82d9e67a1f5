// The same embedding in Node.js.
import { runTsne } from "sigma-tsne";
import { points } from "./points.js";

const { kl } = await runTsne(points);
console.log(kl);
