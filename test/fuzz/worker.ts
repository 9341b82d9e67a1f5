import { readFileSync } from "node:fs";
import { Coverage } from "./coverage.js";
import { Session } from "./session.js";
import { TARGETS } from "./targets/index.js";

/** The report of a worker. */
export interface Report {
  count: number;
  pool: number;
  blocks: number;
  /** The error that an input caused. */
  failure?: string;
  isDone?: boolean;
}

/** Memory limit of a worker in bytes. */
const MOST_BYTES = 3 * 2 ** 30;
const REPORT_EVERY_MS = 250;

const [name = "", path = "", seed = "1", seconds = "0", input] = process.argv.slice(2);
const target = TARGETS.find((candidate) => candidate.name === name);
if (!target) throw new Error(`no target ${name}`);

const send = (report: Report) => new Promise<void>((resolve) => process.send?.(report, () => resolve()) ?? resolve());
const describe = (error: unknown) => (error instanceof Error ? String(error.stack) : `thrown: ${String(error)}`);

async function fail(error: unknown): Promise<never> {
  if (!process.send) console.error(describe(error));
  await send({ count: 0, pool: 0, blocks: 0, failure: describe(error) });
  process.exit(1);
}
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

if (input !== undefined) {
  await target.run(readFileSync(input), input).catch(fail);
  console.log(`${input}: nothing but errors of the package came out`);
  process.exit(0);
}

const coverage = new Coverage();
const session = new Session(target, path, Number(seed), coverage);
const report = (): Report => ({ count: session.count, pool: session.pool, blocks: coverage.blocks });
await session.open();
await send(report());
const end = performance.now() + Number(seconds) * 1000;
let told = 0;
while (performance.now() < end || session.count < session.corpus) {
  try {
    await session.step();
  } catch (error) {
    await fail(error);
  }
  // maxRSS is in kilobytes.
  if (process.resourceUsage().maxRSS * 1024 > MOST_BYTES) await fail(new Error("memory: more than 3 GiB"));
  if (performance.now() - told < REPORT_EVERY_MS) continue;
  told = performance.now();
  await send(report());
}
await send({ ...report(), isDone: true });
process.exit(0);
