import { effect } from "@preact/signals";
import type { FrameMessage } from "../../protocol.js";
import { fetchFrameOrigins } from "../server-requests.js";
import { description, failure, select, selected } from "../state.js";

/**
 * If this page is in a frame, such as the output of a notebook, this shares the selection with the surrounding page.
 * The origin of that page must be in the `frameOrigins` of the server.
 */
export async function shareSelectionWithFrame(): Promise<void> {
  if (window.parent === window) return;
  let origins: readonly string[];
  try {
    origins = await fetchFrameOrigins();
  } catch {
    // The page already reports that the server does not answer.
    return;
  }
  let told: string | undefined;
  window.addEventListener("message", ({ source, origin, data }: MessageEvent<unknown>) => {
    if (source !== window.parent || !origins.includes(origin) || !isSelect(data)) return;
    selectRows(data.rows);
    if (told === origin) return;
    told = origin;
    effect(() => post({ kind: "sigma-tsne selected", rows: selected.value ?? new Uint32Array() }, origin));
  });
  post({ kind: "sigma-tsne ready" }, "*");
}

function selectRows(rows: Uint32Array): void {
  const n = description.peek()?.n ?? 0;
  if (rows.every((row) => row < n)) select(rows);
  else
    failure.value = `The page around this one selected points that do not exist: expected numbers from 0 to ${n - 1}.`;
}

const post = (message: FrameMessage, origin: string): void => window.parent.postMessage(message, origin);

function isSelect(data: unknown): data is { readonly rows: Uint32Array } {
  const { kind, rows } = (data ?? {}) as Partial<Record<"kind" | "rows", unknown>>;
  return kind === "sigma-tsne select" && rows instanceof Uint32Array;
}
