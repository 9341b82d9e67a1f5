import {
  type DrawsRequest,
  type InterpolationRequest,
  type LatentVector,
  paths,
  type SearchRequest,
  type SearchResult,
} from "../../protocol.js";
import { ask } from "../server-requests.js";

/** Under which the server knows the requests of this page's sliders from those of other pages. */
const PAGE_NAME = `sliders-${Math.random().toString(36).slice(2)}`;

const post = (path: string, request: object, signal?: AbortSignal): Promise<Response> =>
  ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
    ...(signal && { signal }),
  });

const picture = async (answer: Promise<Response>): Promise<ImageBitmap> =>
  createImageBitmap(await (await answer).blob());

export const fetchLatentVector = async (row: number, signal: AbortSignal): Promise<LatentVector> =>
  (await ask(paths.latentVector(row), { signal })).json() as Promise<LatentVector>;

/** The image of one code, where only that of the newest is wanted. */
export const decodeNewest = (code: readonly number[]): Promise<ImageBitmap> =>
  picture(
    ask(paths.decodeNewest(PAGE_NAME), {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: Float32Array.from(code),
    }),
  );

/** The frames in a row. */
export const fetchFrames = (request: InterpolationRequest, signal: AbortSignal): Promise<ImageBitmap> =>
  picture(post(paths.interpolation, request, signal));

export const fetchGif = async (request: InterpolationRequest): Promise<Blob> =>
  (await post(paths.interpolationGif, request)).blob();

/** The images in a row. */
export const fetchDraws = (request: DrawsRequest, signal: AbortSignal): Promise<ImageBitmap> =>
  picture(post(paths.draws, request, signal));

export const searchPoint = async (request: SearchRequest): Promise<SearchResult> =>
  (await post(paths.search, request)).json() as Promise<SearchResult>;

export const searchImage = async (file: Blob, isInverted: boolean): Promise<SearchResult> => {
  // Files whose type the browser does not know are recognized by their content on the server.
  const type = file.type.startsWith("image/") ? file.type : "image/unknown";
  const path = isInverted ? paths.searchInverted : paths.search;
  const answer = await ask(path, { method: "POST", headers: { "content-type": type }, body: file });
  return answer.json() as Promise<SearchResult>;
};
