/**
 * The requests and answers between the explorer's server and its page. Both import this file, so it must run in a
 * browser and imports nothing.
 *
 * Binary answers are little-endian arrays without a header (`application/octet-stream`). {@link ExplorationDescription}
 * says how long they are and what they mean. They carry an ETag and support Range requests. Every failed request is
 * answered with a {@link Failure} as JSON.
 */

/** The address of each route, relative to the page's own address. */
export const paths = {
  /** GET: {@link ExplorationDescription} */
  exploration: "/api/exploration",
  /** GET: float32 n x 2, row by row, y upwards. A derived layout is computed when it is first requested. */
  layout: (id: string) => `/api/layouts/${encodeURIComponent(id)}`,
  /** GET: float32 n x 3 (xx, xy, yy), the covariance of each position of a layout; NaN if it is unknown */
  covariances: (layout: string) => `/api/layouts/${encodeURIComponent(layout)}/covariances`,
  /**
   * GET: n values with the {@link ColumnDescription.type} of the column. For texts: n + 1 uint32 offsets, then all
   * texts one after the other in UTF-8. Text i begins at offset i and ends at offset i + 1, counted in UTF-16 code
   * units.
   */
  column: (id: string) => `/api/columns/${encodeURIComponent(id)}`,
  /** GET: WebP, see {@link ThumbnailDescription} */
  thumbnails: (sheet: number) => `/api/thumbnails/${sheet}`,
  /**
   * POST: uint32 indices (`application/octet-stream`), at most {@link MAX_THUMBNAILS}; WebP with the thumbnails of
   * these points in rows of {@link ThumbnailDescription.columns} tiles. The visible points are seldom adjacent in the
   * file.
   */
  thumbnailsOf: "/api/thumbnails",
  /** GET: PNG, the image in its original size */
  image: (index: number) => `/api/images/${index}`,
  /** GET: {@link PointDescription} */
  point: (index: number) => `/api/points/${index}`,
  /**
   * POST: uint32 indices (`application/octet-stream`); the answer is a table of the selected rows. In CSV, texts that a
   * spreadsheet would run as formulas begin with an apostrophe, unless `isVerbatim` is set.
   */
  selection: (format: "csv" | "parquet", isVerbatim = false) =>
    `/api/selection.${format}${isVerbatim ? "?verbatim=true" : ""}`,
  /**
   * A saved selection. GET: its rows, uint32, ascending. PUT: uint32 indices (`application/octet-stream`) to save; they
   * replace a selection with the same name. DELETE: removes the selection.
   */
  savedSelection: (name: string) => `/api/selections?name=${encodeURIComponent(name)}`,
  savedSelections: "/api/selections",
  /**
   * GET: string[], the origins of pages that may show this page in a frame and exchange {@link FrameMessage}s with it
   */
  frameOrigins: "/api/frame-origins",
  /**
   * GET: the explorer without the features that need a model, as one HTML file that contains {@link OfflineData}.
   * `hasData` says whether the file contains the data behind the maps, so that its page can compute maps; by default as
   * {@link RecomputationDescription} says.
   */
  offline: (hasData?: boolean) => `/api/offline${hasData === undefined ? "" : `?data=${hasData}`}`,

  /**
   * GET: server-sent events. `computation` carries a {@link ComputationState}: one for each computation at the
   * beginning, and one whenever a computation changes. `exploration` (no data) says that the description has changed,
   * because a layout or a column was finished.
   */
  events: "/api/events",
  /** GET: float32 n x 2, the current positions of a running embedding; never cached. See {@link ITERATION_HEADER}. */
  computationLayout: (id: string) => `/api/computations/${encodeURIComponent(id)}/layout`,
  /** POST, no body: {@link ComputationState} */
  stopComputation: (id: string) => `/api/computations/${encodeURIComponent(id)}/stop`,
  /** POST, no body: {@link ComputationState} */
  continueComputation: (id: string) => `/api/computations/${encodeURIComponent(id)}/continue`,

  /** GET: {@link LatentVector} of a point */
  latentVector: (index: number) => `/api/points/${index}/latent`,
  /**
   * POST: float32 m x latent (`application/octet-stream`), 1 <= m <= {@link MAX_DECODED}; PNG with m images side by
   * side
   */
  decode: "/api/decode",
  /**
   * Decodes like {@link paths.decode}, for a control that sends many requests, such as a slider. `name` identifies the
   * control (at most 64 letters, digits, `-` and `_`). Its requests are served before others, and a waiting request
   * fails with `ABORTED` when a newer one with the same name arrives.
   */
  decodeNewest: (name: string) => `/api/decode?newest=${encodeURIComponent(name)}`,
  /** POST: {@link InterpolationRequest}; PNG with the frames side by side */
  interpolation: "/api/interpolation",
  /** POST: {@link InterpolationRequest}; a GIF that repeats endlessly */
  interpolationGif: "/api/interpolation.gif",
  /** GET: PNG, the model's reconstruction of an image */
  reconstruction: (index: number) => `/api/reconstructions/${index}`,
  /** POST: {@link DrawsRequest}; PNG with the images side by side */
  draws: "/api/draws",
  /**
   * GET: PNG, `cells` x `cells` images (2 to {@link MAX_CELLS}) edge to edge, only for models with two latent
   * dimensions. Each dimension takes equal steps from its mean - {@link MANIFOLD_REACH} standard deviations to its mean
   * + {@link MANIFOLD_REACH} standard deviations: the first dimension from left to right, the second from bottom to
   * top.
   */
  manifold: (cells: number) => `/api/manifold?cells=${cells}`,
  /** POST: an image (`image/*`), or a {@link SearchRequest}; {@link SearchResult} */
  search: "/api/search",
  /** Searches like {@link paths.search}, but inverts the brightness of the image first. */
  searchInverted: "/api/search?invert=1",
} as const;

