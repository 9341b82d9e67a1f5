import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readMatrix, writeFileAtomic, writeMatrix } from "../io/index.js";
import type { Matrix } from "../matrix.js";

/** Value of the field `kind` that identifies a folder of the explorer. */
const KIND = "sigma-tsne explorer";
const INDEX = "explorer.json";

interface Index {
  readonly kind: typeof KIND;
  /** Identifies the input of the computations. */
  readonly key: string;
  /** Facts about each map, by its id. */
  readonly maps: Readonly<Record<string, unknown>>;
}

/**
 * A folder in which the results of an exploration are saved for the next one. Every file is written atomically. Results
 * whose file is missing or damaged, or has another shape, are computed again. If the folder is not writable, nothing is
 * saved.
 */
export class ResultCache {
  private constructor(
    private readonly folder: string,
    private index: Index,
    private isWritable: boolean,
  ) {}

  /**
   * @param folder created when the first file is written; results with another key are removed from it
   * @param key identifies all inputs of the computations
   */
  static async open(folder: string, key: string): Promise<ResultCache> {
    const empty: Index = { kind: KIND, key, maps: {} };
    const text = await readFile(join(folder, INDEX), "utf8").catch(() => undefined);
    const found = text === undefined ? undefined : parse(text);
    if (found?.key === key) return new ResultCache(folder, found, true);
    try {
      if (found) await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      await writeFileAtomic(join(folder, INDEX), `${JSON.stringify(empty)}\n`);
      return new ResultCache(folder, empty, true);
    } catch {
      return new ResultCache(folder, empty, false);
    }
  }

  /** Whether the folder is writable. */
  get isKept(): boolean {
    return this.isWritable;
  }

  /** Path of a file with this name, whether it exists or not. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Reads a saved matrix; undefined if there is none with this shape. */
  async read(name: string, rows: number, cols?: number): Promise<Matrix | undefined> {
    const matrix = await readMatrix(this.path(name)).catch(() => undefined);
    return matrix?.rows === rows && (cols === undefined || matrix.cols === cols) ? matrix : undefined;
  }

  async write(name: string, matrix: Matrix): Promise<void> {
    await this.keep(() => writeMatrix(this.path(name), matrix));
  }

  /** Saved facts about a map; undefined if nothing was saved. */
  facts<T>(map: string): T | undefined {
    return this.index.maps[map] as T | undefined;
  }

  async writeFacts(map: string, facts: unknown): Promise<void> {
    this.index = { ...this.index, maps: { ...this.index.maps, [map]: facts } };
    await this.keep(() => writeFileAtomic(this.path(INDEX), `${JSON.stringify(this.index)}\n`));
  }

  /** Calls `write` if the folder is writable. */
  async keep(write: () => Promise<void>): Promise<boolean> {
    if (!this.isWritable) return false;
    try {
      await write();
    } catch {
      this.isWritable = false;
    }
    return this.isWritable;
  }
}

function parse(text: string): Index | undefined {
  try {
    const index = JSON.parse(text) as Partial<Index>;
    const isIndex =
      index.kind === KIND && typeof index.key === "string" && typeof index.maps === "object" && index.maps;
    return isIndex ? (index as Index) : undefined;
  } catch {
    return undefined;
  }
}
