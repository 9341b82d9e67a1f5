import { BodyCompression } from "apache-arrow/fb/body-compression";
import { Buffer as FbBuffer } from "apache-arrow/fb/buffer";
import { CompressionType } from "apache-arrow/fb/compression-type";
import { FieldNode } from "apache-arrow/fb/field-node";
import { KeyValue } from "apache-arrow/fb/key-value";
import { Message } from "apache-arrow/fb/message";
import { MessageHeader } from "apache-arrow/fb/message-header";
import { RecordBatch } from "apache-arrow/fb/record-batch";
import { Builder, Encoding } from "flatbuffers";
import { damagedFile, type FileError } from "../../errors.js";
import { decompressLz4Frame } from "../lz4.js";
import { frameMessage, type IpcMessage, viewOf, WRITE_AGAIN } from "./messages.js";
import type { IpcField, NewColumn } from "./schema.js";

/** The data of a column in a batch: the number of values, the number of nulls, and the buffers. */
export interface ColumnData {
  readonly length: number;
  readonly nullCount: number;
  /** Returns a buffer in the order of the format: bitmap of valid values, offsets, values. */
  buffer(index: number): Promise<Uint8Array>;
}

/** A range of bytes in a body. */
interface BufferRange {
  readonly offset: number;
  readonly length: number;
}

/** The parts of a batch that are written to the output. */
interface Parts {
  readonly nodes: { length: bigint; nullCount: bigint }[];
  readonly buffers: { offset: bigint; length: bigint }[];
  readonly viewCounts: bigint[];
  readonly body: Uint8Array[];
}

/** Alignment of buffers that the format recommends. */
const ALIGNMENT = 64;
/** Buffers begin at multiples of this number, so a smaller gap between two buffers contains no other buffer. */
const PADDING = 8;

/** A batch of a stream. Its columns are read on request. */
export class IpcBatch {
  readonly rows: number;
  readonly #encapsulated: IpcMessage;
  readonly #batch: RecordBatch;
  readonly #fields: readonly IpcField[];
  readonly #label: string;
  readonly #name: string;

  /**
   * @param index number of the batch in its stream, for error messages
   * @throws {FileError} FILE_FORMAT for a batch whose lists do not match its schema
   */
  constructor(encapsulated: IpcMessage, fields: readonly IpcField[], index: number, name: string) {
    this.#encapsulated = encapsulated;
    this.#fields = fields;
    this.#name = name;
    this.#label = `batch ${index}`;
    const batch: RecordBatch | null = encapsulated.message.header(new RecordBatch());
    if (!batch) throw this.fail("is empty");
    this.#batch = batch;
    const rows = batch.length();
    if (rows < 0n || rows > 2n ** 31n) throw this.fail(`has ${rows} rows`);
    this.rows = Number(rows);
    const nodes = fields.reduce((sum, field) => sum + field.nodes, 0);
    if (batch.nodesLength() !== nodes)
      throw this.fail(`has ${batch.nodesLength()} columns in total, but its schema has ${nodes}`);
    // Check this before allocating memory for the claimed number of rows.
    for (const { name, firstNode } of fields) {
      const length = batch.nodes(firstNode)?.length();
      if (length !== rows) throw this.fail(`column ${JSON.stringify(name)} has ${length} values in ${rows} rows`);
    }
    const listed = batch.buffersLength() * 16 + batch.variadicBufferCountsLength() * 8;
    if (listed + encapsulated.message.customMetadataLength() * 4 > encapsulated.metadata.length) {
      throw this.fail("describes more buffers than its metadata can hold");
    }
  }

  get bytes(): number {
    return this.#encapsulated.body.length + this.#encapsulated.metadata.length;
  }

