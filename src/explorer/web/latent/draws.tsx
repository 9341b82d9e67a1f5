import { useEffect, useState } from "preact/hooks";
import controls from "../controls.module.css";
import { failure } from "../state.js";
import { DecodedImage } from "./decoded-image.js";
import styles from "./draws.module.css";
import { fetchDraws } from "./latent-requests.js";

const COUNT = 15;

/** Images of random draws from the Gaussian of the point. */
export function Draws({ row }: { row: number }) {
  const [seed, setSeed] = useState(42);
  const [picture, setPicture] = useState<ImageBitmap>();
  useEffect(() => {
    const abort = new AbortController();
    fetchDraws({ index: row, count: COUNT, seed }, abort.signal)
      .then(setPicture)
      .catch((error: Error) => {
        if (!abort.signal.aborted) failure.value = `The draws were not loaded: ${error.message}`;
      });
    return () => abort.abort();
  }, [row, seed]);
  return (
    <section aria-label="Random draws">
      <div class={controls.rowHead}>
        <h3>Random draws around this point</h3>
        <button type="button" onClick={() => setSeed(seed + 1)}>
          Draw again
        </button>
      </div>
      <p class={controls.note}>
        Images decoded from latent vectors that are drawn at random with the mean and σ of the point.
      </p>
      <div class={styles.tiles}>
        {Array.from({ length: COUNT }, (_, index) => (
          <DecodedImage key={index} picture={picture} index={index} size={52} title={`Draw ${index + 1}`} />
        ))}
      </div>
    </section>
  );
}
