/**
 * A set of images that can be read in any order. The values are float32 numbers from 0 to 1, in the order image x
 * height x width x channels.
 */
export interface Images {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Index of the class of each image; absent if the classes are unknown. */
  readonly labels?: Int32Array | undefined;
  /**
   * Whether all values are known to be from 0 to 1, as in images with 8-bit values. If not, the values are checked
   * before a training. Default false.
   */
  readonly areValuesValid?: boolean | undefined;
  /**
   * Reads images in any order. An image may be read any number of times.
   *
   * @param indices indices of the images, 0 to count - 1
   * @returns indices x height x width x channels
   * @throws {ArgumentError} OUT_OF_RANGE for the index of an image that does not exist
   * @throws {DataError} NOT_FINITE or OUT_OF_RANGE for invalid pixel values; the error names the image and the pixel
   * @throws {FileError} if a file can no longer be read
   */
  read(indices: ArrayLike<number>): Promise<Float32Array>;
}

/** A data set, divided into three parts that share no image. */
export interface Dataset {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Names of the classes. The labels are indices of this array. */
  readonly classes?: readonly string[] | undefined;
  readonly train: Images;
  readonly validation: Images;
  readonly test: Images;
  /** All images in their original order. If there is a separate test part, its images come last. */
  readonly all: Images;
  /** Likelihood that is usually chosen for these images; absent if the choice depends on their pixel values. */
  readonly likelihood?: "bernoulli" | "learned-gaussian" | undefined;
  /**
   * Number of files of a folder that were skipped, because they are damaged or are not images; absent for other data
   * sets.
   */
  readonly skipped?: number | undefined;
  /**
   * How the data set was opened, so that it can be opened again; absent if it was not opened with {@link openDataset}.
   */
  readonly origin?: DatasetOrigin | undefined;
  /** Closes the files. Call this when no more images are to be read. */
  close(): Promise<void>;
}

/** The arguments of {@link openDataset}. */
export interface DatasetOrigin {
  /** Name of a data set, or an absolute path. */
  readonly nameOrPath: string;
  /** Options that determine the images. Paths are absolute. */
  readonly options: DatasetOptions;
}

/** Progress of opening a data set. */
export interface DatasetProgress {
  readonly stage: "download" | "generate" | "read";
  /** Completed fraction of this stage, or of this file: 0 to 1. */
  readonly fraction: number;
  readonly file?: string | undefined;
}

/** Options of {@link openDataset}. All are optional. */
export interface DatasetOptions {
  /**
   * Folder that is searched first for the files of a named data set. The checksums of files in this folder are not
   * checked.
   */
  readonly dataDir?: string | undefined;
  /**
   * Folder for downloads. Default: sigma-tsne/datasets in the user's folder for caches (XDG_CACHE_HOME or ~/.cache,
   * ~/Library/Caches on macOS, LOCALAPPDATA on Windows).
   */
  readonly cacheDir?: string | undefined;
  /** Whether missing files are downloaded. Default true. */
  readonly download?: boolean | undefined;
  /**
   * For a file or a folder: path of a file with one label per image, in a format that `readLabels` of sigma-tsne
   * supports.
   */
  readonly labels?: string | undefined;
  /** Name or number of a class. Only images of this class are used. Default: all images. */
  readonly class?: string | number | undefined;
  /**
   * Sizes of the validation part and the test part. A size below 1 is a fraction of all images; any other size is a
   * number of images. Default 0.1 each. If a data set has its own test part, this part is kept, and the last images of
   * the training part become the validation part: 5,000 of 60,000 images for MNIST and Fashion-MNIST. In all other data
   * sets, the images are assigned to the parts at random.
   */
  readonly split?: { readonly validation?: number | undefined; readonly test?: number | undefined } | undefined;
  /** Seed of the split and of simulated images, an integer from 0 to 2^53 - 1. Default 42. */
  readonly seed?: number | undefined;
  /** Only for micrographs: number of simulated scenes, 1 to 1e6. Default 2000. */
  readonly count?: number | undefined;
  /**
   * Size of the images in pixels per side. For micrographs: 32 to 96, default 48. For a folder: the images are cropped
   * and scaled to this size, which may also be `[height, width]`. Default for a folder: the size that all images have.
   */
  readonly size?: number | readonly [number, number] | undefined;
  /**
   * Only for a folder of images: number of channels, 1 for gray values or 3 for colors. Default: the number of channels
   * of the images.
   */
  readonly channels?: 1 | 3 | undefined;
  /**
   * Only for a folder of images: reports an error for every file that would otherwise be skipped, such as broken links
   * and files that are not images.
   */
  readonly strict?: boolean | undefined;
  /** Largest number of images in each part, an integer >= 1. */
  readonly limit?: number | undefined;
  /**
   * Stretches the contrast of every image to the range 0 to 1. The number is the fraction of the image's values that
   * are cut off at each end of the range, 0 (none) to below 0.5. Default: the contrast is not stretched; values are
   * scaled by their number type, and floating-point values must be within 0 to 1.
   */
  readonly stretch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called while files are downloaded and images are generated. */
  readonly onProgress?: ((progress: DatasetProgress) => void) | undefined;
}
