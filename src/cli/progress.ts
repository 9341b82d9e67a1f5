import cliProgress, { type Options, type Params, type SingleBar } from "cli-progress";

/**
 * The progress of a command in one of its stages. A stage that counts iterations also sets `iteration`, `iterations`
 * and `kl`.
 */
export interface StageProgress {
  stage: string;
  /** 0 to 1. */
  fraction: number;
  iteration?: number;
  /** Total number of iterations, if known. */
  iterations?: number | undefined;
  kl?: number | undefined;
  /** Further facts to show next to the bar. */
  facts?: readonly string[] | undefined;
  /** Remaining seconds, if the stage can estimate them better than the bar does. */
  secondsLeft?: number | undefined;
}

/** Shows the progress of a command on standard error. */
export interface ProgressDisplay {
  /** Shows the progress of a run. */
  update(progress: StageProgress): void;
  /** Prints a permanent line. */
  note(line: string): void;
  /** Removes the bar. Call this function before any other output, and always at the end. */
  stop(): void;
}

/**
 * Creates a progress bar on a terminal, or progress lines elsewhere. If `quiet` is true, nothing is shown.
 *
 * @param facts description of the run, printed when the run has begun, because only then it is certain that the data
 *   are usable
 */
export function createProgressDisplay(
  quiet: boolean,
  facts: () => string,
  stream: NodeJS.WriteStream = process.stderr,
): ProgressDisplay {
  if (quiet) return { update: () => {}, note: () => {}, stop: () => {} };
  return stream.isTTY ? new ProgressBar(stream, facts) : new ProgressLines(stream, facts);
}

class ProgressLines implements ProgressDisplay {
  readonly #stream: NodeJS.WritableStream;
  readonly #facts: () => string;
  #stage: string | undefined;
  #hundreds = 0;
  #begun = false;

  constructor(stream: NodeJS.WritableStream, facts: () => string) {
    this.#stream = stream;
    this.#facts = facts;
  }

  update({ stage, iteration = 0, iterations, kl }: StageProgress): void {
    this.#begin();
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#stream.write(`${stage}\n`);
    }
    const hundreds = Math.floor(iteration / 100);
    if (hundreds > this.#hundreds) {
      this.#hundreds = hundreds;
      this.#stream.write(
        `iteration ${countOf(iteration, iterations, " of ")}${kl === undefined ? "" : `, KL ${kl.toFixed(4)}`}\n`,
      );
    }
  }

  note(line: string): void {
    this.#begin();
    this.#stream.write(`${line}\n`);
  }

  stop(): void {}

  #begin(): void {
    if (!this.#begun) this.#stream.write(`${this.#facts()}\n`);
    this.#begun = true;
  }
}

class ProgressBar implements ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #facts: () => string;
  readonly #bar: SingleBar;
  #stage: string | undefined;
  #begun = false;

  constructor(stream: NodeJS.WriteStream, facts: () => string) {
    this.#stream = stream;
    this.#facts = facts;
    this.#bar = new cliProgress.SingleBar({
      stream,
      format: drawBar,
      // The remaining time follows the speed of the last ten seconds.
      etaBuffer: 100,
      clearOnComplete: true,
      // Keeps the terminal's own settings, so that nothing has to be restored after a kill.
      linewrap: true,
      gracefulExit: false,
    });
  }

  update(progress: StageProgress): void {
    if (progress.stage === this.#stage) {
      this.#bar.update(progress.fraction, progress);
      return;
    }
    this.#begin();
    // Each stage has its own speed, so the estimate of the remaining time starts again.
    this.#stage = progress.stage;
    this.#bar.stop();
    this.#bar.start(1, progress.fraction, progress);
  }

  note(line: string): void {
    this.stop();
    this.#begin();
    this.#stream.write(`${line}\n`);
  }

  stop(): void {
    this.#bar.stop();
    this.#stage = undefined;
  }

  #begin(): void {
    if (!this.#begun) this.#stream.write(`${this.#facts()}\n`);
    this.#begun = true;
  }
}

const countOf = (done: number | undefined, all: number | undefined, between: string): string =>
  all === undefined ? `${done}` : `${done}${between}${all}`;

const widths = { stage: 14, bar: 24, facts: 45 };

/**
 * Returns one line that is narrower than the terminal. If the line is too long, the bar is shortened first; if that is
 * not enough, the end of the line is cut off.
 */
function drawBar(options: Options, { progress, eta, maxWidth }: Params, report: StageProgress): string {
  const { stage, iteration, iterations, kl, secondsLeft = eta } = report;
  const parts = [
    `${Math.floor(progress * 100)}%`.padStart(5),
    stage === "optimization" ? countOf(iteration, iterations, "/") : "",
    kl === undefined ? "" : `KL ${kl.toFixed(3)}`,
    // Until the speed is known, the estimate is not a finite number.
    Number.isFinite(secondsLeft) && progress < 1
      ? `${cliProgress.Format.TimeFormat(Math.round(secondsLeft), options, 1)} left`
      : "",
    ...(report.facts ?? []),
  ];
  const facts = parts.filter(Boolean).join("  ");
  // A fixed width keeps the bar in place while the figures change.
  const room = Math.min(widths.bar, maxWidth - widths.stage - Math.max(widths.facts, facts.length + 4));
  const done = Math.round(progress * room);
  const bar = room > 0 ? `[${"=".repeat(done)}${" ".repeat(room - done)}]` : "";
  // The last column stays empty, because terminals wrap a full line.
  return `${stage.padEnd(widths.stage)} ${bar}${facts}`.slice(0, maxWidth - 1);
}
