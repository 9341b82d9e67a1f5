// Builds docs/live/index.html for the documentation site, if it does not exist yet. The page contains the WebAssembly
// core, whose compiler comes from the Python registry. Without that compiler, the site is built without the page.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const shell = process.platform === "win32";
const runScript = (name) =>
  spawnSync("npm", ["run", name], { stdio: ["ignore", "ignore", "inherit"], shell }).status === 0;

if (!existsSync("docs/live/index.html")) {
  console.log(
    "Building the live page once. If the core must be compiled as WebAssembly before, this takes some minutes.",
  );
  const isBuilt = (existsSync("prebuilds/wasm/sigma-tsne-threads.wasm") || runScript("wasm")) && runScript("build");
  if (!isBuilt)
    console.warn("The site is built without the live page, because `npm run wasm` or `npm run build` failed.");
}
