import { bytesOf, encodeNpy } from "./npy-file.js";
import { encodeZip } from "./zip-file.js";

/** The arrays of a sparse matrix in one of SciPy's formats. */
interface Stored {
  readonly format: "csr" | "csc" | "coo" | "bsr";
  readonly shape: readonly [number, number];
  readonly data: readonly number[];
  readonly indices: readonly number[];
  /** `indptr` of csr and csc, `row` of coo. */
  readonly starts: readonly number[];
}

/** Returns the bytes of an .npz archive as `scipy.sparse.save_npz` writes it. */
export function encodeScipy({ format, shape, data, indices, starts }: Stored, isDeflated = true): Buffer {
  const integers = (numbers: readonly number[]) =>
    encodeNpy("<i4", [numbers.length], bytesOf(Int32Array.from(numbers)));
  const [indexName, startName] = format === "coo" ? ["col", "row"] : ["indices", "indptr"];
  const files = {
    [`${indexName}.npy`]: integers(indices),
    [`${startName}.npy`]: integers(starts),
    "format.npy": encodeNpy("|S3", [], Buffer.from(format)),
    "shape.npy": encodeNpy("<i8", [2], bytesOf(BigInt64Array.from(shape, BigInt))),
    "data.npy": encodeNpy("<f8", [data.length], bytesOf(Float64Array.from(data))),
  };
  return encodeZip(files, isDeflated);
}
