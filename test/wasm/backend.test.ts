import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backend, runTsne, Tsne } from "../../src/index.js";

const execute = promisify(execFile);
const library = resolve("dist/index.js");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-backend-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** 120 points in three groups. */
const data = Array.from({ length: 120 }, (_, i) =>
  Array.from({ length: 5 }, (_, k) => (i % 3 === k % 3 ? 10 : 0) + Math.sin(7 * i + 3 * k)),
);

/** Runs a program with the built library, and returns its output and warnings. */
async function run(program: string, env: Record<string, string>, ...flags: string[]) {
  const { SIGMA_TSNE_BACKEND: _, ...rest } = process.env;
  const source = `const sigma = await import(${JSON.stringify(library)}); const data = ${JSON.stringify(data)}; ${program}`;
  const args = [...flags, "--input-type=module", "-e", source];
  return execute(process.execPath, args, { env: { ...rest, ...env } }).then(
    ({ stdout, stderr }) => ({ stdout: stdout.trim(), stderr }),
    ({ stdout, stderr }: { stdout: string; stderr: string }) => ({ stdout: stdout.trim(), stderr }),
  );
}

const printBackend = "console.log(JSON.stringify(sigma.backend));";

test("the package computes with WebAssembly if SIGMA_TSNE_BACKEND requests it", async () => {
  expect(backend).toEqual({
    name: "wasm",
    instructionSet: "wasm-simd128",
    mostThreads: 16,
    reason: undefined,
  });
  const { embedding, kl } = await runTsne(data, { perplexity: 10 });
  expect(embedding.shape).toEqual([120, 2]);
  expect(kl).toBeGreaterThan(0);
  expect(kl).toBeLessThan(1);
});

test("WebAssembly gives the same bytes as the native kernels without vector extensions", async () => {
  const embed = `const { embedding } = await sigma.runTsne(data, { perplexity: 10, method: "exact" });
    console.log(sigma.backend.name + " " + Buffer.from(embedding.data.buffer).toString("base64"));`;
  const native = await run(embed, { SIGMA_TSNE_ISA: "baseline" });
  const { embedding } = await runTsne(data, { perplexity: 10, method: "exact" });
  const own = Buffer.from(embedding.data.buffer).toString("base64");
  expect(native.stdout).toBe(`native ${own}`);
});

test("the package falls back to WebAssembly and gives the reason if there is no binary for the platform", async () => {
  const { stdout, stderr } = await run(printBackend, { PREBUILDS_ONLY: "1", npm_config_arch: "riscv64" });
  const chosen = JSON.parse(stdout);
  expect(chosen.name).toBe("wasm");
  expect(chosen.reason).toMatch(/no native binary can be used on this platform \(.+\): no binary was found/);
  expect(stderr).toContain("[SIGMA_TSNE_BACKEND] SigmaTsneWarning: no native binary can be used");
  expect(stderr).toContain("WebAssembly computes instead");
  expect(stderr).not.toContain("at ");
});

/** Makes node-gyp-build look for the binary of another platform, which does not exist. */
const withoutBinary = { PREBUILDS_ONLY: "1", npm_config_arch: "riscv64" };

const failures: [string, string, string][] = [
  ["WebAssembly is switched off", "--no-expose-wasm", "this program has switched WebAssembly off"],
];
// Without this instruction set of x64, V8 has no SIMD.
if (process.arch === "x64") {
  failures.push(["SIMD is missing", "--no-enable-sse4-1", "WebAssembly has no SIMD instructions on this processor"]);
}

test.each(failures)("if there is no binary and %s, the package says so without a stack trace", async (_, flag, why) => {
  const { stderr } = await run(printBackend, withoutBinary, flag);
  expect(stderr).toContain(`no binary was found, and the WebAssembly core cannot be loaded either: ${why}. Build one`);
  expect(stderr).not.toMatch(/^ +at /m);
  const forced = await run(printBackend, { SIGMA_TSNE_BACKEND: "wasm" }, flag);
  expect(forced.stderr).toContain(`the WebAssembly core cannot be loaded: ${why}. Unset SIGMA_TSNE_BACKEND`);
  expect(forced.stderr).not.toMatch(/^ +at /m);
});

