// Trains an autoencoder for a few steps on the default data set.
import { createModel, openDataset, selectBackend, train } from "sigma-tsne/vae";

await selectBackend();
const dataset = await openDataset("micrographs", { count: 64, size: 32 });
const model = createModel("vae", { height: 32, width: 32, zDim: 2, hiddenDim: 16, likelihood: "learned-gaussian" });
await train(model, dataset, { epochs: 1, batchSize: 16 });
const { means, sigma } = await model.encode(dataset.test);
console.log(means.shape.join("x"), sigma?.shape.join("x"));
