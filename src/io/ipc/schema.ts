import { Endianness } from "apache-arrow/fb/endianness";
import { Field } from "apache-arrow/fb/field";
import { FixedSizeBinary } from "apache-arrow/fb/fixed-size-binary";
import { FixedSizeList } from "apache-arrow/fb/fixed-size-list";
import { FloatingPoint } from "apache-arrow/fb/floating-point";
import { Int } from "apache-arrow/fb/int";
import { MetadataVersion } from "apache-arrow/fb/metadata-version";
import { Precision } from "apache-arrow/fb/precision";
import { Schema } from "apache-arrow/fb/schema";
import { Type } from "apache-arrow/fb/type";
import { Union } from "apache-arrow/fb/union";
import { UnionMode } from "apache-arrow/fb/union-mode";
import { Builder } from "flatbuffers";
import { damagedFile, FileError } from "../../errors.js";
import { type IpcMessage, viewOf, WRITE_AGAIN } from "./messages.js";

/** A column in a schema, with the positions of its parts in the lists of a record batch. */
export interface IpcField {
  readonly name: string;
  readonly type: IpcType;
  readonly children: readonly IpcField[];
  /** Index among its siblings, from 0. */
  readonly index: number;
  readonly firstNode: number;
  /**
   * Index of its first buffer. Buffers of view columns are not counted, because their number differs between batches.
   */
  readonly firstBuffer: number;
  /** Number of view columns before it. */
  readonly viewsBefore: number;
  /** Number of nodes of the column, including its children. */
  readonly nodes: number;
  readonly buffers: number;
  readonly views: number;
  /** Ids of the dictionaries used by the column, its children, and the values of these dictionaries. */
  readonly dictionaries: readonly bigint[];
}

/** The properties of a type that the readers need. */
export interface IpcType {
  readonly id: Type;
  readonly isDictionary: boolean;
  /** Bits of an integer, bytes of a fixed-size binary, or values of a fixed-size list. */
  readonly width: number;
  readonly isSigned: boolean;
}

/** A new column of float32 to append: one number per row, or a list of `width` numbers. */
export interface NewColumn {
  readonly name: string;
  readonly width: number | undefined;
}

/** Limit of the nesting depth. No real schema is deeper, and it stops at a schema that refers to itself. */
const DEEPEST = 64;

/**
 * Reads the columns of a schema message.
 *
 * @throws {FileError} FILE_FORMAT for a schema that cannot be read, or for big-endian data
 */
export function readSchema({ message, metadata }: IpcMessage, name: string): IpcField[] {
  const fail = (reason: string) => new FileError("FILE_FORMAT", name, reason);
  const failDamaged = (reason: string) => damagedFile(name, reason, undefined, WRITE_AGAIN);
  const schema: Schema | null = message.header(new Schema());
  if (!schema) throw failDamaged("is malformed: its schema is empty");
  if (schema.endianness() === Endianness.Big) throw fail("holds big-endian numbers: expected little-endian numbers");
  if (message.version() < MetadataVersion.V4)
    throw fail("was written by an Arrow version before 0.8: expected a stream of a newer version");
  const next = { node: 0, buffer: 0, view: 0 };
  const hasUnionBitmap = message.version() === MetadataVersion.V4;
  let visited = 0;
  const check = (field: Field | null, depth: number): Field => {
    // Each field takes at least one byte, so more visits than bytes mean that references lead to the same field
    // repeatedly.
    visited++;
    if (field && depth <= DEEPEST && visited <= metadata.length && field.childrenLength() <= metadata.length)
      return field;
    throw failDamaged("is malformed: its schema cannot be read");
  };
  const readDictionaries = (unchecked: Field | null, depth: number): bigint[] => {
    const field = check(unchecked, depth);
    const id = field.dictionary()?.id();
    const nested = Array.from({ length: field.childrenLength() }, (_, i) =>
      readDictionaries(field.children(i), depth + 1),
    );
    return [...(id === undefined ? [] : [id]), ...nested.flat()];
  };
  const read = (unchecked: Field | null, index: number, depth: number): IpcField => {
    const field = check(unchecked, depth);
    const own = { firstNode: next.node, firstBuffer: next.buffer, viewsBefore: next.view };
    const type = typeOf(field);
    const label = field.name() ?? "";
    const buffers = countBuffers(field, type, hasUnionBitmap);
    if (buffers === undefined) {
      throw fail(
        `column ${JSON.stringify(label)} has the Arrow type number ${type.id}, which this version of sigma-tsne cannot read`,
      );
    }
    next.node++;
    next.buffer += buffers;
    if (!type.isDictionary && (type.id === Type.BinaryView || type.id === Type.Utf8View)) next.view++;
    // The values of a dictionary are in a separate batch.
    const count = type.isDictionary ? 0 : field.childrenLength();
    const children = Array.from({ length: count }, (_, i) => read(field.children(i), i, depth + 1));
    return {
      ...{ name: label, type, children, index, ...own },
      nodes: next.node - own.firstNode,
      buffers: next.buffer - own.firstBuffer,
      views: next.view - own.viewsBefore,
      dictionaries: type.isDictionary
        ? readDictionaries(field, depth)
        : children.flatMap(({ dictionaries }) => dictionaries),
    };
  };
  if (schema.fieldsLength() > metadata.length) throw failDamaged("is malformed: its schema cannot be read");
  return Array.from({ length: schema.fieldsLength() }, (_, i) => read(schema.fields(i), i, 0));
}