test("a program can catch the error that nothing can compute", async () => {
  const program = `import(${JSON.stringify(library)}).catch(({ name, code }) => console.log(name, code))`;
  const env = { ...process.env, ...withoutBinary, SIGMA_TSNE_BACKEND: "auto" };
  const { stdout } = await execute(process.execPath, ["--no-expose-wasm", "-e", program], { env });
  expect(stdout).toBe("SigmaTsneError ADDON_NOT_FOUND\n");
});

test("the command line reports in one line that nothing can compute", async () => {
  const env = { ...process.env, ...withoutBinary, SIGMA_TSNE_BACKEND: "auto" };
  const command = execute(process.execPath, ["--no-expose-wasm", resolve("dist/cli.js"), "--version"], { env });
  await expect(command).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^sigma-tsne: no native binary can be used on this platform .*\n$/),
  });
});

/** A folder with a binary that consists of these bytes, for the platform of this machine. */
async function binaryOf(bytes: string): Promise<string> {
  const prebuilds = join(folder, createHash("sha256").update(bytes).digest("hex").slice(0, 8));
  const platform = join(prebuilds, "prebuilds", `${process.platform}-${process.arch}`);
  await mkdir(platform, { recursive: true });
  await writeFile(join(platform, "sigma-tsne.node"), bytes);
  return prebuilds;
}

