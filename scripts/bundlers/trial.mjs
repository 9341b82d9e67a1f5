// Tries the entry sigma-tsne/browser with bundlers: node scripts/bundlers/trial.mjs [bundler ...]
// Each bundler is installed with the packed file in an empty folder, without scripts, and bundles a page that embeds 300 points. The page is
// opened in browsers, and its KL divergence must be the same as in Node.js to three digits.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { launchBrowser } from "../browsers.mjs";
import { BUNDLERS } from "./bundlers.mjs";

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, "..", "..");
const DIGITS = 3;

/** The policy that docs/browser.md asks for, and nothing else. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:";
const FRAME = '<!doctype html><html lang="en"><title></title><script type="module" src="main.js"></script></html>';
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8" };

/** How the compressed core begins as base64. */
const CORE = "H4sI";

/**
 * Installs a bundler, bundles the page and opens it in the browsers.
 *
 * @param {keyof typeof BUNDLERS} name
 * @param {string} tarball the packed file
 * @param {Record<string, import("puppeteer-core").Browser>} browsers by name
 * @returns one line about the result
 */
export async function tryBundler(name, tarball, browsers) {
  const bundler = BUNDLERS[name];
  const project = await mkdtemp(join(tmpdir(), "sigma-tsne-bundler-"));
  const node = (args) => execute(process.execPath, args, { cwd: project, env: environment() });
  try {
    await makeProject(project, bundler, tarball);
    const { stdout } = await node(["reference.mjs"]);
    const expected = Number(stdout).toFixed(DIGITS);
    const program = join(project, "node_modules", bundler.program);
    if (bundler.args) await node([program, ...bundler.args]);
    const served = bundler.serve ? await serveBy(project, program, bundler) : await serveFiles(project, bundler.output);
    try {
      for (const [browserName, browser] of Object.entries(browsers)) {
        const title = await titleOf(browser, served.url);
        const kl = Number(/^KL (.+)$/.exec(title)?.[1]).toFixed(DIGITS);
        if (kl !== expected) throw new Error(`${browserName} shows "${title}", expected KL ${expected}`);
      }
    } finally {
      served.stop();
    }
    const size = bundler.output ? `; ${await sizeOf(join(project, bundler.output))}` : "";
    return `KL ${expected} in ${Object.keys(browsers).join(" and ")} as in Node.js${size}`;
  } finally {
    await rm(project, { recursive: true, force: true, maxRetries: 3 });
  }
}

const environment = () => ({ ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: undefined });

async function makeProject(project, { packages, files = ["index.html", "page.js", "points.js"] }, tarball) {
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  for (const file of [...files, "reference.mjs"]) {
    await cp(join(import.meta.dirname, file), join(project, basename(file)), { recursive: true });
  }
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  const shell = process.platform === "win32";
  await execute("npm", ["install", tarball, ...packages, ...options], { cwd: project, env: environment(), shell });
}

/** Waits until the page has computed or failed. */
async function titleOf(browser, url) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`${error}`));
  try {
    await page.goto(url);
    await page.waitForFunction(() => document.title !== "", { timeout: 120_000 });
    return await page.title();
  } catch (error) {
    throw new Error([error.message, ...complaints].join("; "));
  } finally {
    await page.close();
  }
}

/** Serves the files of a folder, without a connection to anything else. */
async function serveFiles(project, output) {
  const folder = join(project, output);
  const server = createServer(async ({ url }, response) => {
    const name = basename(url) || "index.html";
    const paths = await readdir(folder, { recursive: true });
    const path = paths.find((one) => basename(one) === name);
    const body = path ? await readFile(join(folder, path)) : name === "index.html" ? FRAME : undefined;
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    response.writeHead(body ? 200 : 404, { "Content-Type": type, "Content-Security-Policy": POLICY });
    response.end(body);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}

/** Starts the server of the bundler, and waits until it answers. */
async function serveBy(project, program, { serve }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const options = { cwd: project, env: environment(), stdio: ["ignore", "pipe", "pipe"] };
  const server = spawn(process.execPath, [program, ...serve(port)], options);
  let printed = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (piece) => (printed += piece));
  while (!(await answers(url))) {
    if (server.exitCode !== null) throw new Error(`the server ended: ${printed}`);
    await new Promise((later) => setTimeout(later, 200));
  }
  return { url, stop: () => server.kill() };
}

const answers = (url) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Size of the files that contain the core. Next.js splits its own code into others. */
async function sizeOf(folder) {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith(".js"));
  const files = await Promise.all(paths.map((path) => readFile(join(folder, path))));
  const bundle = files.filter((bytes) => bytes.includes(CORE));
  const kilobytes = (bytes) => `${(bytes / 1e3).toFixed(0)} kB`;
  const sum = (sizes) => kilobytes(sizes.reduce((total, size) => total + size, 0));
  return `${sum(bundle.map(({ length }) => length))}, ${sum(bundle.map((bytes) => gzipSync(bytes).length))} with gzip`;
}

/** Packs this clone into a folder and returns the path of the packed file. */
async function pack(folder) {
  for (const file of ["dist/browser.js", "prebuilds/wasm/sigma-tsne.wasm"]) {
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing: npm run wasm && npm run build`);
  }
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await execute("npm", args, { cwd: root, shell: process.platform === "win32", maxBuffer: 2 ** 26 });
  return join(folder, JSON.parse(stdout)[0].filename);
}

if (import.meta.filename === process.argv[1]) {
  const asked = process.argv.slice(2);
  const names = Object.keys(BUNDLERS).filter((name) => asked.length === 0 || asked.some((one) => name.includes(one)));
  if (names.length === 0) throw new Error(`${asked}: expected some of ${Object.keys(BUNDLERS).join(", ")}`);
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-packed-"));
  const browsers = { Chromium: await launchBrowser("Chromium"), Firefox: await launchBrowser("Firefox") };
  try {
    const tarball = await pack(folder);
    for (const name of names) console.log(`${name}: ${await tryBundler(name, tarball, browsers)}`);
  } finally {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()));
    await rm(folder, { recursive: true });
  }
}
