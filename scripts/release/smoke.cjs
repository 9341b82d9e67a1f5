const use = require("./use.cjs");

use(require("sigma-tsne"));
