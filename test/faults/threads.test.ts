import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

test("the program reports that the system refused to create a thread", () => {
  const script = `
    const { execFileSync } = require("node:child_process");
    const { readFileSync } = require("node:fs");
    const binding = require("./native/addon/binding.cjs");
    const used = 1024 * /VmSize:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1];
    // The limit is smaller than the stack of a thread.
    execFileSync("prlimit", ["--pid", process.pid, "--as=" + (used + 2 ** 20)]);
    const job = binding.pca({
      data: { data: new Float64Array([1, 2, 4]), rows: 3, cols: 1 },
      components: 1,
      seed: 1,
      threads: 1,
    });
    job.result.catch(({ code, message }) => console.log(code + ": " + message));`;
  expect(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" })).toBe(
    "OUT_OF_MEMORY: the system gives this process no more threads; lower the option threads, or run less at once\n",
  );
});
