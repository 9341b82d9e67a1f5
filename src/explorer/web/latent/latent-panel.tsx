import controls from "../controls.module.css";
import { PointImage } from "../panels/point-image.js";
import { clicked, description } from "../state.js";
import { DecodedImage } from "./decoded-image.js";
import { Draws } from "./draws.js";
import { code, decoded, origin } from "./latent-vector.js";
import { Manifold } from "./manifold.js";
import pictures from "./pictures.module.css";
import { Reconstruction } from "./reconstruction.js";
import { Sliders } from "./sliders.js";

/** Width of an image in pixels, so that three fit side by side. */
const SIDE = 86;

/** The latent vector of the point that was chosen last, and its image. */
export function LatentPanel() {
  const model = description.value?.model;
  const images = description.value?.images;
  if (!model) return null;
  const row = clicked.value;
  const from = origin.value;
  const isMoved = from !== undefined && code.value.some((value, j) => value !== from.mean[j]);
  return (
    <>
      <h2>
        Latent space{" "}
        <small>
          {model.name}, {model.latentDimensions} dimensions
        </small>
      </h2>
      {row === undefined && (
        <p class={controls.note}>
          The sliders begin at the mean of all codes. Click a point in the map to begin at its code.
        </p>
      )}
      <div class={pictures.pictures}>
        {row !== undefined && images && (
          <figure>
            <PointImage row={row} size={SIDE} />
            <figcaption>Row {row.toLocaleString("en")}</figcaption>
          </figure>
        )}
        {row !== undefined && (
          <figure>
            <Reconstruction row={row} size={SIDE} />
            <figcaption>Reconstruction</figcaption>
          </figure>
        )}
        <figure class={isMoved ? pictures.movedCode : ""}>
          <DecodedImage picture={decoded.value} size={SIDE} title="Image decoded from the slider values" />
          <figcaption>From the sliders</figcaption>
        </figure>
      </div>
      <Sliders />
      <Manifold />
      {row !== undefined && from?.row === row && from.standardDeviation && <Draws row={row} />}
    </>
  );
}
