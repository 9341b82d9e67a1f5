import type { MatrixLike } from "../matrix.js";
import type { MapOptions } from "../plot/index.js";
import { withTypedNames } from "./failure.js";

/** Draws points as the picture requested from {@link preparePicture}. */
export type Draw = (
  points: MatrixLike,
  content?: Omit<MapOptions, "theme" | "width" | "height" | "format">,
) => Promise<Uint8Array>;

/**
 * Loads the drawing code and checks the picture's format and appearance before a long computation.
 *
 * @param flag name of the option for `path`, for error messages
 * @throws {ArgumentError} for an extension or an appearance that is not supported
 */
export async function preparePicture(
  flag: string,
  path: string,
  look: Pick<MapOptions, "theme" | "width" | "height"> = {},
): Promise<Draw> {
  const { drawMap, pictureFormat } = await import("../plot/index.js");
  const format = await withTypedNames({ path: flag }, async () => pictureFormat(path));
  return (points, content = {}) => drawMap(points, { ...look, ...content, format });
}
