import { paths } from "../../protocol.js";
import pointImage from "../panels/point-image.module.css";
import { description } from "../state.js";

/** The model's reconstruction of a row from its latent vector, fitted into a square of `size` pixels. */
export function Reconstruction({ row, size }: { row: number; size: number }) {
  const model = description.value?.model;
  if (!model || !description.value?.abilities.decode) return null;
  const scale = size / Math.max(model.width, model.height);
  return (
    <img
      class={scale > 1 ? `${pointImage.pointImage} ${pointImage.enlarged}` : pointImage.pointImage}
      src={paths.reconstruction(row)}
      width={Math.round(model.width * scale)}
      height={Math.round(model.height * scale)}
      alt={`Reconstruction of row ${row}`}
      decoding="async"
    />
  );
}
