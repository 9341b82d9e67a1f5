/** Replaces src/tsne/run-file.ts in the build of the worker, because a browser cannot save runs to files. */
export class RestoredRun {}

export function readRun(): never {
  throw new Error("runs cannot be read from files in a browser");
}
export function writeRun(): never {
  throw new Error("runs cannot be saved to files in a browser");
}
export const isSavedRun = () => false;
