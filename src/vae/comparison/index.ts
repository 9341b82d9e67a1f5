export {
  type ComparedModel,
  type ModelComparison,
  type ModelComparisonOptions,
  type ModelRow,
  modelComparisonFolder,
  modelTable,
  writeModelComparison,
} from "./compare-models.js";
export { nameRuns, type TrainModelsOptions, trainModels } from "./train-models.js";
