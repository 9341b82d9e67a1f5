import cliProgress, { type Options, type Params, type SingleBar } from "cli-progress";

/** How far a command is in one of its stages; the last three where the stage counts iterations. */
export interface StageProgress {
  stage: string;
  /** 0 to 1. */
  fraction: number;
  iteration?: number;
  maxIter?: number;
  kl?: number | undefined;
}

/** How a command shows people, on standard error, how far it is. */
export interface ProgressDisplay {
  /** Shows how far a run is. */
  update(progress: StageProgress): void;
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
  if (quiet) return { update: () => {}, stop: () => {} };
  return stream.isTTY ? new ProgressBar(stream, facts) : new ProgressLines(stream, facts);
}

class ProgressLines implements ProgressDisplay {
  readonly #stream: NodeJS.WritableStream;
  readonly #facts: () => string;
  #stage: string | undefined;
  #hundreds = 0;

  constructor(stream: NodeJS.WritableStream, facts: () => string) {
    this.#stream = stream;
    this.#facts = facts;
  }

  update({ stage, iteration = 0, maxIter, kl }: StageProgress): void {
    if (this.#stage === undefined) this.#stream.write(`${this.#facts()}\n`);
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#stream.write(`${stage}\n`);
    }
    const hundreds = Math.floor(iteration / 100);
    if (hundreds > this.#hundreds) {
      this.#hundreds = hundreds;
      this.#stream.write(`iteration ${iteration} of ${maxIter}${kl === undefined ? "" : `, KL ${kl.toFixed(4)}`}\n`);
    }
  }

  stop(): void {}
}

class ProgressBar implements ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #facts: () => string;
  readonly #bar: SingleBar;
  #stage: string | undefined;

  constructor(stream: NodeJS.WriteStream, facts: () => string) {
    this.#stream = stream;
    this.#facts = facts;
    this.#bar = new cliProgress.SingleBar({
      stream,
      format: drawBar,
      // The remaining time follows the speed of the last ten seconds.
      etaBuffer: 100,
      clearOnComplete: true,
      // Keeps the terminal's own settings, so that a kill leaves none to restore.
      linewrap: true,
      gracefulExit: false,
    });
  }

  update(progress: StageProgress): void {
    if (progress.stage === this.#stage) {
      this.#bar.update(progress.fraction, progress);
      return;
    }
    if (this.#stage === undefined) this.#stream.write(`${this.#facts()}\n`);
    // Each stage has its own speed, so the estimate of the remaining time starts anew.
    this.#stage = progress.stage;
    this.#bar.stop();
    this.#bar.start(1, progress.fraction, progress);
  }

  stop(): void {
    this.#bar.stop();
  }
}

const widths = { stage: 14, bar: 24, facts: 45 };

/** One line, narrower than the terminal: the bar gives way first, then the line is cut. */
function drawBar(options: Options, { progress, eta, maxWidth }: Params, report: StageProgress): string {
  const { stage, iteration, maxIter, kl } = report;
  const facts = [
    `${Math.floor(progress * 100)}%`.padStart(5),
    stage === "optimization" ? `${iteration}/${maxIter}` : "",
    kl === undefined ? "" : `KL ${kl.toFixed(3)}`,
    // Without a speed to go by, the estimate is no finite number.
    Number.isFinite(eta) && progress < 1 ? `${cliProgress.Format.TimeFormat(eta, options, 1)} left` : "",
  ];
  const room = Math.min(widths.bar, maxWidth - widths.stage - widths.facts);
  const done = Math.round(progress * room);
  const bar = room > 0 ? `[${"=".repeat(done)}${" ".repeat(room - done)}]` : "";
  // The last column stays free: terminals wrap when it is filled.
  return `${stage.padEnd(widths.stage)} ${bar}${facts.filter(Boolean).join("  ")}`.slice(0, maxWidth - 1);
}
