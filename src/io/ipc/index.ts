export {
  type BinaryValues,
  describeType,
  findField,
  imageKind,
  type ListValues,
  listItem,
  readBinary,
  readLists,
} from "./columns.js";
export {
  BROKEN_OFF,
  END_OF_STREAM,
  frameMessage,
  type IpcMessage,
  readDictionaryId,
  readMessages,
  WRITE_AGAIN,
} from "./messages.js";
export { IpcBatch } from "./record-batch.js";
export { appendFields, type IpcField, type NewColumn, readSchema } from "./schema.js";
