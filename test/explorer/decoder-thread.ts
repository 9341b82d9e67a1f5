import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "tsdown";

/** Bundles the thread that models are decoded on, where any source is newer: it cannot be run from the sources. */
export async function buildDecoderThread(): Promise<void> {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) => /\.ts$/.test(path));
  const newest = Math.max(...sources.map((path) => statSync(join("src", path)).mtimeMs));
  const built = statSync("dist/decoder-thread.js", { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > newest) return;
  await build({
    config: false,
    entry: { "decoder-thread": "src/explorer/server/decoder-thread.ts" },
    format: "esm",
    target: "node20",
    platform: "node",
    dts: false,
    clean: false,
    fixedExtension: false,
    deps: { neverBundle: ["#binding"] },
    logLevel: "warn",
  });
}
