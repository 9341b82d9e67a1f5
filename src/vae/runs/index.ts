export { codesFolder, labelNames, type WriteCodesOptions, writeCodes } from "./codes.js";
export { openRunDataset } from "./config.js";
export { openRun, type Run } from "./run.js";
export { assertNoRun, type TrainRunOptions, trainRun } from "./train-run.js";
