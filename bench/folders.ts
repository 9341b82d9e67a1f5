import { join } from "node:path";

/** `npm run` sets the working directory to the folder of package.json, no matter where it is called. */
const ROOT = process.cwd();

/** Folders of the benchmark. */
export const FOLDERS = {
  root: ROOT,
  build: join(ROOT, "bench", "build"),
  data: join(ROOT, "bench", "data"),
  peers: join(ROOT, "bench", "peers"),
  results: join(ROOT, "bench", "results"),
  local: join(ROOT, "bench", "results", "local"),
  venv: join(ROOT, "bench", ".venv"),
  rust: join(ROOT, "bench", "build-bhtsne"),
  nodeModules: join(ROOT, "bench", "node_modules"),
} as const;

export const README = join(ROOT, "bench", "README.md");
