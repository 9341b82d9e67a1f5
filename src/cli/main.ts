#!/usr/bin/env node
import { runCommandLine } from "./command-line.js";

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // If a reader such as `| head` closes the pipe, the computation of the embedding must continue.
    if (error.code === "EPIPE") return;
    process.exitCode = 1;
    if (stream === process.stdout)
      process.stderr.write(`sigma-tsne: cannot write to standard output: ${error.message}\n`);
  });
}

const exitCode = await runCommandLine(process.argv.slice(2));
if (exitCode !== 0) process.exitCode = exitCode;
