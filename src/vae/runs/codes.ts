import { join } from "node:path";
import { ArgumentError } from "../../errors.js";
import { type FolderOptions, writeFileAtomic, writeFolderAtomic, writeMatrix } from "../../io/index.js";
import type { Codes } from "../models/model.js";

/** The files of {@link writeCodes}. */
const CODE_FILES = { means: "vae_embeddings.npy", sigma: "vae_errors.npy", labels: "labels.txt" };

/** Options of {@link writeCodes}. */
export interface WriteCodesOptions {
  /** One a code. */
  readonly labels?: readonly string[] | undefined;
  /** Writes into a folder that holds something else, too. Default false. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What {@link writeCodes} asks of its folder. */
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
 * Writes codes as t-SNE takes them: `vae_embeddings.npy`, `vae_errors.npy` where there are standard deviations, `labels.txt` where there
 * are labels. The folder appears complete or not at all; earlier codes are replaced.
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
    const accepted = `${means.rows} labels, one a code`;
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

/** The names of images' classes, one per image; undefined where they are not known. */
export function labelNames(
  labels: Int32Array | undefined,
  classes: readonly string[] | undefined,
): string[] | undefined {
  return labels && Array.from(labels, (label) => classes?.[label] ?? String(label));
}