test("the package falls back to WebAssembly if the binary is damaged", async () => {
  const damaged = await binaryOf("not a binary");
  const { stdout } = await run(printBackend, { PREBUILDS_ONLY: "1", SIGMA_TSNE_PREBUILD: damaged });
  expect(JSON.parse(stdout).reason).toMatch(
    /the binary cannot be loaded, because it is damaged or for another system \(.+sigma-tsne\.node/,
  );
});

test("the package rejects another backend than the forced one", async () => {
  const damaged = await binaryOf("not a binary");
  const forced = { SIGMA_TSNE_BACKEND: "native", PREBUILDS_ONLY: "1", SIGMA_TSNE_PREBUILD: damaged };
  const { stderr } = await run(printBackend, forced);
  expect(stderr).toContain("npm rebuild sigma-tsne");
  const unknown = await run(printBackend, { SIGMA_TSNE_BACKEND: "gpu" });
  expect(unknown.stderr).toContain('SIGMA_TSNE_BACKEND must be native, wasm or auto (got "gpu")');
});

/** A copy of the modules that choose the backend, with its own version and the binary of this clone at this path. */
async function copyOf(version: string, binary: string): Promise<string> {
  const copy = join(
    folder,
    `copy-${createHash("sha256")
      .update(version + binary)
      .digest("hex")
      .slice(0, 8)}`,
  );
  await mkdir(join(copy, dirname(binary)), { recursive: true });
  for (const file of ["native/addon/binding.cjs", "native/addon/install.cjs", "prebuilds/wasm/sigma-tsne.wasm"]) {
    await cp(file, join(copy, file));
  }
  // The module that loads WebAssembly imports other modules of the folder.
  await cp("dist", join(copy, "dist"), { recursive: true });
  await cp("node_modules/node-gyp-build", join(copy, "node_modules/node-gyp-build"), { recursive: true });
  await cp("build/Release/sigma_tsne.node", join(copy, binary));
  await writeFile(join(copy, "package.json"), JSON.stringify({ name: "sigma-tsne", version }));
  return copy;
}

/** The backend message of the copy, with only Node.js on the path. */
async function chooseIn(copy: string) {
  const program = `console.log(JSON.stringify(require(${JSON.stringify(join(copy, "native/addon/binding.cjs"))}).backend))`;
  const { stdout } = await execute(process.execPath, ["-e", program], { env: { PATH: "" } });
  return JSON.parse(stdout);
}

const version: string = JSON.parse(readFileSync("package.json", "utf8")).version;
const prebuilt = `prebuilds/${process.platform}-${process.arch}/sigma-tsne.node`;

/** A copy with a prebuilt binary and its checksum. If `damaged` is set, the binary is cut in half. */
async function prebuiltCopy(damaged: boolean): Promise<string> {
  const copy = await copyOf(version, prebuilt);
  const bytes = await readFile(join(copy, prebuilt));
  const sum = createHash("sha256").update(bytes).digest("hex");
  const name = prebuilt.slice("prebuilds/".length);
  await writeFile(join(copy, "prebuilds", "checksums.json"), JSON.stringify({ [name]: sum }));
  await writeFile(join(copy, prebuilt), damaged ? bytes.subarray(0, bytes.length / 2) : bytes);
  return copy;
}

test("the package rejects a binary of another version", async () => {
  const { reason } = await chooseIn(await copyOf("9.9.9", "build/Release/sigma_tsne.node"));
  expect(reason).toMatch(/the binary is of version \d+\.\d+\.\d+, the package of version 9\.9\.9/);
});

test("the package loads a prebuilt binary with a correct checksum", async () => {
  expect(await chooseIn(await prebuiltCopy(false))).toEqual({ name: "native" });
});

test("the package does not load a truncated binary, which would crash the process", async () => {
  const { name, reason } = await chooseIn(await prebuiltCopy(true));
  expect(name).toBe("wasm");
  expect(reason).toMatch(/the binary is damaged \(.+sigma-tsne\.node\); install the package again/);
});

test.each(["damaged", "missing"])("the package reports a %s WebAssembly core with its path", async (what) => {
  const copy = await copyOf(what, prebuilt);
  const core = join(copy, "prebuilds/wasm/sigma-tsne.wasm");
  const bytes = await readFile(core);
  await (what === "missing" ? rm(core) : writeFile(core, bytes.subarray(0, bytes.length / 2)));
  const program = `console.log(require(${JSON.stringify(join(copy, "native/addon/binding.cjs"))}).failure.message)`;
  const env = { PATH: "", SIGMA_TSNE_BACKEND: "wasm" };
  const { stdout } = await execute(process.execPath, ["-e", program], { env });
  expect(stdout).toContain(`cannot be loaded: ${core} is ${what}; install the package again. Unset`);
});

test("the installation keeps a prebuilt binary that loads", async () => {
  const copy = await prebuiltCopy(false);
  const install = [join(copy, "native/addon/install.cjs")];
  expect(await execute(process.execPath, install, { cwd: copy, env: { PATH: "" } })).toEqual({
    stdout: "",
    stderr: "",
  });
});

test("the package installs without a binary and without a compiler, and reports this", async () => {
  const copy = await prebuiltCopy(true);
  const install = [join(copy, "native/addon/install.cjs")];
  const { stderr } = await execute(process.execPath, install, { cwd: copy, env: { PATH: "" } });
  expect(stderr).toContain("sigma-tsne: no binary fits this platform, and none could be compiled");
  expect(stderr).toContain("npm rebuild sigma-tsne --foreground-scripts");
});

test("WebAssembly lets the event loop run during gradient descent and stops on request", async () => {
  const tsne = new Tsne(data, { perplexity: 10, iterations: 20_000, method: "exact" });
  setTimeout(() => tsne.stop(), 300);
  const { iterations, stopped } = await tsne.fit();
  expect(stopped).toBe("stop");
  expect(iterations).toBeGreaterThan(0);
  expect(iterations).toBeLessThan(20_000);
});

test("a run that needs more memory than WebAssembly can address is rejected", async () => {
  const many = { data: new Float32Array(3_000_000), rows: 3_000_000, cols: 1 };
  await expect(runTsne(many)).rejects.toMatchObject({
    code: "OUT_OF_MEMORY",
    message: expect.stringMatching(/^3000000 points x 1 values at perplexity 30 need about \d+\.\d GiB, but /),
  });
});

test("a run for which the memory does not suffice is rejected with advice", async () => {
  const embed = `const points = { data: new Float32Array(1_000_000).map(() => Math.random()), rows: 20_000, cols: 50 };
    await sigma.runTsne(points, { iterations: 10, threads: 2 }).catch(({ code, message }) => console.log(code + ": " + message));
    const { iterations } = await sigma.runTsne(data, { perplexity: 10, iterations: 10, threads: 2 });
    console.log(iterations);`;
  const { stdout } = await run(embed, { SIGMA_TSNE_BACKEND: "wasm" }, "--wasm-max-mem-pages=600");
  expect(stdout).toBe("OUT_OF_MEMORY: not enough memory. Use fewer points or fewer dimensions\n10");
});

test("the core still works after an error", async () => {
  const bad = data.map((row, i) => (i === 7 ? [Number.NaN, ...row.slice(1)] : row));
  await expect(runTsne(bad, { perplexity: 10 })).rejects.toMatchObject({ code: "NOT_FINITE", row: 7, column: 0 });
  await expect(runTsne(data, { perplexity: 10, iterations: 10 })).resolves.toMatchObject({ iterations: 10 });
});
