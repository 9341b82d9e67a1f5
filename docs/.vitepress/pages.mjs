/** The pages of the site by subject, as its sidebar shows them. Paths are those of the repository, which the site keeps. */
export const SECTIONS = [
  {
    text: "Start",
    items: [
      ["Overview", "README.md"],
      ["Installing", "docs/install.md"],
      ["Your data", "docs/data.md"],
      ["Making embeddings", "docs/embed.md"],
      ["How to read an embedding", "docs/reading.md"],
      ["Gallery", "docs/gallery.md"],
      ["Examples", "examples/README.md"],
      ["Troubleshooting", "docs/troubleshooting.md"],
    ],
  },
  {
    text: "Guides",
    items: [
      ["Judge and compare embeddings", "docs/compare.md"],
      ["Trust reports", "docs/trust.md"],
      ["When standard deviations help", "docs/when-sigma-helps.md"],
      ["Grids and walls of images", "docs/separate.md"],
      ["The explorer", "docs/explorer.md"],
      ["Train autoencoders", "docs/train.md"],
      ["Models", "docs/models.md"],
      ["More points than memory holds", "docs/scale.md"],
      ["In the browser", "docs/browser.md"],
      ["From other programs", "docs/migration.md"],
      ["Python and clusters", "integrations/README.md"],
      ["Jupyter", "integrations/jupyter/README.md"],
      ["Ray", "integrations/ray/README.md"],
      ["Spark", "integrations/spark/README.md"],
    ],
  },
  {
    text: "Reference",
    items: [
      ["How it works", "docs/method.md"],
      ["Benchmarks", "bench/README.md"],
      ["Reliability", "docs/reliability.md"],
      ["Changes", "CHANGELOG.md"],
    ],
  },
  {
    text: "Development",
    items: [
      ["Contribute", "CONTRIBUTING.md"],
      ["Architecture", "ARCHITECTURE.md"],
      ["Extend", "docs/extending.md"],
      ["Release", "docs/release.md"],
      ["Security", "SECURITY.md"],
      ["Code of conduct", "CODE_OF_CONDUCT.md"],
    ],
  },
  {
    text: "Decisions",
    items: [
      ["Modules", "docs/decisions/modules.md"],
      ["Kernels", "docs/decisions/kernels.md"],
      ["Neighbors", "docs/decisions/neighbors.md"],
      ["Repulsion", "docs/decisions/repulsion.md"],
      ["No mesh in 3-D", "docs/decisions/mesh-in-3d.md"],
      ["Optimization", "docs/decisions/optimization.md"],
      ["Placement", "docs/decisions/placement.md"],
      ["Layouts and quality", "docs/decisions/layout-and-quality.md"],
      ["Files and streams", "docs/decisions/files-and-streams.md"],
      ["Autoencoders", "docs/decisions/autoencoders.md"],
      ["Explorer", "docs/decisions/explorer.md"],
      ["Pages", "docs/decisions/pages.md"],
      ["Packaging", "docs/decisions/packaging.md"],
      ["Array indexing", "docs/decisions/array-indexing.md"],
    ],
  },
];

export const PAGES = SECTIONS.flatMap(({ items }) => items.map(([, path]) => path));

/** The name of a heading in addresses, as GitHub forms it, so that a link to a heading works in the repository and on the site. */
export function nameHeading(text) {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}
