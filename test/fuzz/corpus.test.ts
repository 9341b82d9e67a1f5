import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Session } from "./session.js";
import { TARGETS } from "./targets/index.js";

/** Number of changed inputs in addition to the corpus. `npm run fuzz` tests many more of them. */
const CHANGED_INPUTS = 10;

test.each(TARGETS.map((target) => [target.name, target] as const))(
  "%s: the corpus and changed inputs cause only errors of this package",
  async (_, target) => {
    const folder = mkdtempSync(join(tmpdir(), "sigma-tsne-fuzz-"));
    try {
      const session = new Session(target, join(folder, `input${target.extension}`), 1);
      await session.open();
      expect(session.corpus).toBeGreaterThan(0);
      while (session.count < session.corpus + CHANGED_INPUTS) await session.step();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