/** The header that contains the iteration of a running embedding. */
export const ITERATION_HEADER = "x-iteration";

/** Id of the column with the row numbers in the source. It exists only if rows without a position were left out. */
export const FILE_ROW = "file-row";

/** Maximum number of latent vectors that one request may have decoded. */
export const MAX_DECODED = 128;

/** See {@link paths.thumbnailsOf}. */
export const MAX_THUMBNAILS = 1024;

/** See {@link paths.manifold}. */
export const MAX_CELLS = 32;
export const MANIFOLD_REACH = 2.5;

/** All data that the page needs at the start. The page reads the description again after each `exploration` event. */
export interface ExplorationDescription {
  /** Changes whenever any part of the description has changed. */
  readonly version: string;
  /** Name of the file or folder, for the heading. */
  readonly name: string;
  readonly n: number;
  /** Number of rows of the source that are left out because they have no position in the map. */
  readonly withoutPosition: number;
  /** Other data that are left out, with the reason, one sentence each. */
  readonly notices: readonly string[];
  /** Dimensions of the data behind the maps; null if unknown. */
  readonly dimensions: number | null;
  /**
   * The page first shows the first layout. The array is empty while the first map is being computed: see
   * `computations`.
   */
  readonly layouts: readonly LayoutDescription[];
  readonly columns: readonly ColumnDescription[];
  readonly images: ThumbnailDescription | null;
  readonly model: ModelDescription | null;
  readonly computations: readonly ComputationState[];
  /** Saved selections. */
  readonly selections: readonly SelectionDescription[];
  readonly abilities: Abilities;
  /** null if the data behind the maps are unknown. */
  readonly recomputation: RecomputationDescription | null;
}

/** Whether an offline file can compute maps with other settings. */
export interface RecomputationDescription {
  /** Size of the data behind the maps in the file, in bytes. */
  readonly bytes: number;
  readonly hasSigma: boolean;
  /** Whether a saved file contains the data unless the user decides otherwise. */
  readonly isDefault: boolean;
  /** Why the file cannot compute maps, one sentence; null if it can. */
  readonly obstacle: string | null;
}

export interface SelectionDescription {
  readonly name: string;
  /** Number of rows. */
  readonly size: number;
}

/**
 * A message by `postMessage` between this page in a frame and the page around it. Rows are numbers of points; an empty
 * array means that nothing is selected.
 *
 * `ready`: this page is ready to receive messages. The message has no content and is sent to any origin. `select`: the
 * surrounding page sets the selection and from then on receives each new selection. `selected`: the new selection of
 * this page, ascending.
 */
export type FrameMessage =
  | { readonly kind: "sigma-tsne ready" }
  | { readonly kind: "sigma-tsne select" | "sigma-tsne selected"; readonly rows: Uint32Array };

/** Longest name of a selection, in characters. */
export const MAX_SELECTION_NAME = 100;

/** A JSON file of selections, for selections saved beside the source and for exported ones. */
export interface SelectionsFile {
  readonly kind: typeof SELECTIONS_KIND;
  readonly version: 1;
  /** Number of all points. */
  readonly points: number;
  /** Row numbers by name. */
  readonly selections: Readonly<Record<string, readonly number[]>>;
}
export const SELECTIONS_KIND = "sigma-tsne selections";

