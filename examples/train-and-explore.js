// From images to an explorer: train a small variational autoencoder, embed its codes, look at everything in a browser.
import { runTsne } from "sigma-tsne";
import { explore } from "sigma-tsne/explorer";
import { createModel, openDataset, selectBackend, trainRun } from "sigma-tsne/vae";
import { output } from "./output-folder.js";

const folder = output("runs/example");
await selectBackend();
const dataset = await openDataset("micrographs", { count: 200, size: 32 });
const model = createModel("vae", { height: 32, width: 32, zDim: 8, hiddenDim: 64, likelihood: "learned-gaussian" });
const { history } = await trainRun(model, dataset, { folder, epochs: 5, batchSize: 32, summary: false });
console.log(`Trained ${history.length} epochs; validation loss ${history.at(-1).validation.loss.toFixed(1)}`);

const { means, sigma } = await model.encode(dataset.all);
const { embedding, kl } = await runTsne(means, { sigma });
console.log(`Embedded ${embedding.rows} codes; KL divergence ${kl.toFixed(3)}`);

if (!process.argv.includes("--no-browser")) {
  const { url } = await explore(folder, { open: true });
  console.log(`The explorer is at ${url}. Press Ctrl-C to end.`);
}
