import { reject, rejectUnknown, requireInteger, requireSignal } from "../arguments.js";
import type { PictureFormat } from "../canvas/index.js";
import { themeOption } from "../colors/index.js";
import { checkImages, checkStretch, fitSide, type ImageSource } from "../images/index.js";
import type { MatrixLike } from "../matrix.js";
import {
  boolean,
  type CheckedValues,
  checkOptions,
  choice,
  integer,
  number,
  type OptionValues,
  pickOptions,
  text,
} from "../options/index.js";
import { ELLIPSE_KEYS, type MapEllipses } from "./ellipses.js";
import type { Thumbnails } from "./thumbnails.js";

/** The kinds of picture, which are also the file extensions. */
export const PICTURE_FORMATS = ["png", "svg"] as const satisfies readonly PictureFormat[];

/** Range of the side of a picture in pixels. */
const SIDE = { from: 200, to: 16_384 };

/** The options of a picture that do not depend on its points. */
export const PICTURE_OPTIONS = {
  /** Meaning of `values`, above the scale bar. Default: none. */
  valuesTitle: text({ default: "", flag: false, help: "meaning of the values, above the scale bar" }),
  /** Draws lines of equal density that enclose 20, 40, 60, 80 and 95 % of the points. */
  contours: boolean({ default: false, defaultText: "", help: "draw lines of equal density" }),
  /** Heading of the picture, one line. Default: none. */
  title: text({ default: "", defaultText: "", help: "heading of the picture" }),
  /** A second line of the heading in a lighter color. Default: none. */
  subtitle: text({ default: "", flag: false, help: "a second line of the heading in a lighter color" }),
  /** `"light"` or `"dark"`. */
  theme: themeOption,
  /** Width in pixels. */
  width: integer(SIDE, { default: 1600, placeholder: "<pixels>", help: "width of the picture" }),
  /**
   * Height in pixels. Default: three quarters of the width; for several maps, the height at which each map is square.
   */
  height: integer(SIDE, { placeholder: "<pixels>", defaultText: "3/4 of the width", help: "height of the picture" }),
  /** `"png"` or `"svg"`. The text of an SVG is drawn as outlines, so no font is needed to display it. */
  format: choice(PICTURE_FORMATS, { default: "png", flag: false, help: "png or svg" }),
  /** Diameter of a point in pixels. Default: depends on the number of points; more points are smaller. */
  pointSize: number({ above: 0, to: 1000 }, { flag: false, help: "diameter of a point in pixels" }),
};

/** Options for images at points of a map. */
export const IMAGE_OPTIONS = {
  /** Longer side of each image in pixels. Default: about 1/27 of the width of the picture. */
  size: integer(
    { from: 4, to: 2048 },
    {
      flag: "--image-size",
      placeholder: "<pixels>",
      defaultText: "about 1/27 of the width",
      help: "longer side of each image",
    },
  ),
  /** Maximum number of images, spread over the map. Default: as many as fit without overlap. */
  count: integer(
    { from: 0, to: 2 ** 31 },
    { flag: "--image-count", defaultText: "all that fit", help: "maximum number of images, spread over the map" },
  ),
};

/** Images at points of a map. */
export interface MapImages extends Readonly<OptionValues<typeof IMAGE_OPTIONS>> {
  /** n images, one per point. */
  readonly images: ImageSource;
  /**
   * Stretches the contrast of each image separately and cuts off this share of its values at either end, 0 to below
   * 0.5. For example, 0.02 stretches the range from the 2nd to the 98th percentile, and 0 the range from the smallest
   * to the largest value. Default: values from 0 to 1 are shown unchanged, and images with other values are scaled from
   * their smallest to their largest value.
   */
  readonly stretch?: number | undefined;
}

