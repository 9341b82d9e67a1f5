// What a binary asks of the system that loads it, as structure.py reads it from the file.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pythonWith } from "../python.mjs";

/** The library that reads the formats of all systems. */
const LIEF = "lief==1.0.0";

/** One line about a binary; throws if the binary would not load on the systems that it is for. */
export function describeBinary(path, { kind, processor }) {
  const python = pythonWith(LIEF.replace("==", "-"), [LIEF]);
  const args = [join(import.meta.dirname, "structure.py"), kind, processor, path];
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr.trim());
  return stdout.trim();
}
