#!/usr/bin/env node
import { reportFailure } from "./failure.js";
import { createProgram, parse } from "./program.js";

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) must not cost the user the map that is being computed.
    if (error.code === "EPIPE") return;
    process.exitCode = 1;
    if (stream === process.stdout)
      process.stderr.write(`sigma-tsne: cannot write to standard output: ${error.message}\n`);
  });
}

const program = createProgram();
try {
  await parse(program, process.argv.slice(2));
} catch (error) {
  const command = program.commands.find((candidate) => candidate.name() === process.argv[2]);
  process.exitCode = reportFailure(command ? `sigma-tsne ${command.name()}` : "sigma-tsne", error);
}