function typeOf(field: Field): IpcType {
  const id = field.typeType();
  const described = { id, isDictionary: field.dictionary() !== null, width: 0, isSigned: false };
  switch (id) {
    case Type.Int: {
      const int: Int | null = field.type(new Int());
      return { ...described, width: int?.bitWidth() ?? 0, isSigned: int?.isSigned() ?? false };
    }
    case Type.FloatingPoint: {
      const precision = field.type(new FloatingPoint())?.precision();
      return { ...described, width: precision === Precision.DOUBLE ? 64 : precision === Precision.SINGLE ? 32 : 16 };
    }
    case Type.FixedSizeList:
      return { ...described, width: field.type(new FixedSizeList())?.listSize() ?? 0 };
    case Type.FixedSizeBinary:
      return { ...described, width: field.type(new FixedSizeBinary())?.byteWidth() ?? 0 };
    default:
      return described;
  }
}

/**
 * Returns the number of buffers of a column without its children and without variadic view buffers; undefined for
 * unknown types.
 */
function countBuffers(field: Field, { id, isDictionary }: IpcType, hasUnionBitmap: boolean): number | undefined {
  if (isDictionary) return 2;
  switch (id) {
    case Type.Null:
    case Type.RunEndEncoded:
      return 0;
    case Type.FixedSizeList:
    case Type.Struct_:
      return 1;
    case Type.Int:
    case Type.FloatingPoint:
    case Type.Bool:
    case Type.Decimal:
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Interval:
    case Type.Duration:
    case Type.FixedSizeBinary:
    case Type.List:
    case Type.LargeList:
    case Type.Map:
    case Type.BinaryView:
    case Type.Utf8View:
      return 2;
    case Type.Binary:
    case Type.Utf8:
    case Type.LargeBinary:
    case Type.LargeUtf8:
    case Type.ListView:
    case Type.LargeListView:
      return 3;
    case Type.Union:
      return (field.type(new Union())?.mode() === UnionMode.Dense ? 2 : 1) + (hasUnionBitmap ? 1 : 0);
    default:
      return undefined;
  }
}

/**
 * Builds a schema message from the columns to keep, followed by new ones.
 *
 * Offsets in a flatbuffer only point forward. New tables placed before the old bytes can therefore refer to everything
 * in them, whatever types and metadata they contain, and the old bytes need not be decoded.
 */
