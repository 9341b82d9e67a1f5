import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runBhTsne } from "../../src/tsne/index.js";
import { makeGroups } from "../cli/workplace.js";

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
const script = (name: string): string => join(import.meta.dirname, "package", name);

/** A project whose node_modules contain this package, as after `npm install`. */
let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "sigma-tsne-project-"));
  await mkdir(join(project, "node_modules", "@types"), { recursive: true });
  await symlink(root, join(project, "node_modules", "sigma-tsne"), "junction");
  await symlink(join(root, "node_modules/@types/node"), join(project, "node_modules/@types/node"), "junction");
});

afterAll(() => rm(project, { recursive: true, force: true }));

async function runInProject(name: string, source: string): Promise<string> {
  await writeFile(join(project, name), source);
  return (await execute(process.execPath, [name], { cwd: project })).stdout.trim();
}

interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

async function runScript(name: string, ...args: string[]): Promise<Ending> {
  const child = spawn(process.execPath, [script(name), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (piece: string) => {
      printed[stream] += piece;
    });
  }
  const [code, signal] = await once(child, "close");
  return { code, signal, ...printed };
}

describe("a project that depends on the package", () => {
  const body = `
    const rows = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
    runBhTsne(rows, { iterations: 20 }).then(async ({ embedding, iterations }) => {
      console.log(embedding.shape.join("x"), iterations, embedding instanceof Matrix);
      await runBhTsne(rows, { outputDimensions: 9 }).catch((error) => console.log(error instanceof ArgumentError, error.code));
    });`;
  const expected = "30x2 20 true\ntrue OUT_OF_RANGE";
  const names = "ArgumentError, Matrix, runBhTsne";

  test("requires it from CommonJS", async () => {
    const source = `const { ${names} } = require("sigma-tsne");${body}`;
    expect(await runInProject("require.cjs", source)).toBe(expected);
  });

  test("imports it from an ES module", async () => {
    const source = `import { ${names} } from "sigma-tsne";${body}`;
    expect(await runInProject("import.mjs", source)).toBe(expected);
  });

  test.each([
    ["explorer.cjs", 'const { explore } = require("sigma-tsne/explorer");'],
    ["explorer.mjs", 'import { explore } from "sigma-tsne/explorer";'],
  ])("serves an exploration: %s", async (name, head) => {
    await writeFile(join(project, "map.csv"), "0,1\n2,3\n4,5\n");
    const source = `${head}
      (async () => {
        const { url, n, close } = await explore("map.csv");
        const { layouts } = await (await fetch(url + "api/exploration")).json();
        await close();
        console.log(n, layouts.length);
        await explore("map.csv", { labls: "labels.txt" }).catch(({ code, message }) => console.log(code, message));
      })();`;
    expect(await runInProject(name, source)).toBe('3 1\nUNKNOWN_OPTION unknown option "labls"; did you mean "labels"?');
  });

  test("finds the same exports with require and import", async () => {
    const source = `
      import { createRequire } from "node:module";
      import * as imported from "sigma-tsne";
      const required = createRequire(import.meta.url)("sigma-tsne");
      // Names of the bundler begin with underscores.
      const names = (exports) => Object.keys(exports).filter((name) => !/^(default$|__)/.test(name)).sort().join();
      console.log(names(imported) === names(required), names(imported));`;
    const [same, listed] = (await runInProject("names.mjs", source)).split(" ");
    expect(same).toBe("true");
    for (const name of ["Tsne", "runBhTsne", "pca", "toMatrix", "Matrix", "readMatrix", "writeMatrix", "drawMap"]) {
      expect(listed?.split(",")).toContain(name);
    }
  });

  test("can mix both: each accepts the matrices of the other", async () => {
    const source = `
      import { createRequire } from "node:module";
      import { pca, runBhTsne } from "sigma-tsne";
      const required = createRequire(import.meta.url)("sigma-tsne");
      const rows = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(2 * i), i]);
      const { embedding } = await required.runBhTsne((await pca(rows, 2)).scores, { iterations: 5 });
      console.log((await runBhTsne(embedding, { iterations: 5 })).embedding.rows);`;
    expect(await runInProject("mixed.mjs", source)).toBe("30");
  });

  test.each([
    ["comparison.mjs", 'import { compare, writeComparison } from "sigma-tsne";'],
    ["comparison.cjs", 'const { compare, writeComparison } = require("sigma-tsne");'],
  ])("finds the parts of the report: %s", async (name, load) => {
    const source = `${load}
      const rows = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
      compare(rows, { sigma: rows.map(() => [1, 1]), iterations: 5 })
        .then((comparison) => writeComparison("${name}-report", comparison))
        .then(({ files }) => console.log(files.at(-1)));`;
    expect(await runInProject(name, source)).toBe("report.html");
    expect(await readFile(join(project, `${name}-report`, "report.html"), "utf8")).toContain("Content-Security-Policy");
  });

  test("can read its package.json but no private file", async () => {
    const source = `
      const { version } = require("sigma-tsne/package.json");
      console.log(version);
      for (const path of ["sigma-tsne/dist/index.js", "sigma-tsne/native/addon/binding.cjs"]) {
        try { require(path); } catch ({ code }) { console.log(code); }
      }`;
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(await runInProject("paths.cjs", source)).toBe(
      `${version}\nERR_PACKAGE_PATH_NOT_EXPORTED\nERR_PACKAGE_PATH_NOT_EXPORTED`,
    );
  });

  test.each([
    ["ES modules", "consumer.mts", "consumer.mjs"],
    ["CommonJS", "consumer.cts", "consumer.cjs"],
  ])("type-checks strictly and runs as %s", async (_, source, compiled) => {
    await writeFile(join(project, source), await readFile(script("consumer.ts")));
    const compilerOptions = {
      target: "ES2022",
      module: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      types: ["node"],
      outDir: ".",
    };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [source] }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout: complaints } = await execute(process.execPath, [tsc, "-p", project]).catch((error) => error);
    expect(complaints).toBe("");
    const { stdout } = await execute(process.execPath, [compiled], { cwd: project });
    expect(stdout.trim()).toBe("2 30,2 barnes-hut 30,2 number function function OUT_OF_RANGE 6");
  });
});

