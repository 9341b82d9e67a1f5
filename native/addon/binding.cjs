"use strict";

// Finds the binary: one built here (build/Release) or the prebuilt one that fits this platform (prebuilds/).
const path = require("node:path");

const root = path.join(__dirname, "..", "..");

try {
  module.exports = require("node-gyp-build")(root);
} catch (cause) {
  const platform = `${process.platform}-${process.arch}, Node ${process.versions.node}`;
  const error = new Error(
    `sigma-tsne: no native binary fits this platform (${platform}). ` +
      `Build one with a C++20 compiler and Python: npm rebuild sigma-tsne --foreground-scripts`,
    { cause },
  );
  error.code = "ADDON_NOT_FOUND";
  throw error;
}
