#!/usr/bin/env node
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // If a reader such as `| head` closes the pipe, the computation of the embedding must continue.
    if (error.code === "EPIPE") return;
    process.exitCode = 1;
    if (stream === process.stdout)
      process.stderr.write(`sigma-tsne: cannot write to standard output: ${error.message}\n`);
  });
}

/** Runs the command line, or reports that neither a binary nor WebAssembly can be loaded, which importing the library throws. */
async function main(): Promise<number> {
  try {
    const { runCommandLine } = await import("./command-line.js");
    return await runCommandLine(process.argv.slice(2));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ADDON_NOT_FOUND") throw error;
    process.stderr.write(`sigma-tsne: ${(error as Error).message}\n`);
    return 1;
  }
}

const exitCode = await main();
if (exitCode !== 0) process.exitCode = exitCode;
