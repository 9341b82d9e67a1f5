"use client";

import { useEffect } from "react";
import { runTsne } from "sigma-tsne/browser";
import { points } from "../points.js";

/** The title of the page becomes the KL divergence, or the message of the error. */
export function Embedding() {
  useEffect(() => {
    const controller = new AbortController();
    runTsne(points, { signal: controller.signal }).then(
      ({ kl }) => {
        document.title = `KL ${kl}`;
      },
      (error) => {
        if (!controller.signal.aborted) document.title = `${error}`;
      },
    );
    return () => controller.abort();
  }, []);
  return <p>300 points</p>;
}
