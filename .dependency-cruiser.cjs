// The structure of src, as ARCHITECTURE.md describes it. `npm run check` applies these rules.

/** Layers from top to bottom. A module imports from its own layer and the layers below. */
const LAYERS = [
  ["cli"],
  ["explorer"],
  ["demo"],
  ["compare", "wall"],
  ["plot", "vae"],
  ["filter", "quality", "layout", "search"],
  ["tsne", "pca", "io"],
];

/** The files directly in src are the lowest layer: errors, abort, arguments, matrix and binding. Only index.ts is above everything. */
const MODULES = LAYERS.flat().join("|");

/**
 * What other modules may import of a module besides its index.ts, and why it is apart.
 *
 * - Files that browsers load as well: they import nothing that needs Node.
 * - Files that load a heavy library, which index.ts must not do.
 */
const ENTRIES = ["src/[^/]+/index\\.ts", "src/[^/]+\\.ts"];

const layerRules = LAYERS.slice(1).map((layer, i) => ({
  name: `layer-${layer.join("-")}`,
  comment: `${layer.join(", ")}: import only from the same layer and the layers below (ARCHITECTURE.md).`,
  severity: "error",
  from: { path: `^src/(${layer.join("|")})/` },
  to: {
    path: `^src/(${LAYERS.slice(0, i + 1)
      .flat()
      .join("|")})/|^src/index\\.ts$`,
  },
}));

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Types count as well. Move what both files need into a file of its own below them.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "through-index",
      comment:
        "Import another module through its index.ts, or through one of the entry files listed in .dependency-cruiser.cjs.",
      severity: "error",
      from: { path: `^src/(?:(${MODULES})/|[^/]+$)` },
      to: { path: `^src/(${MODULES})/`, pathNot: ["^src/$1/", ...ENTRIES.map((entry) => `^${entry}$`)] },
    },
    {
      name: "base-imports-no-module",
      comment: "errors, abort, arguments, matrix and binding are below all modules.",
      severity: "error",
      from: { path: "^src/[^/]+\\.ts$", pathNot: "^src/index\\.ts$" },
      to: { path: `^src/(${MODULES})/|^src/index\\.ts$` },
    },
    ...layerRules,
    {
      name: "tensorflow-in-vae",
      comment: "Only src/vae computes with TensorFlow.js.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/vae/" },
      to: { path: "@tensorflow/" },
    },
    {
      name: "resolvable",
      comment: "An import that is not found cannot be checked.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
