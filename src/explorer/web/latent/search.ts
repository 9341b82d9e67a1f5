import { effect, signal } from "@preact/signals";
import { paths, type SearchResult } from "../../protocol.js";
import { description, placedExample } from "../state.js";
import { searchImage, searchPoint } from "./latent-requests.js";

/** The example of a search: a point, or an image. */
export type Example = { readonly row: number } | { readonly file: File; readonly isInverted: boolean };

export interface Search {
  readonly example: Example;
  /** Undefined until it is loaded. */
  readonly result?: SearchResult;
  /** For an image: the input of the model, and its reconstruction. */
  readonly shown?: ImageBitmap;
  /** The reason why the search failed. */
  readonly problem?: string;
}
/** The newest search. */
export const search = signal<Search>();

export async function searchBy(example: Example): Promise<void> {
  const asked: Search = { example };
  search.value = asked;
  placedExample.value = undefined;
  try {
    const result = await ("row" in example
      ? searchPoint({ index: example.row })
      : searchImage(example.file, example.isInverted));
    const shown = result.preview === null ? undefined : await createImageBitmap(fromBase64(result.preview));
    // Another search may have been requested meanwhile.
    if (search.value !== asked) return;
    search.value = { example, result, ...(shown && { shown }) };
    const image =
      "row" in example ? (description.value?.images ? paths.image(example.row) : "") : shown && (await firstOf(shown));
    placedExample.value = { result, image: image ?? "" };
  } catch (error) {
    if (search.value === asked) search.value = { example, problem: (error as Error).message };
  }
}

export function forgetSearch(): void {
  search.value = undefined;
  placedExample.value = undefined;
}

// Discard the result when a source without search is opened.
effect(() => {
  if (!description.value?.abilities.search) forgetSearch();
});

function fromBase64(text: string): Blob {
  return new Blob([Uint8Array.from(atob(text), (character) => character.charCodeAt(0))], { type: "image/png" });
}

/** The first of two images side by side, as a URL. */
async function firstOf(pair: ImageBitmap): Promise<string> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [pair.width / 2, pair.height];
  canvas.getContext("2d")?.drawImage(pair, 0, 0);
  return canvas.toDataURL();
}
