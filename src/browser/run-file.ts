/** A browser has no files to save runs to; the build of the worker puts this in place of src/tsne/run-file.ts. */
export class RestoredRun {}

export function readRun(): never {
  throw new Error("runs cannot be read from files in a browser");
}
export function writeRun(): never {
  throw new Error("runs cannot be saved to files in a browser");
}
export const isSavedRun = () => false;
