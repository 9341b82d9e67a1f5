// Checks which libraries and functions a binary needs from the system that loads it. structure.py reads them from the
// file.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pythonWith } from "../python.mjs";

/** A Python library that reads the executable formats of all systems. */
const LIEF = "lief==1.0.0";

/** Describes a binary in one line. Throws an error if the binary would not load on its target systems. */
export function describeBinary(path, { kind, processor }) {
  const python = pythonWith(LIEF.replace("==", "-"), [LIEF]);
  const args = [join(import.meta.dirname, "structure.py"), kind, processor, path];
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr.trim());
  return stdout.trim();
}