export function appendFields(
  { message, metadata }: IpcMessage,
  kept: readonly IpcField[],
  columns: readonly NewColumn[],
): Uint8Array {
  const old: Schema = message.header(new Schema());
  const added = columns.map(encodeField);
  const count = kept.length + added.length;
  const head = Math.ceil((HEAD_BYTES + 4 * count) / 8) * 8;
  const starts = [head];
  for (const piece of [metadata, ...added]) starts.push((starts.at(-1) as number) + Math.ceil(piece.length / 8) * 8);
  const bytes = new Uint8Array(starts.at(-1) as number);
  for (const [i, piece] of [metadata, ...added].entries()) bytes.set(piece, starts[i]);

  const view = viewOf(bytes);
  const refer = (from: number, to: number) => view.setUint32(from, to - from, true);
  const root = viewOf(metadata).getUint32(0, true);
  const optional = (from: number, table: number, slot: number) => {
    const to = follow(viewOf(metadata), table, slot);
    if (to !== undefined) refer(from, head + to);
    return to === undefined ? 0 : from;
  };
  refer(0, MESSAGE);
  view.setInt16(MESSAGE + 4, message.version(), true);
  view.setUint8(MESSAGE + 6, message.headerType());
  refer(MESSAGE + 8, SCHEMA);
  const messageMetadata = optional(MESSAGE + 12, root, 4);
  // The length of the body is omitted and has its default 0.
  writeTable(view, MESSAGE, 16, [MESSAGE + 4, MESSAGE + 6, MESSAGE + 8, 0, messageMetadata]);
  view.setInt16(SCHEMA + 4, old.endianness(), true);
  refer(SCHEMA + 8, FIELDS);
  const schemaMetadata = optional(SCHEMA + 12, old.bb_pos, 2);
  const features = optional(SCHEMA + 16, old.bb_pos, 3);
  writeTable(view, SCHEMA, 20, [SCHEMA + 4, SCHEMA + 8, schemaMetadata, features]);
  view.setUint32(FIELDS, count, true);
  const targets = kept.map(({ index }) => head + (old.fields(index) as Field).bb_pos);
  for (const start of starts.slice(1, -1)) targets.push(start + view.getUint32(start, true));
  for (const [i, target] of targets.entries()) refer(FIELDS + 4 + 4 * i, target);
  return bytes;
}

/** Positions of the new tables, each preceded by its list of slots, and of the fields of the schema. */
const [MESSAGE, SCHEMA, FIELDS] = [24, 52, 72];
const HEAD_BYTES = FIELDS + 4;

/** @param slots positions of the table's fields in their order; 0 for an absent field */
function writeTable(view: DataView, table: number, bytes: number, slots: readonly number[]): void {
  const start = table - 4 - 2 * slots.length;
  view.setInt32(table, table - start, true);
  for (const [i, value] of [4 + 2 * slots.length, bytes].entries()) view.setUint16(start + 2 * i, value, true);
  for (const [i, slot] of slots.entries()) view.setUint16(start + 4 + 2 * i, slot === 0 ? 0 : slot - table, true);
}

/** Returns the position that a table's field refers to. */
function follow(view: DataView, table: number, slot: number): number | undefined {
  const start = table - view.getInt32(table, true);
  const at = 4 + 2 * slot < view.getUint16(start, true) ? view.getUint16(start + 4 + 2 * slot, true) : 0;
  return at === 0 ? undefined : table + at + view.getUint32(table + at, true);
}

/** Encodes one field as a flatbuffer whose length is a multiple of 8. */
function encodeField({ name, width }: NewColumn): Uint8Array {
  const builder = new Builder(256);
  const number = FloatingPoint.createFloatingPoint(builder, Precision.SINGLE);
  let field: number;
  if (width === undefined) field = buildField(builder, name, true, Type.FloatingPoint, number, []);
  else {
    const item = buildField(builder, "item", false, Type.FloatingPoint, number, []);
    FixedSizeList.startFixedSizeList(builder);
    FixedSizeList.addListSize(builder, width);
    field = buildField(builder, name, true, Type.FixedSizeList, FixedSizeList.endFixedSizeList(builder), [item]);
  }
  builder.prep(8, 4);
  builder.finish(field);
  return builder.asUint8Array();
}

function buildField(
  builder: Builder,
  name: string,
  nullable: boolean,
  id: Type,
  type: number,
  children: readonly number[],
): number {
  const label = builder.createString(name);
  const list = Field.createChildrenVector(builder, [...children]);
  Field.startField(builder);
  Field.addName(builder, label);
  Field.addNullable(builder, nullable);
  Field.addTypeType(builder, id);
  Field.addType(builder, type);
  Field.addChildren(builder, list);
  return Field.endField(builder);
}
