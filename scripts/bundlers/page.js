// The page that is bundled. Its title becomes the KL divergence, or the message of the error.
import { runTsne } from "sigma-tsne/browser";
import { points } from "./points.js";

runTsne(points).then(
  ({ kl }) => {
    document.title = `KL ${kl}`;
  },
  (error) => {
    document.title = `${error}`;
  },
);
