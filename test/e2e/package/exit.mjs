// Ends the process during a run, at the place that the argument names.
import { runBhTsne } from "sigma-tsne";

const rows = Array.from({ length: 500 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const isInside = process.argv[2] === "inside onProgress";
const run = (onProgress) => runBhTsne(rows, { iterations: 1e9, threads: 2, onProgress });
run();
run(({ iteration }) => {
  if (isInside && iteration > 100) process.exit(7);
});
if (!isInside) setTimeout(() => process.exit(7), 100);
