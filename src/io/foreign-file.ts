import { FileError } from "../errors.js";
import { isImage } from "./image-signature.js";

/** A kind of file that is not a matrix, recognized by its first bytes, and the way to data that can be read. */
interface ForeignKind {
  /** What the file is, with its article. */
  readonly name: string;
  matches(head: Buffer): boolean;
  readonly advice: string;
}

const begins = (signature: string) => (head: Buffer) =>
  head.subarray(0, signature.length).toString("latin1") === signature;

const KINDS: readonly ForeignKind[] = [
  {
    name: "a file compressed with bzip2",
    matches: begins("BZh"),
    advice: "Unpack it with bunzip2, or compress it with gzip or zstd",
  },
  {
    name: "a file compressed with xz",
    matches: begins("\xfd7zXZ\0"),
    advice: "Unpack it with unxz, or compress it with gzip or zstd",
  },
  {
    name: "a tar archive",
    matches: (head) => head.toString("latin1", 257, 262) === "ustar",
    advice: "Unpack it with tar, and give the file with the data",
  },
  {
    name: "a Python pickle",
    matches: (head) => head[0] === 0x80 && head[1] >= 2 && head[1] <= 5,
    advice: "Save the array with np.save, or the frame with to_parquet",
  },
  { name: "a PDF file", matches: begins("%PDF-"), advice: "Save the table as .csv" },
  {
    name: "an image",
    matches: isImage,
    advice: "Images are data of train and encode, which take a folder of images or a .npy file",
  },
];

/**
 * Refuses a file that no reader takes for its own and that is known to be something else.
 *
 * @param head its first bytes
 * @throws {FileError} FILE_FORMAT that says what the file is and what to do
 */
export function refuseForeign(path: string, head: Buffer): void {
  const kind = KINDS.find(({ matches }) => matches(head));
  if (!kind) return;
  const expected = "expected data in .npy, .npz, .csv, .tsv, .parquet, .arrow, .h5ad, .mat, .jsonl or IDX";
  throw new FileError("FILE_FORMAT", path, `is ${kind.name}: ${expected}. ${kind.advice}`);
}
