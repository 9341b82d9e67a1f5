import {
  type DrawsRequest,
  type InterpolationRequest,
  type LatentVector,
  paths,
  type SearchRequest,
  type SearchResult,
} from "../../protocol.js";
import { ask } from "../server-requests.js";

/** Distinguishes the slider requests of this page from those of other pages on the server. */
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

/** Decodes one code. If a newer code is requested before this one is decoded, this request fails. */
export const decodeNewest = (code: readonly number[]): Promise<ImageBitmap> =>
  picture(
    ask(paths.decodeNewest(PAGE_NAME), {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: Float32Array.from(code),
    }),
  );

/** The frames side by side. */
export const fetchFrames = (request: InterpolationRequest, signal: AbortSignal): Promise<ImageBitmap> =>
  picture(post(paths.interpolation, request, signal));

export const fetchGif = async (request: InterpolationRequest): Promise<Blob> =>
  (await post(paths.interpolationGif, request)).blob();

/** The images side by side. */
export const fetchDraws = (request: DrawsRequest, signal: AbortSignal): Promise<ImageBitmap> =>
  picture(post(paths.draws, request, signal));

export const searchPoint = async (request: SearchRequest): Promise<SearchResult> =>
  (await post(paths.search, request)).json() as Promise<SearchResult>;

export const searchImage = async (file: Blob, isInverted: boolean): Promise<SearchResult> => {
  // If the browser does not recognize the file type, the server detects it from the content.
  const type = file.type.startsWith("image/") ? file.type : "image/unknown";
  const path = isInverted ? paths.searchInverted : paths.search;
  const answer = await ask(path, { method: "POST", headers: { "content-type": type }, body: file });
  return answer.json() as Promise<SearchResult>;
};
