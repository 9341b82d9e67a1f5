import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "tsdown";

/** Bundles the sources if any of them is newer than the command line in dist. */
export default async function setup(): Promise<void> {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).map((path) => join("src", path));
  const newest = Math.max(...[...sources, "package.json"].map((path) => statSync(path).mtimeMs));
  const built = statSync("dist/cli.js", { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built < newest) await build({ logLevel: "warn" });
}
