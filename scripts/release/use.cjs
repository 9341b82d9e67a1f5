const { createHash } = require("node:crypto");

// Uses the newly installed package as a project would. Prints a checksum of the embedding, which must be the same for
// all ways to load the package and for all versions of Node.js.
module.exports = async function use({ ArgumentError, Tsne, evaluate, runTsne, separateUniformly }) {
  const rows = Array.from({ length: 200 }, (_, i) =>
    Array.from({ length: 6 }, (_, k) => Math.sin(i * (k + 1)) + (i % 4)),
  );
  const sigma = rows.map((row) => row.map((value) => 0.1 + 0.05 * Math.abs(value)));
  const { embedding } = await runTsne(rows, { sigma, iterations: 100 });
  const { neighborhoods } = await evaluate(rows, embedding, { sigma });
  if (!(neighborhoods[0].kept.value > 0.1)) throw new Error("the map shows nothing of its data");
  await separateUniformly(embedding);
  const tsne = new Tsne(rows, { iterations: 100 });
  await tsne.fit(10);
  const refused = await runTsne(rows, { perplexity: 0 }).catch((error) => error);
  if (!(refused instanceof ArgumentError)) throw refused;
  console.log(createHash("sha256").update(embedding.data).digest("hex").slice(0, 16));
};
