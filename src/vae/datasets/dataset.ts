/** Images with random access; values 0 to 1, float32, index x height x width x channels. */
export interface Images {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Number of the class of each image; absent if the classes are unknown. */
  readonly labels?: Int32Array | undefined;
  /**
   * Whether all values are known to be from 0 to 1, as in images of bytes. Other values are checked before a training.
   * Default false.
   */
  readonly areValuesValid?: boolean | undefined;
  /**
   * Reads images in any order. An image may be read any number of times.
   *
   * @param indices numbers of images, 0 to count - 1
   * @returns indices x height x width x channels
   * @throws {ArgumentError} OUT_OF_RANGE for the number of an image that does not exist
   * @throws {DataError} NOT_FINITE or OUT_OF_RANGE for invalid pixel values, with the image and the pixel
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
  /** Usual likelihood for these images; absent if it has to be chosen from their values. */
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
  /** A name, or an absolute path. */
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
  /** Folder that is searched first for the files of a named data set. Their checksums are not checked. */
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
   * Size of the validation and the test part: a share of all images if below 1, otherwise a number of images. Default
   * 0.1 each. Some data sets have their own test part. It is kept, and the validation part is the end of the training
   * part: 5,000 of 60,000 images for MNIST and Fashion-MNIST. Images of other data sets are assigned at random.
   */
  readonly split?: { readonly validation?: number | undefined; readonly test?: number | undefined } | undefined;
  /** Seed of the split and of simulated images, an integer from 0 to 2^53 - 1. Default 42. */
  readonly seed?: number | undefined;
  /** Micrographs: number of scenes, 1 to 1e6. Default 2000. */
  readonly count?: number | undefined;
  /**
   * Pixels per side. Micrographs: 32 to 96, default 48. A folder: the images are cropped and scaled to this size, which
   * may also be `[height, width]`. Default for a folder: the size that all images have.
   */
  readonly size?: number | readonly [number, number] | undefined;
  /** A folder of images: 1 for gray values, 3 for colors. Default: the channels of the images. */
  readonly channels?: 1 | 3 | undefined;
  /** A folder of images: reports an error for files that would be skipped, such as other files and broken links. */
  readonly strict?: boolean | undefined;
  /** Largest number of images in each part, an integer >= 1. */
  readonly limit?: number | undefined;
  /**
   * Stretches the contrast of every image to the range 0 to 1. This share of the values is cut off at either end, 0
   * (none) to below 0.5. Default: values are scaled by their type, and floating-point values must be within 0 to 1.
   */
  readonly stretch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called while files are downloaded and images are generated. */
  readonly onProgress?: ((progress: DatasetProgress) => void) | undefined;
}