/** One way to arrange the points. */
export interface LayoutDescription {
  /**
   * `"standard"`, `"sigma-aware"`, `"map"`, names of compared maps; for derived layouts `"separated:standard"`,
   * `"wall:map"`, …
   */
  readonly id: string;
  readonly title: string;
  /** A map, a map with evenly spread points, or a grid with one point per cell. */
  readonly kind: "map" | "separated" | "wall";
  /** Id of the map that the layout was computed from; null for maps. */
  readonly derivedFrom: string | null;
  /** Whether {@link paths.covariances} has an answer. */
  readonly hasCovariances: boolean;
  /** One sentence about how the layout was computed: distance, perplexity, KL divergence; may be empty. */
  readonly subtitle: string;
}

/** A property of the points: they can be colored, searched and filtered by it. */
export type ColumnDescription = CategoryColumn | NumberColumn | DateColumn | TextColumn;

/** The column kinds with numeric values: a category number, a date in milliseconds, or a number. */
export type CodedColumn = CategoryColumn | NumberColumn | DateColumn;

/** The purpose of a column. The explorer itself computed columns with the role `"computed"`. */
export type ColumnRole = "label" | "identifier" | "data" | "metadata" | "computed";

interface ColumnBase {
  /**
   * `"label"`, `"cluster"`, `"mean-sigma"`, `"quality:standard"`, `"displacement"`, `"position-uncertainty"`,
   * `"column:price"`, …
   */
  readonly id: string;
  readonly title: string;
  /** Name of the column in exported tables. */
  readonly name: string;
  readonly role: ColumnRole;
  /** What the values mean, in a sentence or two. */
  readonly note?: string | undefined;
}

/** How texts are shown: as plain text, as links to the web, or as images at these paths. */
export type TextFormat = "plain" | "link" | "image";

export interface CategoryColumn extends ColumnBase {
  readonly kind: "category";
  /** Type of the values of {@link paths.column}. Each value is an index into `categories`, or the number `missing`. */
  readonly type: "uint16" | "uint32";
  readonly missing: number;
  /** Sorted by number if all names are numbers, else alphabetically. */
  readonly categories: readonly string[];
  readonly format: TextFormat;
}

interface Range {
  /** Range of the values; both 0 if there are none. */
  readonly min: number;
  readonly max: number;
  /** 2 % and 98 % quantiles of the values, so that outliers do not flatten the color scale. */
  readonly low: number;
  readonly high: number;
  /** Number of rows without a value. Their value is NaN. */
  readonly empty: number;
}

export interface NumberColumn extends ColumnBase, Range {
  readonly kind: "number";
  /** float64 if float32 would round a value. */
  readonly type: "float32" | "float64";
  /** Whether all numbers are whole. */
  readonly isWhole: boolean;
}

/** Milliseconds since 1970, UTC. */
export interface DateColumn extends ColumnBase, Range {
  readonly kind: "date";
  readonly type: "float64";
  /** The largest unit of which all dates are whole multiples. */
  readonly precision: "day" | "second" | "millisecond";
}

/** Texts that are too different from each other to be classes. */
export interface TextColumn extends ColumnBase {
  readonly kind: "text";
  readonly type: "text";
  readonly format: TextFormat;
  /** Number of rows without a text. */
  readonly missing: number;
}

