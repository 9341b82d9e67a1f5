export { INTERPOLATIONS, type Interpolation } from "./declarations.js";
export { drawDimensions } from "./dimensions.js";
export { encodeGif, type GifOptions, interpolateCodes } from "./interpolation.js";
export { type DisplayRange, displayRange, drawSheet, type SheetOptions } from "./sheet.js";
export { type FigureOptions, type Figures, figuresFolder, writeFigures } from "./write-figures.js";
