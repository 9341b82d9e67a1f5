// The structure of src, as ARCHITECTURE.md describes it. `npm run check` applies these rules.

/** Layers from top to bottom. A module imports from its own layer and the layers below. */
const LAYERS = [
  ["live"],
  ["cli"],
  ["explorer"],
  ["browser"],
  ["demo"],
  ["compare", "trust", "wall"],
  ["plot", "vae"],
  ["canvas"],
  ["colors", "images"],
  ["filter", "quality", "layout", "search"],
  ["tsne", "pca", "io"],
  ["options"],
  ["wasm"],
];

/** The files directly in src are the lowest layer: errors, abort, arguments, matrix and binding. Only index.ts is above everything. */
const MODULES = LAYERS.flat().join("|");

/**
 * What a module offers to the others: its index.ts (and those of the parts that vae and io consist of), the files directly in src, and
 * second entries, each for a reason.
 */
const ENTRIES = [
  "src/[^/]+/index\\.ts",
  "src/(io|vae)/[^/]+/index\\.ts",
  "src/[^/]+\\.ts",
  // Loads Apache Arrow, which src/filter/index.ts must not do.
  "src/filter/filter-stream\\.ts",
  // The explorer's page aligns maps. src/compare/index.ts needs Node.js.
  "src/compare/procrustes\\.ts",
  // The page docs/live needs the rules without the readers of files, which need Node.js.
  "src/io/column-roles\\.ts",
  // src/vae/index.ts loads TensorFlow.js; this one does not.
  "src/vae/without-tensorflow\\.ts",
  // src/explorer/index.ts loads the server; the command line needs the declarations of the options for its help.
  "src/explorer/options\\.ts",
];

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
      // An optional package that is not installed here, and Vite's way to bundle a worker, which types check.
      to: { couldNotResolve: true, pathNot: "^@tensorflow/tfjs-node$|[.]js[?]worker&inline$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
