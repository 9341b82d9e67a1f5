/** Images with random access; values 0 to 1, float32, index x height x width x channels. */
export interface Images {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** For each image the number of its class; absent where classes are not known. */
  readonly labels?: Int32Array | undefined;
  /** Whether all values are known to be from 0 to 1, as those of bytes are; others are checked before a training. Default false. */
  readonly areValuesValid?: boolean | undefined;
  /**
   * Reads images, in any order and any number of times each.
   *
   * @param indices numbers of images, 0 to count - 1
   * @returns indices x height x width x channels
   * @throws {ArgumentError} OUT_OF_RANGE for an image that is not there
   * @throws {DataError} NOT_FINITE or OUT_OF_RANGE, with image and pixel, for values that images cannot have
   * @throws {FileError} where a file cannot be read any more
   */
  read(indices: ArrayLike<number>): Promise<Float32Array>;
}

/** A data set, cut into three parts that share no image. */
export interface Dataset {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Names of the classes that labels count. */
  readonly classes?: readonly string[] | undefined;
  readonly train: Images;
  readonly validation: Images;
  readonly test: Images;
  /** All of them, in their order: the images of its own test part, where it has one, after the others. */
  readonly all: Images;
  /** The likelihood that is customary for these images; absent where their values have to decide. */
  readonly likelihood?: "bernoulli" | "learned-gaussian" | undefined;
  /** How many files of a folder are no images, or damaged ones, and were passed over; absent for other data sets. */
  readonly skipped?: number | undefined;
  /** How it was opened, so that it can be opened again; absent for data sets that were made otherwise. */
  readonly origin?: DatasetOrigin | undefined;
  /** Closes its files; to be called when no more is to be read. */
  close(): Promise<void>;
}

/** What {@link openDataset} was asked for. */
export interface DatasetOrigin {
  /** A name, or an absolute path. */
  readonly nameOrPath: string;
  /** Options that decide which images there are; paths are absolute. */
  readonly options: DatasetOptions;
}

/** How far the opening of a data set is. */
export interface DatasetProgress {
  readonly stage: "download" | "generate" | "read";
  /** The fraction of this stage, or of this file, that is done: 0 to 1. */
  readonly fraction: number;
  readonly file?: string | undefined;
}

/** Options of {@link openDataset}. All are optional. */
export interface DatasetOptions {
  /** Folder in which the files of a named data set are looked for first; they are read as they are, whatever their checksum. */
  readonly dataDir?: string | undefined;
  /**
   * Folder in which downloads are kept. Default: sigma-tsne/datasets in the user's folder for caches (XDG_CACHE_HOME or ~/.cache,
   * ~/Library/Caches on macOS, LOCALAPPDATA on Windows).
   */
  readonly cacheDir?: string | undefined;
  /** Whether files that are not there are downloaded. Default true. */
  readonly download?: boolean | undefined;
  /** For a file or a folder: a file with one label for each image, as `readLabels` of sigma-tsne reads it. */
  readonly labels?: string | undefined;
  /** Only images of this class, by its name or its number. Default: all. */
  readonly class?: string | number | undefined;
  /**
   * How many images the validation and the test part get: below 1 the share of all images, else their number. Default 0.1 each. A
   * data set with a test part of its own keeps it, and cuts the validation part from the end of its training part: MNIST and
   * Fashion-MNIST 5,000 of 60,000 images. Other images are dealt out at random.
   */
  readonly split?: { readonly validation?: number | undefined; readonly test?: number | undefined } | undefined;
  /** Seed of the split and of simulated images, an integer from 0 to 2^53 - 1. Default 42. */
  readonly seed?: number | undefined;
  /** Micrographs: number of scenes, 1 to 1e6. Default 2000. */
  readonly count?: number | undefined;
  /**
   * Pixels per side: of micrographs, 32 to 96, default 48; of the images in a folder, which are cropped and scaled to it, or `[height,
   * width]`. Default: the size that all images have.
   */
  readonly size?: number | readonly [number, number] | undefined;
  /** A folder of images: 1 for gray values, 3 for colors. Default: what the images are. */
  readonly channels?: 1 | 3 | undefined;
  /** A folder of images: refuses files that would be skipped, such as other files and broken links. */
  readonly strict?: boolean | undefined;
  /** At most this many images of each part, an integer >= 1. */
  readonly limit?: number | undefined;
  /**
   * Stretches the contrast of every image to the range 0 to 1, with this share of its values cut off at either end, 0 (none) to
   * below 0.5. Default: values are scaled by their type, and floating-point values must be within 0 to 1.
   */
  readonly stretch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called while files are downloaded and images made. */
  readonly onProgress?: ((progress: DatasetProgress) => void) | undefined;
}
