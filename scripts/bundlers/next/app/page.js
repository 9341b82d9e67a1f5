// A page that the server renders. It imports the entry, but only the component for the browser computes.
import { runTsne } from "sigma-tsne/browser";
import { Embedding } from "./embedding.js";

export default function Page() {
  return (
    <main>
      <p>On the server, runTsne is a {typeof runTsne}.</p>
      <Embedding />
    </main>
  );
}
