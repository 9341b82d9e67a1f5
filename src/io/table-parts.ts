import { readdir } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { FileError } from "../errors.js";
import { withoutCompression } from "./decompression.js";
import { asReadError } from "./file-errors.js";

/** A file in a folder of tables. */
export interface TablePart {
  readonly path: string;
  /** The values, by key, that the folders of the file have in their names `key=value`. */
  readonly keys: ReadonlyMap<string, string>;
}

/** The files of a folder that form its table, and the paths of all other files relative to the folder. */
export interface TableParts {
  readonly parts: readonly TablePart[];
  readonly leftOut: readonly string[];
}

const IMAGES = /\.(png|jpe?g|tiff?|webp|gif)$/i;

/**
 * Extensions of table files. If files in a folder have several of these extensions, only the files with the extension
 * listed first here are read.
 */
const EXTENSIONS = [".parquet", ".csv", ".tsv", ".arrow", ".feather", ".arrows", ".jsonl", ".ndjson", ".json"];

/** The folder name that Spark and Hive write for a missing value. */
const NO_VALUE = "__HIVE_DEFAULT_PARTITION__";

const extensionOf = (path: string): string => extname(withoutCompression(path)).toLowerCase();

/**
 * Finds the tables of a folder and of its subfolders named `key=value`, in the order of their paths.
 *
 * @throws {FileError} FILE_READ
 */
export async function findParts(path: string): Promise<TableParts> {
  const files = await listFiles(path, new Map());
  const isHidden = (file: string) => /^[._]/.test(relative(path, file).split(/[\\/]/).at(-1) as string);
  const usable = files.filter((file) => !isHidden(file.path));
  const extension = EXTENSIONS.find((candidate) => usable.some((file) => extensionOf(file.path) === candidate));
  const parts = usable.filter((file) => extensionOf(file.path) === extension);
  const others = files.filter((file) => !parts.includes(file));
  const leftOut = others.map((file) => relative(path, file.path) + (file.path.endsWith("/") ? "/" : ""));
  return { parts, leftOut };
}

/**
 * @throws {FileError} FILE_READ for a folder without tables, FILE_FORMAT if the folders of the files have different
 *   keys
 */
export async function listParts(path: string): Promise<TableParts> {
  const found = await findParts(path);
  const { parts, leftOut } = found;
  if (parts.length === 0) {
    const hasImages = leftOut.some((name) => IMAGES.test(name));
    const kind = hasImages ? "is a folder of images" : "is a folder without tables";
    const advice = hasImages ? ". Images are data of train and encode, whose codes can be embedded" : "";
    throw new FileError("FILE_READ", path, `${kind}: expected files ${EXTENSIONS.join(", ")}${advice}`);
  }
  const keysOf = ({ keys }: TablePart) => [...keys.keys()].join(", ") || "none";
  const other = parts.find((part) => keysOf(part) !== keysOf(parts[0]));
  if (other) {
    const reason = `is in folders with the keys ${keysOf(other)}: expected ${keysOf(parts[0])}, as ${parts[0].path} has`;
    throw new FileError("FILE_FORMAT", other.path, reason);
  }
  return found;
}

async function listFiles(path: string, keys: ReadonlyMap<string, string>): Promise<TablePart[]> {
  const entries = await asReadError(path, () => readdir(path, { withFileTypes: true }));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: TablePart[] = [];
  for (const entry of entries) {
    const at = entry.name.indexOf("=");
    const inner = join(path, entry.name);
    if (!entry.isDirectory()) files.push({ path: inner, keys });
    else if (at > 0 && !/^[._]/.test(entry.name)) {
      const [key, value] = [entry.name.slice(0, at), decode(entry.name.slice(at + 1))];
      files.push(...(await listFiles(inner, new Map([...keys, [key, value === NO_VALUE ? "" : value]]))));
    } else files.push({ path: `${inner}/`, keys });
  }
  return files;
}

/** Decodes characters that a file name cannot hold, which engines write as %3A and the like. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