/** Options of {@link drawMap} and {@link drawMapsSideBySide}. All are optional. */
export interface MapOptions extends OptionValues<typeof PICTURE_OPTIONS> {
  /**
   * One label per point, length n. Up to 50 distinct labels are classes, each with its own color. More than 50 distinct
   * numbers are a quantity with a color bar. If there are more than 50 distinct names, each of the 49 most frequent
   * ones has its own color, and the others are gray. `""` and NaN mean that the point has no label.
   */
  labels?: ArrayLike<string | number> | undefined;
  /**
   * One number per point, length n, shown as a continuous color with a scale bar; NaN means that the point has no
   * value. The scale goes from the 5th to the 95th percentile. Values beyond it have the color of the nearer end.
   * Cannot be combined with labels.
   */
  values?: ArrayLike<number> | undefined;
  /**
   * One number >= 0 per point, length n: the area of the dot grows linearly with it. Default: all dots have the same
   * size.
   */
  sizes?: ArrayLike<number> | undefined;
  /**
   * Ellipses around some points of a 2-D map. Default: none. For a picture of several maps, set them in the panels
   * instead.
   */
  ellipses?: MapEllipses | undefined;
  /** Images at some points, without overlap, with a frame in the color of the point. Default: none. */
  images?: MapImages | undefined;
  /** Rows, starting at 0, of points that get a ring and a number, starting at 1, in every map. Default: none. */
  marks?: readonly number[] | undefined;
}

/** Options of {@link drawAnimation}. All are optional. */
export interface AnimationOptions
  extends Omit<
    MapOptions,
    "format" | "subtitle" | "marks" | "values" | "valuesTitle" | "sizes" | "ellipses" | "images" | "contours"
  > {
  /** Width in pixels, an integer from 200 to 2048. Default 640. */
  width?: number | undefined;
  /** Height in pixels, an integer from 200 to 2048. Default: three quarters of the width. */
  height?: number | undefined;
  /** A second line of the heading for each state, in a lighter color. Default: none. */
  captions?: readonly string[] | undefined;
  /** Milliseconds per frame, an integer from 20 to 10,000. The last frame stays two seconds longer. Default 80. */
  delay?: number | undefined;
  /** Cancels the drawing. */
  signal?: AbortSignal | undefined;
}

/** One of several maps in a picture. */
export interface MapPanel {
  /** n x 1, n x 2 or n x 3. */
  readonly points: MatrixLike;
  /** Heading of this map. Default: none. */
  readonly title?: string | undefined;
  /** A second line of the heading in a lighter color. Default: none. */
  readonly subtitle?: string | undefined;
  /** Ellipses around some of its points, if the map is 2-D. Default: none. */
  readonly ellipses?: MapEllipses | undefined;
}

/** Options with the defaults filled in, except those that depend on the embedding. */
export interface MapSettings extends CheckedValues<typeof PICTURE_OPTIONS> {
  marks: readonly number[];
  images: Thumbnails | undefined;
}

/** The options that contain data of the points, such as their labels. */
const POINT_KEYS: Record<Exclude<keyof MapOptions, keyof typeof PICTURE_OPTIONS>, true> = {
  labels: true,
  values: true,
  sizes: true,
  ellipses: true,
  images: true,
  marks: true,
};
const PANEL_KEYS: Record<keyof MapPanel, true> = { points: true, title: true, subtitle: true, ellipses: true };
const ANIMATION_KEYS: Record<keyof AnimationOptions, true> = {
  labels: true,
  title: true,
  width: true,
  height: true,
  theme: true,
  pointSize: true,
  captions: true,
  delay: true,
  signal: true,
};

/**
 * Checks all options except the labels and fills in the defaults.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION (with the nearest name), OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function resolveMapOptions(options: MapOptions): MapSettings {
  if (typeof options !== "object" || options === null) reject("options", options, "an object");
  rejectUnknown(options, [...Object.keys(POINT_KEYS), ...Object.keys(PICTURE_OPTIONS)]);
  if (options.ellipses !== undefined) requireEllipses(options.ellipses, "ellipses");
  const picture = checkOptions(PICTURE_OPTIONS, pickOptions(PICTURE_OPTIONS, options));
  return {
    ...picture,
    marks: rowNumbers(options.marks ?? []),
    images: options.images && thumbnails(options.images, picture.width),
  };
}

/**
 * Returns a display size of about `side` pixels for images of `own` pixels. Smaller images are enlarged by a whole
 * multiple, so that their pixels stay squares.
 */
