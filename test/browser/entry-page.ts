import { readFile } from "node:fs/promises";

/** A page that contains the built entry, so that it works from a file. */
export async function pageText(policy = ""): Promise<string> {
  const entry = (await readFile("dist/browser.js", "utf8")).replaceAll("</script", "<\\/script");
  const exported = /export\{([^}]*)\}/.exec(entry)?.[1] ?? "";
  const names = exported.split(",").map((pair) => pair.split(" as "));
  const object = names.map(([local, name]) => `${name ?? local}:${local}`).join(",");
  const script = entry.replace(
    /export\{[^}]*\};?/,
    `globalThis.sigma={${object}};globalThis.SIGMA_TSNE_WASM_THREADS=true;`,
  );
  return `<!doctype html><meta charset="utf-8">${policy}<title>entry</title><script type="module">${script}</script>`;
}
