import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entry, Workplace } from "../cli/workplace.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
});
afterAll(() => workplace.remove());

/** Reads all rows in a separate process and prints its peak memory in MiB. */
const reader = (file: string, library: URL) => `
  import { openRows } from ${JSON.stringify(library.href)};
  const { rows, read, close } = await openRows(${JSON.stringify(file)});
  for (let start = 0; start < rows; start += 50_000) {
    await read(Uint32Array.from({ length: Math.min(50_000, rows - start) }, (_, i) => start + i));
  }
  await close();
  console.log(process.resourceUsage().maxRSS / 1024);`;

describe("a file of 240 MB", () => {
  it.each([".arrow", ".parquet"])("needs less memory than its size when it is read as %s", async (extension) => {
    const library = new URL("index.js", pathToFileURL(entry));
    const file = workplace.path(`large${extension}`);
    const writer = `
      import { writeTable } from ${JSON.stringify(library.href)};
      const x = Float64Array.from({ length: 3_750_000 }, (_, i) => i);
      const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
      await writeTable(${JSON.stringify(file)}, Object.fromEntries(names.map((name) => [name, x])));`;
    const run = async (code: string) =>
      (await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code])).stdout;
    await run(writer);
    expect(Number(await run(reader(file, library)))).toBeLessThan(200);
  });
});
