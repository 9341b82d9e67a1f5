import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeArray, writeMatrix } from "../../src/io/index.js";
import { nearest } from "../../src/search/index.js";
import { entry, makeGroups, toCsv } from "../cli/workplace.js";
import { ofLanguage, pages, root } from "../documentation/pages.js";
import { findCommands, joinProgram } from "../documentation/snippets.js";

const execute = promisify(execFile);

/**
 * Pages that are not run here, because another test or script runs their commands, or because they need a clone, much
 * time and data.
 */
const RUN_ELSEWHERE = [
  "bench/README.md",
  "docs/explorer.md",
  "docs/gallery.md",
  "docs/models.md",
  "docs/release.md",
  "docs/reliability.md",
  "docs/scale.md",
];
const runnable = pages.filter(
  ({ path, snippets }) =>
    !RUN_ELSEWHERE.includes(path) &&
    ["sh", "ts", "js"].some((name) => ofLanguage(snippets, name).some(({ isRun }) => isRun)),
);

/** Time limit in milliseconds. A page has a dozen commands, and each is a process. */
const LONGEST = 240_000;

/** Folders by page. Each contains the files that the page mentions. */
const folders = new Map<string, string>();
let work: string;

const N = 300;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "sigma-tsne-docs-"));
  await mkdir(join(work, "bin"));
  await writeFile(join(work, "bin", "sigma-tsne"), `#!/bin/sh\nexec "${process.execPath}" "${entry}" "$@"\n`);
  await chmod(join(work, "bin", "sigma-tsne"), 0o755);
  await writeFile(join(work, "bin", "npx"), '#!/bin/sh\nexec "$@"\n');
  await chmod(join(work, "bin", "npx"), 0o755);
  await mkdir(join(work, "node_modules", "@types"), { recursive: true });
  await symlink(root, join(work, "node_modules", "sigma-tsne"), "junction");
  await symlink(join(root, "node_modules/@types/node"), join(work, "node_modules/@types/node"), "junction");
  for (const { path } of runnable) folders.set(path, await makeFolder(path));
});

afterAll(() => rm(work, { recursive: true, force: true }));

async function makeFolder(page: string): Promise<string> {
  const folder = join(work, page.replaceAll(/\W/g, "-"));
  await mkdir(folder);
  const means = makeGroups(N, 6, 4);
  const sigma = means.map((row) => row.map((value) => 0.1 + 0.05 * Math.abs(value)));
  const labels = means.map((_, i) => `group ${i % 4}`);
  await writeMatrix(join(folder, "means.npy"), means);
  await writeMatrix(join(folder, "sigma.npy"), sigma);
  await writeMatrix(
    join(folder, "new.npy"),
    means.slice(0, 20).map((row) => row.map((value) => value + 0.1)),
  );
  await writeMatrix(join(folder, "new-sigma.npy"), sigma.slice(0, 20));
  await writeFile(join(folder, "data.csv"), toCsv(means));
  await writeFile(join(folder, "labels.txt"), `${labels.join("\n")}\n`);
  const side = 12;
  const images = Float32Array.from({ length: N * side * side }, (_, i) => (i % side) / side);
  await writeArray(join(folder, "images.npy"), images, [N, side, side]);
  const found = await nearest(
    means,
    Uint32Array.from({ length: N }, (_, i) => i),
    { k: 40 },
  );
  await writeMatrix(join(folder, "indices.npy"), { data: found.indices, rows: N, cols: found.k });
  await writeMatrix(join(folder, "distances.npy"), found.distances);
  return folder;
}

describe.each(runnable.map(({ path, snippets }) => [path, snippets] as const))("the code in %s", (path, snippets) => {
  const folder = () => folders.get(path) as string;
  const env = () => ({ ...process.env, PATH: `${join(work, "bin")}${delimiter}${process.env.PATH}` });

  const commands = ofLanguage(snippets, "sh").filter(({ isRun }) => isRun);
  const inShell = commands.length > 0 && process.platform !== "win32" ? test : undefined;
  inShell?.(
    "works in a shell",
    async () => {
      const lines = commands
        .flatMap(({ code }) => findCommands(code))
        .filter((line) => /^(npx )?sigma-tsne/.test(line));
      await writeFile(join(folder(), "commands.sh"), `set -e\n${lines.join("\n")}\n`);
      await execute("sh", ["commands.sh"], { cwd: folder(), env: env(), maxBuffer: 2 ** 26 });
    },
    LONGEST,
  );

  const programs = ["ts", "js"].flatMap((language) => ofLanguage(snippets, language)).filter(({ isRun }) => isRun);
  const asProgram = programs.length > 0 ? test : undefined;
  asProgram?.(
    "type-checks strictly and runs",
    async () => {
      await writeFile(join(folder(), "page.mts"), joinProgram(programs));
      const compilerOptions = {
        target: "ES2022",
        module: "NodeNext",
        strict: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: true,
        types: ["node"],
      };
      await writeFile(join(folder(), "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["page.mts"] }));
      const tsc = join(root, "node_modules/typescript-7/bin/tsc");
      const { stdout } = await execute(process.execPath, [tsc, "-p", "."], { cwd: folder() }).catch((error) => error);
      expect(stdout).toBe("");
      await execute(process.execPath, ["page.mjs"], { cwd: folder(), maxBuffer: 2 ** 26 });
    },
    LONGEST,
  );
});
