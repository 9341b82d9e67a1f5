import { readFile } from "node:fs/promises";
import { FileError } from "../errors.js";
import { writeFileAtomic } from "../io/index.js";
import { MAX_SELECTION_NAME, SELECTIONS_KIND, type SelectionDescription, type SelectionsFile } from "./protocol.js";

const VERSION = 1;
const MAX_SELECTIONS = 500;

/** The reason why a selection cannot be saved. */
export class SelectionError extends Error {}

/**
 * Named selections of points in a JSON file in the folder of the source. If the source has no folder for this file, the
 * selections exist only until the exploration ends.
 */
export class SavedSelections {
  readonly #path: string | undefined;
  /** Number of points in the exploration that the selections belong to; undefined while there are no selections. */
  #points: number | undefined;
  #selections: ReadonlyMap<string, Uint32Array> = new Map();
  #writing: Promise<void> = Promise.resolve();

  constructor(path?: string) {
    this.#path = path;
  }

  /**
   * Opens the selections of a source.
   *
   * @throws {FileError} FILE_FORMAT if the file is not a selections file
   */
  static async open(path: string): Promise<SavedSelections> {
    const saved = new SavedSelections(path);
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new FileError("FILE_READ", path, error.message, { cause: error });
    });
    if (text !== undefined) {
      const { points, selections } = parse(path, text);
      saved.#points = points;
      saved.#selections = selections;
    }
    return saved;
  }

  /** Names and sizes of the selections of `n` points. */
  describe(n: number): SelectionDescription[] {
    if (this.#points !== n) return [];
    return [...this.#selections].map(([name, { length }]) => ({ name, size: length }));
  }

  /** Ascending row numbers of a selection; undefined if no selection has this name. */
  rows(name: string, n: number): Uint32Array | undefined {
    return this.#points === n ? this.#selections.get(name) : undefined;
  }

  /**
   * Saves a selection. It replaces a selection with the same name.
   *
   * @throws {SelectionError} for a name that cannot be used, or if the file belongs to other points
   * @throws {FileError} FILE_WRITE if the file cannot be written
   */
  async save(name: string, rows: Uint32Array, n: number): Promise<void> {
    if (name.trim() === "" || name.length > MAX_SELECTION_NAME) {
      throw new SelectionError(`expected a name of 1 to ${MAX_SELECTION_NAME} characters, received ${name.length}`);
    }
    this.#requirePoints(n);
    const known = new Map(this.#selections);
    known.set(name, Uint32Array.from(new Set(rows)).sort());
    if (known.size > MAX_SELECTIONS) {
      throw new SelectionError(`expected at most ${MAX_SELECTIONS} selections; delete some first`);
    }
    await this.#replace(known, n);
  }

  /** @returns whether a selection with this name existed */
  async delete(name: string, n: number): Promise<boolean> {
    this.#requirePoints(n);
    const known = new Map(this.#selections);
    if (!known.delete(name)) return false;
    await this.#replace(known, n);
    return true;
  }

  #requirePoints(n: number): void {
    if (this.#points === undefined || this.#points === n || this.#selections.size === 0) return;
    throw new SelectionError(
      `${this.#path} contains selections of ${this.#points} points, but this source has ${n}. Move that file away to save selections here.`,
    );
  }

  async #replace(selections: ReadonlyMap<string, Uint32Array>, n: number): Promise<void> {
    // Writing one version after the other ensures that the file ends with the newest selections.
    const written = this.#writing.then(() => {
      const path = this.#path;
      return path === undefined ? undefined : writeFileAtomic(path, toJson(selections, n));
    });
    this.#writing = written.catch(() => {});
    await written;
    this.#points = n;
    this.#selections = selections;
  }
}

function toJson(selections: ReadonlyMap<string, Uint32Array>, points: number): string {
  const entries = [...selections].map(([name, rows]) => `    ${JSON.stringify(name)}: [${rows.join(",")}]`);
  return `{\n  "kind": ${JSON.stringify(SELECTIONS_KIND)},\n  "version": ${VERSION},\n  "points": ${points},\n  "selections": {\n${entries.join(",\n")}\n  }\n}\n`;
}

function parse(path: string, text: string): { points: number; selections: Map<string, Uint32Array> } {
  const refuse = (reason: string) =>
    new FileError("FILE_FORMAT", path, `${reason}. Move the file away to start with no saved selections`);
  let file: Partial<SelectionsFile>;
  try {
    file = JSON.parse(text) as Partial<SelectionsFile>;
  } catch (cause) {
    throw refuse(`is not JSON (${(cause as Error).message})`);
  }
  const { kind, version, points, selections } = file ?? {};
  if (kind !== SELECTIONS_KIND)
    throw refuse(`expected the selections of an explorer, with "kind": "${SELECTIONS_KIND}"`);
  if (version !== VERSION) throw refuse(`expected version ${VERSION}, received ${version}`);
  if (!(Number.isSafeInteger(points) && (points as number) > 0)) throw refuse(`"points" is not a number of points`);
  const known = new Map<string, Uint32Array>();
  for (const [name, rows] of Object.entries(selections ?? {})) {
    const isList =
      Array.isArray(rows) && rows.every((row) => Number.isInteger(row) && row >= 0 && row < (points as number));
    if (!isList)
      throw refuse(`selection ${JSON.stringify(name)} is not a list of rows from 0 to ${(points as number) - 1}`);
    known.set(name, Uint32Array.from(rows).sort());
  }
  return { points: points as number, selections: known };
}
