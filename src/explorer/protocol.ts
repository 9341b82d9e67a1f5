/**
 * All that passes between the explorer's server and its page. The page imports this file too, so it imports nothing.
 *
 * Binary answers are little-endian arrays without a header (`application/octet-stream`), whose length and meaning the
 * {@link ExplorationDescription} tells. They carry an ETag and may be asked for by Range. Everything that fails answers with a
 * {@link Failure} as JSON.
 */

/** Where everything is. Paths begin at the page's own address. */
export const paths = {
  /** GET: {@link ExplorationDescription} */
  exploration: "/api/exploration",
  /** GET: float32 n x 2, row after row, y upwards. What is made from a map is computed when it is asked for first. */
  layout: (id: string) => `/api/layouts/${encodeURIComponent(id)}`,
  /** GET: float32 n x 3 (xx, xy, yy), the covariance of each point's place in a layout; NaN where it is not known */
  covariances: (layout: string) => `/api/layouts/${encodeURIComponent(layout)}/covariances`,
  /** GET: n values of the {@link ColumnDescription.type} of the column */
  column: (id: string) => `/api/columns/${encodeURIComponent(id)}`,
  /** GET: WebP, see {@link ThumbnailDescription} */
  thumbnails: (sheet: number) => `/api/thumbnails/${sheet}`,
  /** GET: PNG, the image as it is */
  image: (index: number) => `/api/images/${index}`,
  /** GET: {@link PointDescription} */
  point: (index: number) => `/api/points/${index}`,
  /** POST: uint32 indices (`application/octet-stream`); the rows as a table to save */
  selection: (format: "csv" | "parquet") => `/api/selection.${format}`,
  /** GET: the explorer without what needs a model, as one HTML file with {@link OfflineData} in it */
  offline: "/api/offline",

  /**
   * GET: server-sent events. `run` carries a {@link LiveRun}, one for each run at the beginning and one whenever a run has changed;
   * `exploration` (no data) says that the description has changed, as a layout or a column was finished.
   */
  live: "/api/live",
  /** GET: float32 n x 2, where the points of a run are now; never cached. The header {@link ITERATION_HEADER} says when. */
  liveLayout: (run: string) => `/api/live/${encodeURIComponent(run)}/layout`,
  /** POST, no body: {@link LiveRun} */
  liveStop: (run: string) => `/api/live/${encodeURIComponent(run)}/stop`,
  /** POST, no body: {@link LiveRun} */
  liveContinue: (run: string) => `/api/live/${encodeURIComponent(run)}/continue`,

  /** GET: {@link PointCode} */
  code: (index: number) => `/api/points/${index}/code`,
  /** POST: float32 m x latent (`application/octet-stream`), 1 <= m <= {@link MOST_DECODED}; PNG with m images in a row */
  decode: "/api/decode",
  /**
   * The same for what asks again and again, such as a slider, under a name of its own of at most 64 letters, digits, `-` and `_`: it is
   * served before others, and a request that waits fails with `ABORTED` when a newer one of the name comes.
   */
  decodeNewest: (name: string) => `/api/decode?newest=${encodeURIComponent(name)}`,
  /** POST: {@link InterpolationRequest}; PNG with the frames in a row */
  interpolation: "/api/interpolation",
  /** POST: {@link InterpolationRequest}; an endless GIF */
  interpolationGif: "/api/interpolation.gif",
  /** GET: PNG, what the model makes of an image */
  reconstruction: (index: number) => `/api/reconstructions/${index}`,
  /** POST: {@link SamplesRequest}; PNG with the images in a row */
  samples: "/api/samples",
  /**
   * GET: PNG, `cells` x `cells` images (2 to {@link MOST_CELLS}) edge to edge, for models with two latent dimensions only. They are decoded
   * at equal steps from {@link MANIFOLD_REACH} standard deviations below the mean of a dimension to as many above: the first dimension
   * across, the second from the bottom up.
   */
  manifold: (cells: number) => `/api/manifold?cells=${cells}`,
  /** POST: an image (`image/*`), or a {@link SearchRequest}; {@link SearchResult} */
  search: "/api/search",
  /** The same for an image whose light and dark are exchanged first. */
  searchInverted: "/api/search?invert=1",
} as const;

