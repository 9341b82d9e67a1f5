import { FileError } from "../../errors.js";
import { openArrayFile } from "../../io/index.js";
import type { DatasetLoader } from "./collection.js";
import type { Images } from "./dataset.js";
import { openImageArray } from "./image-array.js";
import { checkLabelCount } from "./labels.js";
import { locateFiles } from "./remote-files.js";

interface MnistLike {
  readonly name: string;
  readonly description: string;
  readonly classes: readonly string[];
  /** Addresses of the files, without the file names. */
  readonly mirrors: readonly string[];
  /** Folders in which other programs store the files. */
  readonly folders: readonly string[];
  /** Bytes and checksum of training images, training labels, test images and test labels. */
  readonly files: readonly (readonly [bytes: number, checksum: string])[];
}

const FILE_NAMES = [
  "train-images-idx3-ubyte.gz",
  "train-labels-idx1-ubyte.gz",
  "t10k-images-idx3-ubyte.gz",
  "t10k-labels-idx1-ubyte.gz",
];

/** Handwritten digits, 28 x 28 (LeCun, Cortes & Burges). */
export const mnist = mnistLike({
  name: "mnist",
  description: "70,000 handwritten digits, 28 x 28",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  mirrors: ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"],
  folders: ["mnist", "MNIST/raw"],
  files: [
    [9_912_422, "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"],
    [28_881, "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"],
    [1_648_877, "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"],
    [4_542, "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"],
  ],
});

/** Pictures of clothing in the format of MNIST (Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747). */
export const fashionMnist = mnistLike({
  name: "fashion-mnist",
  description: "70,000 pictures of clothing, 28 x 28",
  classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  mirrors: [
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
  ],
  folders: ["fashion-mnist", "FashionMNIST/raw"],
  // The published checksums.
  files: [
    [26_421_880, "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d"],
    [29_515, "md5:25c81989df183df01b3e8a0aad5dffbe"],
    [4_422_102, "md5:bef4ecab320f06d8554ea6380940ec79"],
    [5_148, "md5:bb300cfdad3c16e7a12a480ee83cd310"],
  ],
});

function mnistLike({ name, description, classes, mirrors, folders, files }: MnistLike): DatasetLoader {
  const remote = FILE_NAMES.map((file, i) => {
    const [bytes, checksum] = files[i];
    return { name: file, urls: mirrors.map((mirror) => mirror + file), bytes, checksum };
  });
  return {
    name,
    description,
    accepts: [],
    async open(options) {
      const [trainImages, trainLabels, testImages, testLabels] = (await locateFiles(
        name,
        remote,
        folders,
        options,
      )) as [string, string, string, string];
      const train = await openLabeled(trainImages, trainLabels, classes.length, options.signal);
      try {
        const test = await openLabeled(testImages, testLabels, classes.length, options.signal);
        return {
          name,
          images: train.images,
          test: test.images,
          validation: 5000,
          classes,
          likelihood: "bernoulli",
          range: [0, 255],
          close: async () => {
            await train.close();
            await test.close();
          },
        };
      } catch (error) {
        await train.close();
        throw error;
      }
    },
  };
}

async function openLabeled(
  imagesPath: string,
  labelsPath: string,
  classes: number,
  signal: AbortSignal | undefined,
): Promise<{ images: Images; close: () => Promise<void> }> {
  const labels = await readClassNumbers(labelsPath, classes, signal);
  const { images, close } = await openImageArray(imagesPath, signal);
  try {
    checkLabelCount(labels, images.count, labelsPath);
    return { images: { ...images, labels }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readClassNumbers(path: string, classes: number, signal: AbortSignal | undefined): Promise<Int32Array> {
  const file = await openArrayFile(path, { signal });
  try {
    const { shape, dtype } = file;
    const fail = (what: string) =>
      new FileError("FILE_FORMAT", path, `${what}: expected labels from 0 to ${classes - 1}`);
    if (shape.length !== 1 || dtype !== "u1") throw fail(`holds ${shape.join(" x ")} numbers of type ${dtype}`);
    const labels = Int32Array.from(await file.read(Int32Array.from({ length: shape[0] }, (_, i) => i)));
    const bad = labels.findIndex((label) => label >= classes);
    if (bad >= 0) throw fail(`label ${bad} is ${labels[bad]}`);
    return labels;
  } finally {
    await file.close();
  }
}
