import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { TARGETS } from "./targets/index.js";
import type { Report } from "./worker.js";

const CRASHES = "test/fuzz/crashes";
/** An input that takes longer counts as hanging, even on a busy machine. */
const PATIENCE_MS = 60_000;
const worker = fileURLToPath(new URL("worker.js", import.meta.url));

const count = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("expected an integer >= 0");
  return Number(text);
};
const program = new Command("npm run fuzz --")
  .description(
    `Feeds what reads files, and the options of the library, with damaged inputs.\nTargets: ${TARGETS.map(({ name }) => name).join(", ")}`,
  )
  .argument("[targets...]", "which targets (default: all)")
  .option("--seconds <n>", "how long each target is tried", count, 5)
  .option("--seed <n>", "of the changes; another one tries other inputs", count, 1)
  .option("--input <file>", "runs that input alone, of one target: reproduces a crash")
  .parse();
const { seconds, seed, input } = program.opts<{ seconds: number; seed: number; input?: string }>();
const unknown = program.args.find((name) => !TARGETS.some((target) => target.name === name));
if (unknown !== undefined) program.error(`unknown target ${unknown}`);
const targets = TARGETS.filter(({ name }) => program.args.length === 0 || program.args.includes(name));

if (input !== undefined) {
  const [target] = targets;
  if (!target || targets.length > 1) throw program.error("--input is of one target: name it");
  const child = fork(worker, [target.name, "", "0", "0", input], { execArgv: ["--enable-source-maps"] });
  child.on("message", ({ failure }: Report) => failure && console.error(failure));
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? 1 : (code ?? 1);
  });
} else {
  let failures = 0;
  for (const { name, extension } of targets) failures += (await fuzz(name, extension)) ? 0 : 1;
  process.exitCode = failures > 0 ? 1 : 0;
}

/** @returns whether no error was found */
async function fuzz(name: string, extension: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "sigma-tsne-fuzz-"));
  const path = join(folder, `input${extension}`);
  const begin = performance.now();
  let last: Report = { count: 0, pool: 0, blocks: 0 };
  let failure: string | undefined;
  await new Promise<void>((resolve) => {
    const child = fork(worker, [name, path, String(seed), String(seconds)], {
      execArgv: ["--enable-source-maps", "--max-old-space-size=1024"],
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    let complaints = "";
    child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
      complaints = (complaints + piece).slice(-4000);
    });
    const hang = () => {
      failure = `hang: more than ${PATIENCE_MS / 1000} s`;
      child.kill("SIGKILL");
    };
    let watch = setTimeout(hang, PATIENCE_MS);
    child.on("message", (report: Report) => {
      clearTimeout(watch);
      watch = setTimeout(hang, PATIENCE_MS);
      if (report.failure !== undefined) failure = report.failure;
      else last = report;
    });
    child.on("exit", (code, signal) => {
      clearTimeout(watch);
      if (failure === undefined && !last.isDone) failure = `crash: exit ${code ?? signal}\n${complaints}`;
      resolve();
    });
  });
  const took = ((performance.now() - begin) / 1000).toFixed(1);
  if (failure === undefined) {
    console.log(`${name}: ${last.count} inputs in ${took} s, ${last.pool} of them kept, ${last.blocks} blocks of code`);
  } else if (!existsSync(path)) {
    console.log(`${name}: failed before its first input: ${failure}`);
  } else {
    mkdirSync(CRASHES, { recursive: true });
    const bytes = readFileSync(path);
    const kept = join(
      CRASHES,
      `${name}-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}${extname(path)}`,
    );
    copyFileSync(path, kept);
    console.log(`${name}: ${failure}\nagain: npm run fuzz -- ${name} --input ${join(CRASHES, basename(kept))}`);
  }
  rmSync(folder, { recursive: true });
  return failure === undefined;
}