const wholeMultiple = (own: number, side: number): number =>
  own < side ? own * Math.round(side / own) : Math.round(side);

/** Checks the image options and fills in the defaults, except for the number of images, which depends on the points. */
function thumbnails(images: MapImages, width: number): Thumbnails {
  if (typeof images !== "object" || images === null)
    reject("images", images, "an object {images, size, count, stretch}");
  rejectUnknown(images, ["images", "size", "count", "stretch"], "images.");
  checkImages(images.images, "images.images");
  const { height, width: own } = images.images;
  const size = images.size ?? wholeMultiple(Math.max(height, own), Math.max(8, width / 27));
  return {
    images: images.images,
    ...fitSide(images.images, IMAGE_OPTIONS.size.check(size, "images.size")),
    count: IMAGE_OPTIONS.count.check(images.count ?? 2 ** 31, "images.count"),
    stretch: checkStretch(images.stretch, "images.stretch"),
  };
}

/** Options of an animation with the defaults filled in. */
export interface AnimationSettings extends MapSettings {
  height: number;
  captions: readonly string[] | undefined;
  delay: number;
  signal: AbortSignal | undefined;
}

/**
 * Checks all options of an animation of `states` states except the labels, and fills in the defaults.
 *
 * @throws {ArgumentError} the same as {@link resolveMapOptions}
 */
export function resolveAnimationOptions(options: AnimationOptions, states: number): AnimationSettings {
  if (typeof options !== "object" || options === null) reject("options", options, "an object");
  rejectUnknown(options, Object.keys(ANIMATION_KEYS));
  const { captions, delay, signal, width, height, ...look } = options;
  requireSignal(signal);
  const areTexts = Array.isArray(captions) && captions.every((caption) => typeof caption === "string");
  if (captions !== undefined && !(areTexts && captions.length === states)) {
    reject("captions", captions, `${states} strings, one per state`);
  }
  const columns = requireInteger(width ?? 640, "width", 200, 2048);
  return {
    ...resolveMapOptions(look),
    width: columns,
    height: requireInteger(height ?? Math.max(200, Math.round(0.75 * columns)), "height", 200, 2048),
    captions,
    delay: requireInteger(delay ?? 80, "delay", 20, 10_000),
    signal,
  };
}

/**
 * @throws {ArgumentError} if the panel is not an object, has keys that are not in {@link MapPanel}, or has a title that
 *   is not a text
 */
export function checkPanel(panel: MapPanel, argument: string): void {
  if (typeof panel !== "object" || panel === null) reject(argument, panel, "an object {points, title, subtitle}");
  rejectUnknown(panel, Object.keys(PANEL_KEYS), `${argument}.`);
  for (const name of ["title", "subtitle"] as const) {
    const value = panel[name];
    if (value !== undefined) PICTURE_OPTIONS[name].check(value, `${argument}.${name}`);
  }
  if (panel.ellipses !== undefined) requireEllipses(panel.ellipses, `${argument}.ellipses`);
}

function requireEllipses(ellipses: MapEllipses, argument: string): void {
  if (typeof ellipses !== "object" || ellipses === null) {
    reject(argument, ellipses, "an object {covariances, points, level}");
  }
  rejectUnknown(ellipses, Object.keys(ELLIPSE_KEYS), `${argument}.`);
}

function rowNumbers(value: unknown): readonly number[] {
  const isRows = Array.isArray(value) && value.every((row) => Number.isSafeInteger(row) && row >= 0);
  if (!isRows) reject("marks", value, "an array of rows, integers from 0");
  return value;
}
