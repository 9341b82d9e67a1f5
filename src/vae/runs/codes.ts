import { join } from "node:path";
import { ArgumentError } from "../../errors.js";
import { type FolderOptions, writeFileAtomic, writeFolderAtomic, writeMatrix } from "../../io/index.js";
import type { Codes } from "../models/model.js";

/** Names of the files of {@link writeCodes}. */
const CODE_FILES = { means: "vae_embeddings.npy", sigma: "vae_errors.npy", labels: "labels.txt" };

/** Options of {@link writeCodes}. */
export interface WriteCodesOptions {
  /** Labels, one per code. */
  readonly labels?: readonly string[] | undefined;
  /** Whether to write into a folder that contains other files too. Default false. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How {@link writeCodes} treats a folder that exists already. */
export const codesFolder = (options: WriteCodesOptions = {}): FolderOptions => ({
  kind: "the codes of images",
  isReplaceable: async (_: string, names: readonly string[]) => {
    const own = Object.values(CODE_FILES);
    return names.includes(CODE_FILES.means) && names.every((name) => own.includes(name));
  },
  force: options.force,
  signal: options.signal,
});

/**
 * Writes codes in files that t-SNE can read: `vae_embeddings.npy`, `vae_errors.npy` if there are standard deviations,
 * and `labels.txt` if there are labels. The folder is written completely or not at all. Earlier codes are replaced.
 *
 * @returns the names of the files
 * @throws {FileError} FILE_WRITE
 */
export async function writeCodes(
  folder: string,
  { means, sigma }: Codes,
  options: WriteCodesOptions = {},
): Promise<string[]> {
  const { labels, signal } = options;
  if (labels && labels.length !== means.rows) {
    const accepted = `${means.rows} labels, one per code`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "labels", received: labels, accepted });
  }
  const files: string[] = [];
  const fill = async (temporary: string) => {
    const fileIn = (name: string) => {
      files.push(name);
      return join(temporary, name);
    };
    await writeMatrix(fileIn(CODE_FILES.means), means, { signal });
    if (sigma) await writeMatrix(fileIn(CODE_FILES.sigma), sigma, { signal });
    if (labels)
      await writeFileAtomic(fileIn(CODE_FILES.labels), labels.map((label) => `${label}\n`).join(""), { signal });
  };
  await writeFolderAtomic(folder, fill, codesFolder(options));
  return files;
}

/** Names of the classes of images, one per image; undefined if there are no labels. */
export function labelNames(
  labels: Int32Array | undefined,
  classes: readonly string[] | undefined,
): string[] | undefined {
  return labels && Array.from(labels, (label) => classes?.[label] ?? String(label));
}
