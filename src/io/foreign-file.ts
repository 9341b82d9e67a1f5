import { FileError } from "../errors.js";
import { isImage } from "./image-signature.js";

/** A kind of file that cannot be read, recognized by the first bytes of the file, with advice how to convert it. */
interface ForeignKind {
  /** Description with its article: "a PDF file". */
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
    name: "in the format of svmlight",
    matches: (head) => /^[+-]?[\d.]+(?: \d+:[\d.eE+-]+)+\s*(?:#.*)?\r?\n/.test(head.toString("latin1")),
    advice: "Save it with scipy.sparse.save_npz, after load_svmlight_file of scikit-learn",
  },
  {
    name: "an ARFF file",
    matches: (head) => /^(?:\s|%.*\n)*@relation\b/i.test(head.toString("latin1")),
    advice: "Save it as CSV",
  },
  {
    name: "a FITS file",
    matches: begins("SIMPLE  ="),
    advice: "Save the table with astropy: Table.read(path).write('x.csv')",
  },
  {
    name: "XML, such as a VOTable",
    matches: (head) => /^\s*<(?:\?xml|VOTABLE)\b/i.test(head.toString("latin1")),
    advice: "Save the table as CSV, in astropy with Table.read(path).write('x.csv')",
  },
  {
    name: "a file of R",
    matches: (head) =>
      ["RDX2\n", "RDX3\n", "RDA2\n", "RDA3\n", "X\n\0\0\0\x02", "X\n\0\0\0\x03"].some((signature) =>
        begins(signature)(head),
      ),
    advice: "Save the table in R with write.csv(x, 'x.csv') or arrow::write_parquet(x, 'x.parquet')",
  },
  {
    name: "a file of Stata or SPSS",
    matches: (head) => begins("<stata_dta>")(head) || begins("$FL2")(head) || begins("$FL3")(head),
    advice: "Save the table as CSV",
  },
  {
    name: "a database of SQLite",
    matches: begins("SQLite format 3"),
    advice: "Save the table as CSV, in sqlite3 with .mode csv",
  },
  {
    name: "a file of Excel or Word",
    matches: begins("\xd0\xcf\x11\xe0"),
    advice: "Save the sheet as CSV (UTF-8)",
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
 * Rejects a file that no reader has recognized, if the first bytes of the file show that it is a kind of file that
 * cannot be read.
 *
 * @param head the first bytes of the file
 * @throws {FileError} FILE_FORMAT with the kind of the file and advice
 */
export function refuseForeign(path: string, head: Buffer): void {
  const kind = KINDS.find(({ matches }) => matches(head));
  if (!kind) return;
  const expected = "expected data in .npy, .npz, .csv, .tsv, .parquet, .arrow, .h5ad, .mat, .jsonl or IDX";
  throw new FileError("FILE_FORMAT", path, `is ${kind.name}: ${expected}. ${kind.advice}`);
}
