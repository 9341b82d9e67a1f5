export { checkImageCount, checkImages, checkStretch, fitSide, type ImageSource } from "./image-source.js";
export { eachImage, type Fit, toRgba } from "./rgba.js";
