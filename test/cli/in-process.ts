import { runCommandLine } from "../../src/cli/command-line.js";

/** The exit code and the output of a command. */
export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/**
 * Settles when the last run is finished. Each run waits for the previous one, because all runs share the working folder
 * and the standard streams.
 */
let last: Promise<unknown> = Promise.resolve();

/** Runs a command line of `sigma-tsne` in this process, with `folder` as its working folder, and returns its output. */
export function runInProcess(
  args: readonly string[],
  folder: string,
  environment: Record<string, string> = {},
): Promise<Outcome> {
  const outcome = last.then(() => runAlone(args, folder, environment));
  last = outcome.catch(() => {});
  return outcome;
}

async function runAlone(
  args: readonly string[],
  folder: string,
  environment: Record<string, string>,
): Promise<Outcome> {
  const [home, before] = [process.cwd(), { ...process.env }];
  const captured = (["stdout", "stderr"] as const).map((name) => capture(process[name]));
  process.chdir(folder);
  Object.assign(process.env, environment);
  try {
    const code = await runCommandLine(args);
    const [stdout, stderr] = captured.map(({ text }) => text());
    return { code, signal: null, stdout, stderr };
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, before);
    process.chdir(home);
    for (const { release } of captured) release();
  }
}

/** Collects the text that is written to a stream, instead of printing it. */
function capture(stream: NodeJS.WriteStream): { text(): string; release(): void } {
  const pieces: Buffer[] = [];
  const { write } = stream;
  stream.write = ((piece: string | Uint8Array, ...rest: unknown[]) => {
    pieces.push(Buffer.from(piece as string));
    const done = rest.at(-1);
    if (typeof done === "function") process.nextTick(done as () => void);
    return true;
  }) as typeof write;
  return {
    text: () => Buffer.concat(pieces).toString(),
    release: () => {
      stream.write = write;
    },
  };
}
