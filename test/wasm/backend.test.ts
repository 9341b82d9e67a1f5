import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
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

/** Runs a program with the built library; what it prints, and its warnings. */
async function run(program: string, env: Record<string, string>) {
  const { SIGMA_TSNE_BACKEND: _, ...rest } = process.env;
  const source = `const sigma = await import(${JSON.stringify(library)}); const data = ${JSON.stringify(data)}; ${program}`;
  const args = ["--input-type=module", "-e", source];
  return execute(process.execPath, args, { env: { ...rest, ...env } }).then(
    ({ stdout, stderr }) => ({ stdout: stdout.trim(), stderr }),
    ({ stdout, stderr }: { stdout: string; stderr: string }) => ({ stdout: stdout.trim(), stderr }),
  );
}

const printBackend = "console.log(JSON.stringify(sigma.backend));";

test("it computes with WebAssembly where SIGMA_TSNE_BACKEND asks for it", async () => {
  expect(backend).toEqual({ name: "wasm", instructionSet: "wasm-simd128", reason: undefined });
  const { embedding, kl } = await runTsne(data, { perplexity: 10 });
  expect(embedding.shape).toEqual([120, 2]);
  expect(kl).toBeGreaterThan(0);
  expect(kl).toBeLessThan(1);
});

test("it gives the bytes of the native kernels without vector extensions", async () => {
  const embed = `const { embedding } = await sigma.runTsne(data, { perplexity: 10, method: "exact" });
    console.log(sigma.backend.name + " " + Buffer.from(embedding.data.buffer).toString("base64"));`;
  const native = await run(embed, { SIGMA_TSNE_ISA: "baseline" });
  const { embedding } = await runTsne(data, { perplexity: 10, method: "exact" });
  const own = Buffer.from(embedding.data.buffer).toString("base64");
  expect(native.stdout).toBe(`native ${own}`);
});

test("it falls back to WebAssembly and says why where there is no binary for the platform", async () => {
  const { stdout, stderr } = await run(printBackend, { PREBUILDS_ONLY: "1", npm_config_arch: "riscv64" });
  const chosen = JSON.parse(stdout);
  expect(chosen.name).toBe("wasm");
  expect(chosen.reason).toMatch(/no native binary can be used on this platform \(.+\): no binary was found/);
  expect(stderr).toContain("[SIGMA_TSNE_BACKEND] SigmaTsneWarning: no native binary can be used");
  expect(stderr).toContain("WebAssembly computes instead");
  expect(stderr).not.toContain("at ");
});

/** A folder with a binary of these bytes for the platform of this machine. */
async function binaryOf(bytes: string): Promise<string> {
  const prebuilds = join(folder, createHash("sha256").update(bytes).digest("hex").slice(0, 8));
  const platform = join(prebuilds, "prebuilds", `${process.platform}-${process.arch}`);
  await mkdir(platform, { recursive: true });
  await writeFile(join(platform, "sigma-tsne.node"), bytes);
  return prebuilds;
}

test("it falls back to WebAssembly where the binary is damaged", async () => {
  const damaged = await binaryOf("not a binary");
  const { stdout } = await run(printBackend, { PREBUILDS_ONLY: "1", SIGMA_TSNE_PREBUILD: damaged });
  expect(JSON.parse(stdout).reason).toContain("sigma-tsne.node");
});

test("it refuses another backend than was forced", async () => {
  const damaged = await binaryOf("not a binary");
  const forced = { SIGMA_TSNE_BACKEND: "native", PREBUILDS_ONLY: "1", SIGMA_TSNE_PREBUILD: damaged };
  const { stderr } = await run(printBackend, forced);
  expect(stderr).toContain("npm rebuild sigma-tsne");
  const unknown = await run(printBackend, { SIGMA_TSNE_BACKEND: "gpu" });
  expect(unknown.stderr).toContain('SIGMA_TSNE_BACKEND must be native, wasm or auto (got "gpu")');
});

test("it refuses a binary of another version of the package", async () => {
  const clone = join(folder, "clone");
  await mkdir(join(clone, "native", "addon"), { recursive: true });
  await cp("native/addon/binding.cjs", join(clone, "native/addon/binding.cjs"));
  // The module that loads WebAssembly imports others of the folder.
  await cp("dist", join(clone, "dist"), { recursive: true });
  await cp("prebuilds/wasm", join(clone, "prebuilds/wasm"), { recursive: true });
  await cp("build/Release/sigma_tsne.node", join(clone, "build/Release/sigma_tsne.node"));
  await cp("node_modules/node-gyp-build", join(clone, "node_modules/node-gyp-build"), { recursive: true });
  await writeFile(join(clone, "package.json"), JSON.stringify({ name: "sigma-tsne", version: "9.9.9" }));
  const program = `console.log(require(${JSON.stringify(join(clone, "native/addon/binding.cjs"))}).backend.reason)`;
  const { SIGMA_TSNE_BACKEND: _, ...env } = process.env;
  const { stdout } = await execute(process.execPath, ["-e", program], { env });
  expect(stdout).toMatch(/the binary is of version \d+\.\d+\.\d+, the package of version 9\.9\.9/);
});

test("it lets the event loop run during gradient descent and stops on request", async () => {
  const tsne = new Tsne(data, { perplexity: 10, iterations: 20_000, method: "exact" });
  setTimeout(() => tsne.stop(), 300);
  const { iterations, stopped } = await tsne.fit();
  expect(stopped).toBe("stop");
  expect(iterations).toBeGreaterThan(0);
  expect(iterations).toBeLessThan(20_000);
});

test("it refuses a run that needs more memory than WebAssembly can have", async () => {
  const many = { data: new Float32Array(3_000_000), rows: 3_000_000, cols: 1 };
  await expect(runTsne(many)).rejects.toMatchObject({
    code: "OUT_OF_MEMORY",
    message: expect.stringMatching(/^3000000 points x 1 values at perplexity 30 need about \d+\.\d GiB, and/),
  });
});

test("it works on after an error of the core", async () => {
  const bad = data.map((row, i) => (i === 7 ? [Number.NaN, ...row.slice(1)] : row));
  await expect(runTsne(bad, { perplexity: 10 })).rejects.toMatchObject({ code: "NOT_FINITE", row: 7, column: 0 });
  await expect(runTsne(data, { perplexity: 10, iterations: 10 })).resolves.toMatchObject({ iterations: 10 });
});