  fail(reason: string): FileError {
    return damagedFile(this.#name, `is malformed: ${this.#label} ${reason}`, undefined, WRITE_AGAIN);
  }

  /** @throws {FileError} FILE_FORMAT for a column that the batch does not have */
  column(field: IpcField): ColumnData {
    const node = field.firstNode < this.#batch.nodesLength() ? this.#batch.nodes(field.firstNode) : null;
    if (!node) throw this.fail(`lacks column ${JSON.stringify(field.name)}`);
    let views = 0n;
    for (let i = 0; i < field.viewsBefore; i++) views += this.#batch.variadicBufferCounts(i) ?? 0n;
    const first = field.firstBuffer + Number(views);
    const [length, nullCount] = [Number(node.length()), Number(node.nullCount())];
    if (!(length >= 0 && nullCount >= 0 && nullCount <= length && length <= 2 ** 53)) {
      throw this.fail(`has a column ${JSON.stringify(field.name)} of length ${length} with ${nullCount} nulls`);
    }
    return { length, nullCount, buffer: (index) => this.#buffer(first + index) };
  }

  async #buffer(index: number): Promise<Uint8Array> {
    const { offset, length } = this.#bufferRange(index);
    const bytes = this.#encapsulated.body.subarray(offset, offset + length);
    const compression: BodyCompression | null = this.#batch.compression();
    if (!compression || bytes.length === 0) return bytes;
    if (bytes.length < 8) throw this.fail("has a compressed buffer of less than 8 bytes");
    const size = viewOf(bytes).getBigInt64(0, true);
    const packed = bytes.subarray(8);
    if (size === UNCOMPRESSED) return packed;
    const unpacked = await decompress(compression.codec(), packed).catch((cause) => {
      throw this.fail(`cannot be decompressed: ${cause instanceof Error ? cause.message : cause}`);
    });
    if (BigInt(unpacked.length) !== size)
      throw this.fail(`has a buffer of ${unpacked.length} bytes instead of ${size}`);
    return unpacked;
  }

  /** Returns the position of a buffer in the body. */
  #bufferRange(index: number): BufferRange {
    const buffer = index < this.#batch.buffersLength() ? this.#batch.buffers(index) : null;
    if (!buffer) throw this.fail(`lacks buffer ${index}`);
    const [offset, length] = [buffer.offset(), buffer.length()];
    const { body } = this.#encapsulated;
    if (offset < 0n || length < 0n || offset + length > BigInt(body.length)) {
      throw this.fail(`has a buffer outside its ${body.length} bytes`);
    }
    return { offset: Number(offset), length: Number(length) };
  }

