import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readMatrix, writeFileAtomic, writeMatrix } from "../io/index.js";
import type { Matrix } from "../matrix.js";

/** The mark by which what an earlier exploration has saved is recognized. */
const KIND = "sigma-tsne explorer";
const INDEX = "explorer.json";

interface Index {
  readonly kind: typeof KIND;
  /** What it was computed from. */
  readonly key: string;
  /** What is known of each map, by its id. */
  readonly maps: Readonly<Record<string, unknown>>;
}

/**
 * A folder in which what is computed for an exploration is kept, so that the next one has it at once. Every file is written atomically;
 * what is missing, damaged or of other shape is computed again, and where nothing can be written, nothing is kept.
 */
export class ResultCache {
  private constructor(
    private readonly folder: string,
    private index: Index,
    private isWritable: boolean,
  ) {}

  /**
   * @param folder is made when something is to be written; what it holds of another key is removed
   * @param key of all that the computations depend on
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

  /** Whether the folder takes files. */
  get isKept(): boolean {
    return this.isWritable;
  }

  /** Where a file of this name is, or would be. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** A matrix that was kept; undefined where there is none of that shape. */
  async read(name: string, rows: number, cols?: number): Promise<Matrix | undefined> {
    const matrix = await readMatrix(this.path(name)).catch(() => undefined);
    return matrix?.rows === rows && (cols === undefined || matrix.cols === cols) ? matrix : undefined;
  }

  async write(name: string, matrix: Matrix): Promise<void> {
    await this.keep(() => writeMatrix(this.path(name), matrix));
  }

  /** What is known of a map; undefined where nothing was kept. */
  facts<T>(map: string): T | undefined {
    return this.index.maps[map] as T | undefined;
  }

  async writeFacts(map: string, facts: unknown): Promise<void> {
    this.index = { ...this.index, maps: { ...this.index.maps, [map]: facts } };
    await this.keep(() => writeFileAtomic(this.path(INDEX), `${JSON.stringify(this.index)}\n`));
  }

  /** Writes something into the folder, if it takes files. */
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
