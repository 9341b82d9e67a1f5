export { type ColumnContent, type ListedColumn, listColumns, type ReadColumn, readColumns } from "./all-columns.js";
export { type ArrayFile, openArrayFile } from "./array-file.js";
export { assertFolderWritable, type FolderOptions, writeFolderAtomic } from "./atomic-folder.js";
export { assertWritable, checkPath, type FileContent, type WriteOptions, writeFileAtomic } from "./atomic-write.js";
export { type ColumnOptions, type ColumnRoles, describeUnused, isFrameIndexName } from "./column-roles.js";
export { numberText } from "./csv.js";
export {
  type Dataset,
  type DatasetOptions,
  type DatasetRows,
  findSigma,
  type IdentifierColumn,
  openDatasetRows,
  positionColumns,
  type RowFacts,
  readDataset,
  readEmbedding,
  rowsWithPosition,
  sliceFacts,
  takeDataset,
  takeFacts,
} from "./dataset.js";
export { decodeImage } from "./image-file.js";
export { countFiles, openImageFiles } from "./image-files.js";
export { type ImageFolder, type ImageFolderOptions, openImageFolder } from "./image-folder.js";
export type { SkippedFile } from "./image-listing.js";
export { inputName, splitPart, withPipes } from "./input-file.js";
export { makeFolder } from "./make-folder.js";
export { type MatlabArray, readMatlabArray } from "./matlab.js";
export {
  assertMatrixExtension,
  readMatrix,
  readStack,
  type WriteMatrixOptions,
  writeArray,
  writeMatrices,
  writeMatrix,
} from "./matrix-file.js";
export { type NeighborTable, readNeighborTable } from "./neighbor-table.js";
export { type NpzArchive, type NpzArray, openNpz } from "./npz.js";
export { openRows } from "./open-rows.js";
export type {
  OpenMatrixOptions,
  ReadLabelsOptions,
  ReadMatrixOptions,
  ReadOptions,
  ReadTableOptions,
} from "./read-options.js";
export type { RowRange } from "./row-range.js";
export { type RowReader, rowsInMemory } from "./row-reader.js";
export { readSparseMatrix } from "./sparse-file.js";
export { systemReason } from "./system-error.js";
export { isText, type Table, type TableColumn, type TableLike, toColumns } from "./table.js";
export { assertTableExtension, encodeTable, readLabels, readTable, writeTable } from "./table-file.js";
export { isTableFolder } from "./table-folder.js";
export { isAnndataPath, writeAnndataEmbedding } from "./write-anndata.js";
