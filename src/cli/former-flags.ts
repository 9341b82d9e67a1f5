/**
 * Flags of the programs that sigma-tsne replaces (docs/migration.md), each with the flag that replaces it. Underscores
 * in the old flags are written as hyphens.
 */
const FORMER_FLAGS: Readonly<Record<string, string>> = {
  "--model-type": "--model",
  "--dataset-name": "--dataset",
  "--k-clusters": "--clusters",
  "--checkpoint-dir": "--run-dir",
  "--result-dir": "--run-dir",
  "--log-dir": "--run-dir",
  "--restore": "--resume",
  "--results": "--figures",
  "--plot": "--figures",
  "--sigma": "--output-variance",
  "--drop-prob": "--dropout",
  "--dropout-prob": "--dropout",
  "--l-rate": "--learning-rate",
  "--lr": "--learning-rate",
  "--num-epochs": "--epochs",
  "--n-epochs": "--epochs",
  "--latent-dim": "--z-dim",
  "--num-clusters": "--clusters",
  "--n-clusters": "--clusters",
  "--num-iter": "--iterations",
  "--n-iter": "--iterations",
  "--max-iter": "--iterations",
  "--initial-dims": "--pca",
  "--n-components": "--output-dimensions",
  "--no-dims": "--output-dimensions",
  "--sample": "--landmarks",
};

/** Flags that request what the command does in any case. */
const NEEDLESS_FLAGS: readonly string[] = ["--train", "--summary"];

/**
 * Returns advice how to replace an unknown flag, typed with or without `=value`. The caller appends the advice to an
 * error message. The advice is empty if no replacement is known or if `flags` contains the flag.
 */
export function hintAt(unknown: string, flags: readonly string[]): string {
  const flag = unknown.replace(/=.*/s, "").replaceAll("_", "-").toLowerCase();
  if (NEEDLESS_FLAGS.includes(flag)) return "; leave it out, because the command does this anyway";
  const known = flags.includes(flag) ? flag : FORMER_FLAGS[flag];
  return known !== undefined && flags.includes(known) ? `; use ${known}` : "";
}