test("loading the package loads neither the drawing library nor tensorflow", async () => {
  const list = join(project, "loaded.txt");
  await execute(process.execPath, [script("loaded.cjs")], { env: { ...process.env, LOADED: list } });
  const loaded = (await readFile(list, "utf8")).split("\n");
  expect(loaded).toContain("sigma-tsne");
  expect(loaded).toContain("csv-parse");
  expect(loaded.filter((name) => /canvas|tensorflow|tfjs/.test(name))).toEqual([]);
});

describe("in worker threads", () => {
  const rows = makeGroups(120, 5, 3);
  const options = { iterations: 100, threads: 2 };

  async function embedInWorker(): Promise<unknown> {
    const worker = new Worker(script("worker.mjs"), { workerData: { rows, options } });
    // When a worker ends, its last messages and its exit arrive together.
    const [[map], [code]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
    expect(code).toBe(0);
    return map;
  }

  test("several runs at once give the same map as the main thread", async () => {
    const { embedding } = await runBhTsne(rows, options);
    const expected = createHash("sha256")
      .update(embedding.data as Float32Array<ArrayBuffer>)
      .digest("hex");
    expect(await Promise.all([embedInWorker(), embedInWorker(), embedInWorker()])).toEqual([
      expected,
      expected,
      expected,
    ]);
  });

  test("terminate() ends a running computation, and the main thread continues", async () => {
    const endless = { ...options, iterations: 1e9 };
    const worker = new Worker(script("worker.mjs"), { workerData: { rows, options: endless, isEndless: true } });
    await once(worker, "message");
    expect(await worker.terminate()).toBe(1);
    expect((await runBhTsne(rows, options)).iterations).toBe(100);
  });

  test("terminate() never crashes the process, at any moment of a run", async () => {
    expect(await runScript("terminate.mjs")).toEqual({ code: 0, signal: null, stdout: "survived\n", stderr: "" });
  });
});

describe("a process that ends during a run", () => {
  test.each(["inside onProgress", "from a timer"])(
    "by process.exit() %s has the requested exit code",
    async (place) => {
      expect(await runScript("exit.mjs", place)).toEqual({ code: 7, signal: null, stdout: "", stderr: "" });
    },
  );

  test("by an uncaught error prints the error and exits with 1", async () => {
    const { code, signal, stderr } = await runScript("throw.mjs");
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(stderr).toContain("nobody catches this");
  });
});

test("starting and aborting many runs does not leak memory", async () => {
  const { code, stdout, stderr } = await runScript("abort-often.mjs");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(Number(stdout)).toBeLessThan(120e6);
});

test("runs of every kind end correctly when they are canceled at random moments (`npm run soak` repeats this 500 times)", async () => {
  const { stdout } = await execute(process.execPath, ["--expose-gc", script("soak.mjs"), "30"]).catch((error) => error);
  expect(JSON.parse(stdout)).toMatchObject({ runs: 30, areSame: true, haveSurvived: true, exits: [7, 7] });
});
