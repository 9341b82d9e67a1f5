import { basename, resolve } from "node:path";
import { openImageFolder, readLabels } from "../../io/index.js";
import type { DatasetLoader } from "./collection.js";
import { checkLabelCount, numberClasses } from "./labels.js";

/** A folder of image files. If there are subfolders, their names are the classes. */
export const folder: DatasetLoader = {
  name: "a folder of images",
  description: "PNG, JPEG, TIFF, WebP or GIF files, with classes as subfolders or in a file of labels",
  accepts: ["labels", "size", "channels", "strict"],
  async open({ labels: labelsPath, size, channels, strict, signal, onProgress }, path) {
    const files = await openImageFolder(path, {
      size,
      channels,
      strict,
      signal,
      onProgress: (fraction) => onProgress?.({ stage: "read", fraction }),
    });
    const count = files.files.length;
    const names = labelsPath === undefined ? files.classes : await readLabels(labelsPath, { signal });
    if (names) checkLabelCount(names, count, labelsPath ?? path);
    const known = names && numberClasses(names);
    const { height, width } = files;
    return {
      name: basename(resolve(path)),
      images: {
        ...{ count, height, width, channels: files.channels, labels: known?.labels, read: files.read },
        areValuesValid: files.values === "integers",
      },
      classes: known?.classes,
      range: files.values === "integers" ? undefined : [0, 1],
      skipped: files.skipped.length,
      close: async () => {},
    };
  },
};
