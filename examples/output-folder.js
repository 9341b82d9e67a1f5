import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** The path of a file in the folder that the examples write into. */
export function output(name) {
  mkdirSync("sigma-tsne-examples", { recursive: true });
  return join("sigma-tsne-examples", name);
}
