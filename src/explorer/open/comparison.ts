import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type ComparisonMetrics, METRICS_KIND } from "../../compare/index.js";
import { FileError } from "../../errors.js";
import { readMatrix, readTable, rowsWithPosition } from "../../io/index.js";
import { numberColumn } from "../columns.js";
import { type Exploration, requireFinite } from "../exploration.js";
import { type InputOptions, rejectUseless } from "../options.js";
import { addFiles } from "./matrix.js";

/** Opens the folder of a comparison that `writeComparison` wrote: its maps and the changes between them. */
export async function openComparison(exploration: Exploration, folder: string, options: InputOptions): Promise<void> {
  rejectUseless(options, ["images", "labels", "metadata", "sigma", "input", "stretch", "strict"], "a comparison");
  const { signal } = exploration;
  const { n, maps } = await readMetrics(join(folder, "metrics.json"));
  exploration.setCount(n);
  for (const { name, file, kl, options: used } of maps) {
    const path = join(folder, basename(file));
    const all = await readMatrix(path, { signal });
    // The comparison wrote NaN for rows that it left out.
    const kept = rowsWithPosition(all);
    const positions = kept ? all.take(kept) : all;
    if (positions.rows !== n || positions.cols !== 2) {
      const found = `${positions.rows} x ${positions.cols}`;
      throw new FileError(
        "FILE_FORMAT",
        path,
        `expected an embedding of ${n} x 2, received ${found}. Only embeddings with two output dimensions can be shown`,
      );
    }
    requireFinite(positions, path);
    const subtitle = `${used?.distance ?? "unknown"} distance, KL ${Number(kl).toFixed(3)}`;
    exploration.addMap({ id: name, title: name, subtitle, positions });
  }
  const changes = await readTable(join(folder, "changes.csv"), { signal });
  const labels = changes.get("label");
  if (labels && options.labels === undefined) exploration.addLabels(Array.from<unknown, string>(labels, String));
  for (const [name, values] of changes) {
    const [, kind, of = ""] = /^(displacement|changed|mean_sigma)(?:_(.*))?$/.exec(name) ?? [];
    if (
      kind === undefined ||
      !(values instanceof Float32Array || values instanceof Float64Array || values instanceof Int32Array)
    )
      continue;
    if (kind === "mean_sigma" && options.sigma !== undefined) continue;
    exploration.addColumn(
      numberColumn(
        { id: name.replaceAll("_", "-"), title: of === "" ? TITLES[kind] : `${TITLES[kind]}: ${of}` },
        values,
      ),
    );
  }
  await addFiles(exploration, options);
}

const TITLES: Readonly<Record<string, string>> = {
  displacement: "Displacement between the maps",
  changed: "Neighbors changed between the maps",
  mean_sigma: "Mean sigma",
};

async function readMetrics(path: string): Promise<Pick<ComparisonMetrics, "n" | "maps">> {
  try {
    const metrics = JSON.parse(await readFile(path, "utf8")) as Partial<ComparisonMetrics>;
    const { kind, n, maps } = metrics;
    const isMap = (map: unknown) => {
      const { name, file } = (map ?? {}) as { name?: unknown; file?: unknown };
      return typeof name === "string" && typeof file === "string";
    };
    if (
      kind === METRICS_KIND &&
      Number.isSafeInteger(n) &&
      Array.isArray(maps) &&
      maps.length > 0 &&
      maps.every(isMap)
    ) {
      return { n: n as number, maps };
    }
  } catch (cause) {
    throw new FileError("FILE_FORMAT", path, "is not JSON. Run compare again", { cause });
  }
  throw new FileError(
    "FILE_FORMAT",
    path,
    "does not list the compared maps: expected a file that compare has written. Run compare again",
  );
}
