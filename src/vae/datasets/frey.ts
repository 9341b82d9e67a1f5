import { FileError } from "../../errors.js";
import { readMatlabArray } from "../../io/index.js";
import type { DatasetLoader } from "./collection.js";
import { imagesInMemory } from "./images.js";
import { locateFiles } from "./remote-files.js";

const [HEIGHT, WIDTH] = [28, 20];

/** Faces of one person, from the frames of a film (Roweis). */
export const frey: DatasetLoader = {
  name: "frey",
  description: "1,965 pictures of one face, 28 x 20",
  accepts: [],
  async open(options) {
    const file = {
      name: "frey_rawface.mat",
      urls: ["https://cs.nyu.edu/~roweis/data/frey_rawface.mat"],
      bytes: 1_100_584,
      checksum: "sha256:265a83a23adb081755cd3de375509828e690324d1d60f076b8ecebc840d59c64",
    };
    const [path] = (await locateFiles("frey", [file], ["frey"], options)) as [string];
    const { shape, data } = await readMatlabArray(path, "ff", { signal: options.signal });
    if (shape.length !== 2 || shape[0] !== HEIGHT * WIDTH) {
      const reason = `ff is ${shape.join(" x ")}: expected ${HEIGHT * WIDTH} x n, a face of ${HEIGHT} x ${WIDTH} in each column`;
      throw new FileError("FILE_FORMAT", path, reason);
    }
    return {
      name: "frey",
      likelihood: "learned-gaussian",
      // MATLAB stores arrays column by column. Each column is an image, row after row.
      images: imagesInMemory(Float32Array.from(data), [HEIGHT, WIDTH, 1]),
      range: [0, 255],
      close: async () => {},
    };
  },
};
