// Starts and aborts many runs, and prints by how many bytes the process grew after the first ten.
import { runBhTsne } from "sigma-tsne";

const [rows, cols] = [3000, 300];
const data = { data: Float32Array.from({ length: rows * cols }, (_, at) => Math.sin(at * at)), rows, cols };
let before = 0;
for (let turn = 0; turn < 70; turn++) {
  const controller = new AbortController();
  const running = runBhTsne(data, { init: "random", iterations: 1e9, signal: controller.signal });
  setTimeout(() => controller.abort(), turn % 20);
  await running.then(
    () => process.exit(1),
    (error) => error.code === "ABORTED" || process.exit(2),
  );
  if (turn === 9) before = process.memoryUsage.rss();
}
console.log(process.memoryUsage.rss() - before);
