import {
  type ComputationState,
  type ExplorationDescription,
  type Failure,
  ITERATION_HEADER,
  type LayoutDescription,
  type PointDescription,
  paths,
} from "../protocol.js";
import { TextValues } from "../text-values.js";
import { offline } from "./offline/offline-data.js";
import { answerOffline, describeOffline } from "./offline/offline-maps.js";

/** An error answer of the server. */
export class RequestFailure extends Error {
  readonly code: string;
  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}

/** The server does not answer at all. */
class UnreachableError extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

/** Whether the page is an offline file that contains its data and has no server. */
export const isOffline = offline !== undefined;

/** Sends a request and returns the answer. Error answers are thrown. */
export async function ask(path: string, init?: RequestInit): Promise<Response> {
  if (offline) {
    const own = await answerOffline(path);
    if (own) return own;
    throw new RequestFailure({
      code: "OFFLINE",
      message: "This function needs a server, which an offline file does not have.",
    });
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new UnreachableError();
  }
  if (answer.ok) return answer;
  throw new RequestFailure(await readFailure(answer));
}

async function readFailure(answer: Response): Promise<Failure> {
  try {
    return (await answer.json()) as Failure;
  } catch {
    return { code: `HTTP_${answer.status}`, message: `The server answered with status ${answer.status}.` };
  }
}

const json = async <T>(path: string, init?: RequestInit): Promise<T> => (await ask(path, init)).json() as Promise<T>;
const floats = async (path: string, init?: RequestInit): Promise<Float32Array> =>
  new Float32Array(await (await ask(path, init)).arrayBuffer());

export const fetchDescription = (): Promise<ExplorationDescription> =>
  offline ? Promise.resolve(describeOffline(offline.description)) : json(paths.exploration);

/** Positions of a layout, n x 2, row by row. */
export const fetchLayout = (id: string, signal?: AbortSignal): Promise<Float32Array> =>
  floats(paths.layout(id), signal && { signal });

/** Covariances of the positions, n x 3: xx, xy and yy of each point. */
export const fetchCovariances = (layout: LayoutDescription): Promise<Float32Array> =>
  floats(paths.covariances(layout.id));

/** Values of a column in the type of its description. */
export async function fetchColumn(
  id: string,
  type: "float32" | "float64" | "uint16" | "uint32",
): Promise<Float32Array | Float64Array | Uint16Array | Uint32Array> {
  const bytes = await (await ask(paths.column(id))).arrayBuffer();
  if (type === "uint16") return new Uint16Array(bytes);
  if (type === "float64") return new Float64Array(bytes);
  return type === "uint32" ? new Uint32Array(bytes) : new Float32Array(bytes);
}

/** The texts of a column of `n` rows. */
export const fetchTexts = async (id: string, n: number): Promise<TextValues> =>
  TextValues.decode(await (await ask(paths.column(id))).arrayBuffer(), n);

/** Origins of pages that may show this page in a frame. */
export const fetchFrameOrigins = (): Promise<readonly string[]> => json(paths.frameOrigins);

/** Thumbnails of some points in one picture. */
export const fetchThumbnails = async (rows: Uint32Array<ArrayBuffer>): Promise<Blob> =>
  (
    await ask(paths.thumbnailsOf, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: rows,
    })
  ).blob();

/** One sheet of the thumbnails of all points. An offline file contains these sheets. */
export const fetchSheet = async (sheet: number): Promise<Blob> => (await ask(paths.thumbnails(sheet))).blob();

export const fetchPoint = (index: number, signal: AbortSignal): Promise<PointDescription> =>
  json(paths.point(index), { signal });

/** A table of the rows as a file. */
export const fetchSelection = async (
  rows: Uint32Array<ArrayBuffer>,
  format: "csv" | "parquet",
  isVerbatim: boolean,
): Promise<Blob> =>
  (
    await ask(paths.selection(format, isVerbatim), {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: rows,
    })
  ).blob();

/** Current positions of a running embedding, n x 2, and their iteration. */
export async function fetchComputationLayout(id: string): Promise<{ positions: Float32Array; iteration: number }> {
  const answer = await ask(paths.computationLayout(id));
  return {
    positions: new Float32Array(await answer.arrayBuffer()),
    iteration: Number(answer.headers.get(ITERATION_HEADER)),
  };
}

export const stopComputation = (id: string): Promise<ComputationState> =>
  json(paths.stopComputation(id), { method: "POST" });
export const continueComputation = (id: string): Promise<ComputationState> =>
  json(paths.continueComputation(id), { method: "POST" });

/** Lets the browser save a file. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // A browser may read the content after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
