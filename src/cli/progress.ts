import cliProgress, { type Options, type Params, type SingleBar } from "cli-progress";

/** How far a command is in one of its stages; three further facts where the stage counts iterations. */
export interface StageProgress {
  stage: string;
  /** 0 to 1. */
  fraction: number;
  iteration?: number;
  /** Iterations in all, where that is known. */
  iterations?: number | undefined;
  kl?: number | undefined;
  /** What else a bar shows. */
  facts?: readonly string[] | undefined;
  /** Where the stage knows it better than the bar. */
  secondsLeft?: number | undefined;
}

/** How a command shows people, on standard error, how far it is. */
export interface ProgressDisplay {
  /** Shows how far a run is. */
  update(progress: StageProgress): void;
  /** Prints a line that stays. */
  note(line: string): void;
  /** Takes down what moves; to be called before anything else is printed, and at the end in any case. */
  stop(): void;
}

/**
 * A bar on a terminal, lines elsewhere, nothing where `quiet`.
 *
 * @param facts what the run is about, printed when it has begun: data that cannot be used are refused before
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

/** One line, narrower than the terminal: the bar gives way first, then the line is cut. */
function drawBar(options: Options, { progress, eta, maxWidth }: Params, report: StageProgress): string {
  const { stage, iteration, iterations, kl, secondsLeft = eta } = report;
  const parts = [
    `${Math.floor(progress * 100)}%`.padStart(5),
    stage === "optimization" ? countOf(iteration, iterations, "/") : "",
    kl === undefined ? "" : `KL ${kl.toFixed(3)}`,
    // Without a known speed, the estimate is not a finite number.
    Number.isFinite(secondsLeft) && progress < 1
      ? `${cliProgress.Format.TimeFormat(Math.round(secondsLeft), options, 1)} left`
      : "",
    ...(report.facts ?? []),
  ];
  const facts = parts.filter(Boolean).join("  ");
  // A fixed width, so that the bar stands still while figures change.
  const room = Math.min(widths.bar, maxWidth - widths.stage - Math.max(widths.facts, facts.length + 4));
  const done = Math.round(progress * room);
  const bar = room > 0 ? `[${"=".repeat(done)}${" ".repeat(room - done)}]` : "";
  // The last column stays free: terminals wrap when it is filled.
  return `${stage.padEnd(widths.stage)} ${bar}${facts}`.slice(0, maxWidth - 1);
}
