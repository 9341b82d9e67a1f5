import { numberParser } from "./values.js";

/** The values that `--images` accepts, for help texts. */
export const IMAGE_SOURCES =
  "a folder of images, or a .npy or IDX file of n x height x width [x channels], one per point";

/** The options of commands that show images, except `--images` itself. */
export const imageOptions = {
  stretch: [
    "--stretch [percent]",
    "stretch the contrast of each image by itself; this percentage of the darkest and of the brightest pixels is cut off (default without a number: 2)",
    percentParser("--stretch"),
  ],
  strict: [
    "--strict",
    "fail for files in the folder that are skipped by default: files that are not images, and broken links",
  ],
} as const;

/** The values of these options as commander returns them. */
export interface ImageFlags {
  images?: string;
  /** A percentage, or true if no number was given. */
  stretch?: number | true;
  strict?: true;
}

/** Converts the value of `--stretch` to a fraction. */
export const stretchShare = (stretch: number | true | undefined): number | undefined =>
  stretch === undefined ? undefined : stretch === true ? 0.02 : stretch / 100;

/** Describes how many files of an image folder were skipped. */
export const describeSkipped = ({ skipped = 0 }: { readonly skipped?: number | undefined }): string =>
  skipped === 0
    ? ""
    : ` ${skipped} ${skipped === 1 ? "file was" : "files were"} skipped: not an image, a broken link, or in a subfolder next to images (--strict names the first).`;

function percentParser(flag: string) {
  return numberParser(flag, "a percentage from 0 to below 50", (value) => value >= 0 && value < 50);
}
