/** Saves the result: a table of the positions and a picture of the maps. */
import type { MapView } from "../page-map/view.js";
import type { Table } from "./table.js";

export interface Embedding {
  /** Suffix of the names of the position columns of this map: "" or "plain". */
  readonly suffix: string;
  readonly positions: ArrayLike<number>;
}

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * Writes one row per point: the columns in `kept`, the positions, and, if there is a selection, whether the point is
 * selected.
 */
export function toCsv(
  table: Table,
  kept: readonly string[],
  embeddings: readonly Embedding[],
  selected: Uint8Array | undefined,
): string {
  const columns = table.columns.filter(({ name }) => kept.includes(name));
  const axes = embeddings.flatMap(({ suffix }) => ["x", "y"].map((axis) => axis + suffix));
  const names = ["row", ...columns.map(({ name }) => quoted(name)), ...axes, ...(selected ? ["selected"] : [])];
  const lines = [names.join(",")];
  for (let i = 0; i < table.rows; i++) {
    const values = columns.map(({ values }) => quoted(String(values[i])));
    const positions = embeddings.flatMap(({ positions: at }) => [at[2 * i], at[2 * i + 1]]);
    lines.push([i, ...values, ...positions, ...(selected ? [selected[i]] : [])].join(","));
  }
  return `${lines.join("\n")}\n`;
}

export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A picture of the maps side by side, as on the screen. */
export async function toPicture(views: readonly MapView[]): Promise<Blob> {
  const canvases = views.map(({ figure }) => figure.querySelector("canvas") as HTMLCanvasElement);
  const picture = document.createElement("canvas");
  picture.width = canvases.reduce((sum, { width }) => sum + width, 0);
  picture.height = Math.max(...canvases.map(({ height }) => height));
  const context = picture.getContext("2d") as CanvasRenderingContext2D;
  let left = 0;
  for (const canvas of canvases) {
    context.drawImage(canvas, left, 0);
    left += canvas.width;
  }
  return new Promise((resolve, reject) =>
    picture.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser could not create the picture")))),
  );
}
