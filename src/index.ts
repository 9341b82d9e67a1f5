/**
 * t-SNE of points, or of means with standard deviations, with the files and pictures around it.
 *
 * @packageDocumentation
 */
export * from "./compare/index.js";
export { AbortError, ArgumentError, DataError, type ErrorCode, FileError, SigmaTsneError } from "./errors.js";
export { type FilterOptions, type FilterProgress, type PlaceStreamOptions, placeStream } from "./filter/index.js";
export {
  type ArrayFile,
  assertMatrixExtension,
  assertTableExtension,
  assertWritable,
  encodeTable,
  type FileContent,
  type FolderOptions,
  type ImageFolder,
  type ImageFolderOptions,
  type MatlabArray,
  type NeighborTable,
  type OpenMatrixOptions,
  openArrayFile,
  openImageFolder,
  openRows,
  type ReadMatrixOptions,
  type ReadOptions,
  type ReadTableOptions,
  type RowRange,
  type RowReader,
  readLabels,
  readMatlabArray,
  readMatrix,
  readNeighborTable,
  readTable,
  rowsInMemory,
  type Table,
  type TableColumn,
  type TableLike,
  type WriteMatrixOptions,
  type WriteOptions,
  writeArray,
  writeFileAtomic,
  writeMatrices,
  writeMatrix,
  writeTable,
} from "./io/index.js";
export * from "./layout/index.js";
export { type FloatArray, Matrix, type MatrixLike, type NumericArray, toMatrix } from "./matrix.js";
export * from "./pca/index.js";
export * from "./plot/index.js";
export * from "./quality/index.js";
export * from "./search/index.js";
export {
  DISTANCES,
  type DistanceMatrix,
  type DistanceName,
  type EmbedLandmarksOptions,
  embedLandmarks,
  estimateMemory,
  type LandmarkEmbedding,
  type LoadOptions,
  METHODS,
  type MemoryEstimate,
  type MethodName,
  NEIGHBOR_SEARCHES,
  type NeighborLists,
  type NeighborSearch,
  type PlacementOptions,
  type PlacementProgress,
  type PlacementResult,
  type PositionUncertainty,
  positionUncertainty,
  type ResolvedTsneOptions,
  type RowProgress,
  runBhTsne,
  runTsne,
  type Stage,
  Tsne,
  type TsneOptions,
  type TsneProgress,
  type TsneResult,
  type TsneSeconds,
  type TsneSnapshot,
  type UncertaintyMeasures,
  type UncertaintyOptions,
} from "./tsne/index.js";
export * from "./wall/index.js";
