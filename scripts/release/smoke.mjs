import * as sigmaTsne from "sigma-tsne";
import use from "./use.cjs";

await use(sigmaTsne);
