// Prints which other packages are loaded by requiring and importing this package.
const Module = require("node:module");
const load = Module._load;
const loaded = new Set();
Module._load = function (request, ...rest) {
  loaded.add(request);
  return load.call(this, request, ...rest);
};
Module.register?.(
  `data:text/javascript,${encodeURIComponent(`
    import { appendFileSync } from "node:fs";
    export async function resolve(specifier, context, next) {
      appendFileSync(process.env.LOADED, specifier + "\\n");
      return next(specifier, context);
    }`)}`,
);
require("sigma-tsne");
import("sigma-tsne").then(() => {
  require("node:fs").appendFileSync(process.env.LOADED, [...loaded].join("\n"));
});