/** The header that tells the iteration of a live layout. */
export const ITERATION_HEADER = "x-iteration";

/** The most codes that one request may have decoded. */
export const MOST_DECODED = 128;

/** See {@link paths.manifold}. */
export const MOST_CELLS = 32;
export const MANIFOLD_REACH = 2.5;

/** What is explored. It is read again when `exploration` comes on {@link paths.live}. */
export interface ExplorationDescription {
  /** Changes whenever anything of what is explored has changed. */
  readonly version: string;
  /** For the heading: of the file or folder. */
  readonly name: string;
  readonly n: number;
  /** Dimensions of the codes (or data) that the maps show; null where they are not known. */
  readonly dimensions: number | null;
  /** The one to show first comes first. Empty while the first map is being computed: see `live`. */
  readonly layouts: readonly LayoutDescription[];
  readonly columns: readonly ColumnDescription[];
  readonly images: ThumbnailDescription | null;
  readonly model: ModelDescription | null;
  readonly live: readonly LiveRun[];
  readonly abilities: Abilities;
}

/** One way of laying out the points. */
export interface LayoutDescription {
  /** `"standard"`, `"sigma-aware"`, `"map"`, names of compared maps; of those made from them `"separated:standard"`, `"wall:map"`, … */
  readonly id: string;
  readonly title: string;
  /** What it is: a map; a map spread evenly; the cells of a grid with a point in each. */
  readonly kind: "map" | "separated" | "wall";
  /** The map that it was made from; null for maps. */
  readonly of: string | null;
  /** Whether {@link paths.covariances} answers. */
  readonly hasCovariances: boolean;
  /** A sentence on how it was made: distance, perplexity, KL divergence; may be empty. */
  readonly subtitle: string;
}

/** What points can be colored by. */
export type ColumnDescription = CategoryColumn | NumberColumn;

interface ColumnBase {
  /** `"label"`, `"cluster"`, `"mean-sigma"`, `"quality:standard"`, `"displacement"`, `"position-uncertainty"`, … */
  readonly id: string;
  readonly title: string;
}

export interface CategoryColumn extends ColumnBase {
  readonly kind: "category";
  /** Of {@link paths.column}: numbers of categories, `missing` where there is none. */
  readonly type: "uint16" | "uint32";
  readonly missing: number;
  /** In their order: by number where all are numbers, else by name. */
  readonly categories: readonly string[];
}

export interface NumberColumn extends ColumnBase {
  readonly kind: "number";
  /** NaN where there is none. */
  readonly type: "float32";
  /** Of the finite values; both 0 where there are none. */
  readonly min: number;
  readonly max: number;
  /** 2 % and 98 % quantiles of the finite values, for color scales that outliers do not flatten. */
  readonly low: number;
  readonly high: number;
}

