import { useEffect, useState } from "preact/hooks";
import { failure } from "../store.js";
import { fetchSamples } from "./requests.js";
import { Tile } from "./tile.js";

const COUNT = 15;

/** Images of codes that the point might as well have. */
export function Samples({ row }: { row: number }) {
  const [seed, setSeed] = useState(42);
  const [picture, setPicture] = useState<ImageBitmap>();
  useEffect(() => {
    const abort = new AbortController();
    fetchSamples({ index: row, count: COUNT, seed }, abort.signal)
      .then(setPicture)
      .catch((error: Error) => {
        if (!abort.signal.aborted) failure.value = `No samples came: ${error.message}`;
      });
    return () => abort.abort();
  }, [row, seed]);
  return (
    <section class="samples" aria-label="Samples">
      <div class="row-head">
        <h3>Samples around it</h3>
        <button type="button" onClick={() => setSeed(seed + 1)}>
          Draw others
        </button>
      </div>
      <p class="note">Codes drawn from its mean and σ, decoded.</p>
      <div class="tiles">
        {Array.from({ length: COUNT }, (_, index) => (
          <Tile key={index} picture={picture} index={index} size={52} title={`Sample ${index + 1}`} />
        ))}
      </div>
    </section>
  );
}