  /**
   * Rebuilds the message with the columns to keep, followed by new ones. The kept columns are unchanged byte for byte
   * and share the memory of the original.
   *
   * @param kept fields of the batch to keep, in their order
   * @param usable one byte per row: 0 if the new columns are null in the row
   * @param values the values of each new column, rows x width
   */
  withColumns(
    kept: readonly IpcField[],
    columns: readonly NewColumn[],
    usable: Uint8Array,
    values: readonly Float32Array[],
  ): Uint8Array[] {
    const parts = kept.length === this.#fields.length ? this.#wholeParts() : this.#partsOf(kept);
    const nullCount = usable.reduce((count, isUsable) => count + (isUsable ? 0 : 1), 0);
    const validity = nullCount > 0 ? packBits(usable) : new Uint8Array();
    const { body } = parts;
    let size = body.reduce((sum, piece) => sum + piece.length, 0);
    const ranges: BufferRange[] = [];
    const isCompressed = this.#batch.compression() !== null;
    const add = (bytes: Uint8Array) => {
      pad(ALIGNMENT);
      if (bytes.length === 0) return void ranges.push({ offset: size, length: 0 });
      const mark = isCompressed ? 8 : 0;
      if (isCompressed) body.push(new Uint8Array(8).fill(255));
      ranges.push({ offset: size, length: mark + bytes.length });
      body.push(bytes);
      size += mark + bytes.length;
    };
    const pad = (multiple: number) => {
      size += pushZeros(body, (multiple - (size % multiple)) % multiple);
    };
    const nodes: { length: number; nullCount: number }[] = [];
    for (const [i, { width }] of columns.entries()) {
      const data = values[i];
      nodes.push({ length: this.rows, nullCount });
      add(validity);
      if (width !== undefined) {
        nodes.push({ length: this.rows * width, nullCount: 0 });
        add(new Uint8Array());
      }
      add(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    pad(8);
    return frameMessage(this.#encodeMetadata(parts, nodes, ranges, size), ...body);
  }

  #wholeParts(): Parts {
    const batch = this.#batch;
    return {
      nodes: range(0, batch.nodesLength()).map((i) => this.#node(i)),
      buffers: range(0, batch.buffersLength()).map((i) => {
        const buffer = batch.buffers(i) as FbBuffer;
        return { offset: buffer.offset(), length: buffer.length() };
      }),
      viewCounts: this.#viewCounts(),
      body: [this.#encapsulated.body],
    };
  }

  /** @throws {FileError} FILE_FORMAT for a batch whose buffers do not match its schema */
  #partsOf(kept: readonly IpcField[]): Parts {
    const batch = this.#batch;
    const viewCounts = this.#viewCounts();
    const views = this.#fields.reduce((sum, field) => sum + field.views, 0);
    const most = batch.buffersLength();
    if (viewCounts.length !== views || viewCounts.some((count) => count < 0n || count > most)) {
      throw this.fail(`lacks the numbers of buffers of its ${views} view columns`);
    }
    // Cumulative number of buffers of the first view columns.
    const viewBuffers = [0];
    for (const count of viewCounts) viewBuffers.push((viewBuffers.at(-1) as number) + Number(count));
    const buffers = this.#fields.reduce((sum, field) => sum + field.buffers, 0) + viewBuffers[views];
    if (most !== buffers) throw this.fail(`has ${most} buffers, but its schema has ${buffers}`);
    const before = (count: number) => viewBuffers[count];
    const ranges = kept.flatMap(({ firstBuffer, buffers, viewsBefore: first, views }) =>
      range(firstBuffer + before(first), firstBuffer + buffers + before(first + views)).map((i) =>
        this.#bufferRange(i),
      ),
    );
    const { pieces, moved } = this.#cutBody(ranges);
    return {
      nodes: kept.flatMap(({ firstNode, nodes }) => range(firstNode, firstNode + nodes).map((i) => this.#node(i))),
      buffers: moved.map(({ offset, length }) => ({ offset: BigInt(offset), length: BigInt(length) })),
      viewCounts: kept.flatMap((field) => viewCounts.slice(field.viewsBefore, field.viewsBefore + field.views)),
      body: pieces,
    };
  }

  #node(index: number): Parts["nodes"][number] {
    const node = this.#batch.nodes(index) as FieldNode;
    return { length: node.length(), nullCount: node.nullCount() };
  }

  #viewCounts(): bigint[] {
    return range(0, this.#batch.variadicBufferCountsLength()).map((i) => this.#batch.variadicBufferCounts(i) as bigint);
  }

  /**
   * Cuts out the pieces of the body that hold these buffers and no other bytes, with unchanged alignment, and returns
   * the new position of each buffer.
   */
  #cutBody(ranges: readonly BufferRange[]): { pieces: Uint8Array[]; moved: BufferRange[] } {
    const { body } = this.#encapsulated;
    const pieces: Uint8Array[] = [];
    const moved = ranges.map(() => ({ offset: 0, length: 0 }));
    // Buffers may be in any order and may share bytes.
    const filled = [...ranges.entries()]
      .filter(([, { length }]) => length > 0)
      .sort(([, one], [, other]) => one.offset - other.offset);
    let size = 0;
    for (let first = 0; first < filled.length; ) {
      const from = filled[first][1].offset;
      size += pushZeros(pieces, (ALIGNMENT + (from % ALIGNMENT) - (size % ALIGNMENT)) % ALIGNMENT);
      let to = from;
      let next = first;
      for (; next < filled.length; next++) {
        const [i, { offset, length }] = filled[next];
        if (offset - to >= PADDING) break;
        moved[i] = { offset: size + offset - from, length };
        to = Math.max(to, offset + length);
      }
      pieces.push(body.subarray(from, to));
      size += to - from;
      first = next;
    }
    return { pieces, moved };
  }

  #encodeMetadata(
    parts: Parts,
    newNodes: readonly { length: number; nullCount: number }[],
    newBuffers: readonly BufferRange[],
    size: number,
  ): Uint8Array {
    const batch = this.#batch;
    const { message } = this.#encapsulated;
    const builder = new Builder(1024);
    const nodes = parts.nodes.concat(
      newNodes.map(({ length, nullCount }) => ({ length: BigInt(length), nullCount: BigInt(nullCount) })),
    );
    const buffers = parts.buffers.concat(
      newBuffers.map(({ offset, length }) => ({ offset: BigInt(offset), length: BigInt(length) })),
    );
    // Vectors of a flatbuffer are built from back to front.
    RecordBatch.startNodesVector(builder, nodes.length);
    for (const { length, nullCount } of nodes.reverse()) FieldNode.createFieldNode(builder, length, nullCount);
    const nodeList = builder.endVector();
    RecordBatch.startBuffersVector(builder, buffers.length);
    for (const { offset, length } of buffers.reverse()) FbBuffer.createBuffer(builder, offset, length);
    const bufferList = builder.endVector();
    const { viewCounts } = parts;
    const countList =
      viewCounts.length > 0 ? RecordBatch.createVariadicBufferCountsVector(builder, viewCounts) : undefined;
    const compression: BodyCompression | null = batch.compression();
    const codec =
      compression && BodyCompression.createBodyCompression(builder, compression.codec(), compression.method());
    RecordBatch.startRecordBatch(builder);
    RecordBatch.addLength(builder, batch.length());
    RecordBatch.addNodes(builder, nodeList);
    RecordBatch.addBuffers(builder, bufferList);
    if (codec !== null) RecordBatch.addCompression(builder, codec);
    if (countList !== undefined) RecordBatch.addVariadicBufferCounts(builder, countList);
    const header = RecordBatch.endRecordBatch(builder);
    const pairs = Array.from({ length: message.customMetadataLength() }, (_, i) => {
      const pair = message.customMetadata(i) as KeyValue;
      const key = builder.createString(pair.key(Encoding.UTF8_BYTES) ?? "");
      return KeyValue.createKeyValue(builder, key, builder.createString(pair.value(Encoding.UTF8_BYTES) ?? ""));
    });
    const metadata = pairs.length > 0 ? Message.createCustomMetadataVector(builder, pairs) : 0;
    Message.startMessage(builder);
    Message.addVersion(builder, message.version());
    Message.addHeaderType(builder, MessageHeader.RecordBatch);
    Message.addHeader(builder, header);
    Message.addBodyLength(builder, BigInt(size));
    Message.addCustomMetadata(builder, metadata);
    builder.finish(Message.endMessage(builder));
    return builder.asUint8Array();
  }
}

/** Marks an uncompressed buffer in a compressed batch, in place of its length. */
const UNCOMPRESSED = -1n;

async function decompress(codec: CompressionType, bytes: Uint8Array): Promise<Uint8Array> {
  if (codec === CompressionType.LZ4_FRAME) return decompressLz4Frame(bytes);
  const { decompressZstd } = await import("hyparquet-compressors");
  return decompressZstd(bytes);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** @returns `count` */
function pushZeros(pieces: Uint8Array[], count: number): number {
  if (count > 0) pieces.push(new Uint8Array(count));
  return count;
}

function packBits(flags: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(flags.length / 8));
  for (let i = 0; i < flags.length; i++) {
    if (flags[i]) bits[i >> 3] = bits[i >> 3] | (1 << (i & 7));
  }
  return bits;
}
