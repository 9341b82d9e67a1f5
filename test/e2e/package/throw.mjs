// Throws an uncaught error during a run.
import { runBhTsne } from "sigma-tsne";

const rows = Array.from({ length: 500 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
runBhTsne(rows, { iterations: 1e9 });
setTimeout(() => {
  throw new Error("nobody catches this");
}, 100);