/** The images of the points. Sheet s contains the images from `s * perSheet` on, in rows of `columns` tiles. */
export interface ThumbnailDescription {
  /** Size of the original images in pixels; the size of one of them if they differ. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Size of a tile in pixels. Images are fitted into their tile, centered, on a transparent background. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly columns: number;
  readonly perSheet: number;
  readonly sheets: number;
}

export interface ModelDescription {
  /** `"vae"`, `"gmvae"`, … */
  readonly name: string;
  readonly latentDimensions: number;
  /** The dimensions that carry information; null if unknown. */
  readonly activeDimensions: readonly number[] | null;
  /** Mean and standard deviation of each latent dimension over all points. */
  readonly mean: readonly number[];
  readonly standardDeviation: readonly number[];
  /** Size of the model's images in pixels. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** The features that the server offers for these data. */
export interface Abilities {
  /** {@link paths.decode}, interpolation, draws. */
  readonly decode: boolean;
  /** The model can encode an image, so that it can be searched for. */
  readonly encode: boolean;
  /** A latent vector can be placed into the map. */
  readonly place: boolean;
  /** The nearest points can be searched for. */
  readonly search: boolean;
  /** Some layout has covariances. */
  readonly uncertainty: boolean;
}

/** The state of work on the server that takes a while. */
export interface ComputationState {
  readonly id: string;
  readonly kind: "embedding" | "training" | "preparation";
  readonly title: string;
  /** `"waiting"`: begins when another computation is finished. */
  readonly state: "waiting" | "running" | "stopped" | "finished" | "failed";
  /** The current step, or the reason of a failure. */
  readonly message: string;
  /** Iterations of an embedding or epochs of a training; 0 before the first. */
  readonly iteration: number;
  /** null if unknown. */
  readonly iterations: number | null;
  /** 0 to 1; null if unknown. */
  readonly fraction: number | null;
  /** The latest KL divergence of an embedding or loss of a training; null before the first. */
  readonly loss: number | null;
  /** The latest parts of the loss of a training, and other logged scalars, by name. */
  readonly parts: Readonly<Record<string, number>>;
  /**
   * Id of the layout that a running embedding will become (see {@link paths.computationLayout}); null for other
   * computations.
   */
  readonly layout: string | null;
  /** Whether it can be stopped and continued. False for a training in another process. */
  readonly controllable: boolean;
}

export interface PointDescription {
  readonly index: number;
  readonly label: string | null;
  /** By column id: the name of the category, the number, the date in milliseconds, the text, or null. */
  readonly values: Readonly<Record<string, string | number | null>>;
  /** Summary of the standard deviations of the point; null if unknown. */
  readonly sigma: { readonly mean: number; readonly min: number; readonly max: number } | null;
  /** Up to 12 other points, nearest first. */
  readonly neighbors: readonly Neighbor[];
  /** Whether the distances were measured in the data or in the map. */
  readonly neighborsIn: "data" | "map";
}

export interface Neighbor {
  readonly index: number;
  readonly distance: number;
}

/** The body of every answer whose status is 400 or higher. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/**
 * Id of the `<script type="application/json">` that contains the data of an offline page. A page with this element
 * sends no requests.
 */
export const OFFLINE_ELEMENT = "offline-data";

export interface OfflineData {
  /** All abilities of the server are false, and there are no computations. */
  readonly description: ExplorationDescription;
  /**
   * Answers by the path of their GET request. Requests for a point have no answer here, because `label` and `values`
   * follow from the columns.
   */
  readonly answers: Readonly<Record<string, { readonly type: string; readonly base64: string }>>;
  /** null if the page cannot compute maps: see {@link RecomputationDescription.obstacle}. */
  readonly computer: OfflineComputer | null;
}

/** What an offline page needs to compute maps. */
export interface OfflineComputer {
  /** The program of the worker that computes. */
  readonly worker: string;
  /** The WebAssembly core, compressed with gzip, in base64. */
  readonly core: string;
  readonly means: StoredMatrix;
  readonly sigma: StoredMatrix | null;
  readonly settings: EmbeddingChoices;
}

/** A matrix of one row per point. */
export interface StoredMatrix {
  readonly type: "float32" | "float64";
  readonly cols: number;
  /** Little-endian, row by row. */
  readonly base64: string;
}

/** The settings that the user can choose from, and their defaults. */
export interface EmbeddingChoices {
  readonly perplexity: number;
  readonly largestPerplexity: number;
  readonly earlyExaggeration: number;
  readonly seed: number;
  /** In the order in which they are offered. The first distance that fits is the default. */
  readonly distances: readonly { readonly name: string; readonly usesSigma: boolean }[];
  readonly starts: readonly string[];
}

/** A Gaussian in the latent space. */
export interface LatentVector {
  readonly mean: readonly number[];
  /** null for models that encode an image as a single vector. */
  readonly standardDeviation: readonly number[] | null;
}

/** The index of a point, or a latent vector. */
export type LatentReference = number | readonly number[];

export interface InterpolationRequest {
  readonly from: LatentReference;
  readonly to: LatentReference;
  readonly kind: "linear" | "spherical";
  /** 2 to {@link MAX_DECODED} */
  readonly frames: number;
}

/** Asks for random draws from the Gaussian of a point. */
export interface DrawsRequest {
  readonly index: number;
  /** 1 to {@link MAX_DECODED} */
  readonly count: number;
  readonly seed?: number;
}

export interface SearchRequest {
  readonly index: number;
}

/** Position of an example in a map. */
export interface PlacedPosition {
  readonly x: number;
  readonly y: number;
  /** xx, xy, yy; null if unknown. */
  readonly covariance: readonly [number, number, number] | null;
}

export interface SearchResult {
  readonly latent: LatentVector;
  /** By layout id, for each map into which points can be placed. */
  readonly positions: Readonly<Record<string, PlacedPosition>>;
  readonly neighbors: readonly Neighbor[];
  /** For an image: a base64 PNG with the image as the model received it, and its reconstruction. For a point: null. */
  readonly preview: string | null;
}