/** The points' images. Sheet s shows the images from `s * perSheet` on, in rows of `columns`, each in a tile of its own. */
export interface ThumbnailDescription {
  /** Of the images as they are, in pixels: of one of them where they differ. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Of a tile, in pixels; images are fitted into it, centered, on transparent ground. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly columns: number;
  readonly perSheet: number;
  readonly sheets: number;
}

export interface ModelDescription {
  /** `"vae"`, `"gmvae"`, … */
  readonly name: string;
  /** Dimensions of a code. */
  readonly latent: number;
  /** Those that carry information; null where it was not looked at. */
  readonly activeDimensions: readonly number[] | null;
  /** Of each dimension, over the points' codes. */
  readonly mean: readonly number[];
  readonly standardDeviation: readonly number[];
  /** Of its images, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** What the server can do with this source. */
export interface Abilities {
  /** {@link paths.decode}, interpolation, samples. */
  readonly decode: boolean;
  /** An image can be searched by: encoded by the model. */
  readonly encode: boolean;
  /** A code gets a place in the map. */
  readonly place: boolean;
  /** Nearest points by their codes. */
  readonly search: boolean;
  /** Some layout has covariances. */
  readonly uncertainty: boolean;
}

/** A computation that can be watched. */
export interface LiveRun {
  readonly id: string;
  readonly kind: "embedding" | "training" | "preparation";
  readonly title: string;
  /** `"waiting"`: begins when another is finished. */
  readonly state: "waiting" | "running" | "stopped" | "finished" | "failed";
  /** What it is doing, or why it failed, in words. */
  readonly message: string;
  /** Iterations of an embedding, epochs of a training; 0 before the first. */
  readonly iteration: number;
  /** null where it is not known. */
  readonly iterations: number | null;
  /** 0 to 1; null where it is not known. */
  readonly fraction: number | null;
  /** KL divergence (embedding) as it was last measured, or the loss (training); null before the first. */
  readonly loss: number | null;
  /** Of a training: the parts of the loss and other scalars by name, as last logged. */
  readonly parts: Readonly<Record<string, number>>;
  /** The layout that an embedding becomes, which {@link paths.liveLayout} shows on the way; else null. */
  readonly layout: string | null;
  /** Whether stop and go on are possible: not for a training that another process runs. */
  readonly controllable: boolean;
}

export interface PointDescription {
  readonly index: number;
  readonly label: string | null;
  /** By id of the column: the category's name, the number, or null. */
  readonly values: Readonly<Record<string, string | number | null>>;
  /** Of the point's code; null where it is not known. */
  readonly sigma: { readonly mean: number; readonly min: number; readonly max: number } | null;
  /** Up to 12 others, nearest first. */
  readonly neighbors: readonly Neighbor[];
  /** What the distances are measured between. */
  readonly neighborsIn: "codes" | "map";
}

export interface Neighbor {
  readonly index: number;
  readonly distance: number;
}

/** Of every answer with a status from 400 on. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/**
 * What stands in an offline page: `<script type="application/json" id="offline-data">`. The page asks its server for nothing then.
 */
export const OFFLINE_ELEMENT = "offline-data";

export interface OfflineData {
  /** Abilities are false and live runs none. */
  readonly description: ExplorationDescription;
  /** Answers by the path of their GET request; those of points are left out: `label` and `values` follow from the columns. */
  readonly answers: Readonly<Record<string, { readonly type: string; readonly base64: string }>>;
}

export interface PointCode {
  readonly mean: readonly number[];
  /** null for models whose codes are points. */
  readonly standardDeviation: readonly number[] | null;
}

/** A point by its number, or a code. */
export type CodeReference = number | readonly number[];

export interface InterpolationRequest {
  readonly from: CodeReference;
  readonly to: CodeReference;
  readonly kind: "linear" | "spherical";
  /** 2 to {@link MOST_DECODED} */
  readonly frames: number;
}

/** Codes drawn from the Gaussian of a point's code. */
export interface SamplesRequest {
  readonly index: number;
  /** 1 to {@link MOST_DECODED} */
  readonly count: number;
  readonly seed?: number;
}

export interface SearchRequest {
  readonly index: number;
}

export interface PlaceInMap {
  readonly x: number;
  readonly y: number;
  /** xx, xy, yy; null where it is not known. */
  readonly covariance: readonly [number, number, number] | null;
}

export interface SearchResult {
  readonly code: PointCode;
  /** By layout, of those into which a point can be placed. */
  readonly places: Readonly<Record<string, PlaceInMap>>;
  readonly neighbors: readonly Neighbor[];
  /** Of an image: a PNG in base64 with two images in a row, what the model was shown and what it makes of it. Of a point: null. */
  readonly shown: string | null;
}
