export { drawDimensions } from "./dimensions.js";
export { encodeGif, type GifOptions, INTERPOLATIONS, type Interpolation, interpolateCodes } from "./interpolation.js";
export { type DisplayRange, displayRange, drawSheet, type SheetOptions } from "./sheet.js";
export { type FigureOptions, type Figures, figuresFolder, writeFigures } from "./write-figures.js";
