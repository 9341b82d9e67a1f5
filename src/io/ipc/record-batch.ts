import { BodyCompression } from "apache-arrow/fb/body-compression";
import { Buffer as FbBuffer } from "apache-arrow/fb/buffer";
import { CompressionType } from "apache-arrow/fb/compression-type";
import { FieldNode } from "apache-arrow/fb/field-node";
import { KeyValue } from "apache-arrow/fb/key-value";
import { Message } from "apache-arrow/fb/message";
import { MessageHeader } from "apache-arrow/fb/message-header";
import { RecordBatch } from "apache-arrow/fb/record-batch";
import { Builder, Encoding } from "flatbuffers";
import { FileError } from "../../errors.js";
import { decompressLz4Frame } from "../lz4.js";
import { frameMessage, type IpcMessage, viewOf } from "./messages.js";
import type { IpcField, NewColumn } from "./schema.js";

/** What a column holds in a batch: how many values, how many of them null, and its buffers. */
export interface ColumnData {
  readonly length: number;
  readonly nullCount: number;
  /** In the order of the format: bitmap of what is not null, offsets, values. */
  buffer(index: number): Promise<Uint8Array>;
}

/** A batch of a stream, of which columns are read when they are asked for. */
export class IpcBatch {
  readonly rows: number;
  readonly #source: IpcMessage;
  readonly #batch: RecordBatch;
  readonly #label: string;
  readonly #name: string;

  /**
   * @param index of the batch in its stream, for errors
   * @throws {FileError} FILE_FORMAT for a batch whose lists do not fit its schema
   */
  constructor(source: IpcMessage, fields: readonly IpcField[], index: number, name: string) {
    this.#source = source;
    this.#name = name;
    this.#label = `batch ${index}`;
    const batch: RecordBatch | null = source.message.header(new RecordBatch());
    if (!batch) throw this.fail("is empty");
    this.#batch = batch;
    const rows = batch.length();
    if (rows < 0n || rows > 2n ** 31n) throw this.fail(`has ${rows} rows`);
    this.rows = Number(rows);
    const nodes = countNodes(fields);
    if (batch.nodesLength() !== nodes)
      throw this.fail(`has ${batch.nodesLength()} columns in all, its schema ${nodes}`);
    const listed = batch.buffersLength() * 16 + batch.variadicBufferCountsLength() * 8;
    if (listed + source.message.customMetadataLength() * 4 > source.metadata.length) {
      throw this.fail("lists more than it holds");
    }
  }

  get bytes(): number {
    return this.#source.body.length + this.#source.metadata.length;
  }

  fail(reason: string): FileError {
    return new FileError("FILE_FORMAT", this.#name, `is malformed: ${this.#label} ${reason}`);
  }

  /** @throws {FileError} FILE_FORMAT for one that the batch does not have */
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
    const place = index < this.#batch.buffersLength() ? this.#batch.buffers(index) : null;
    if (!place) throw this.fail(`lacks buffer ${index}`);
    const [offset, length] = [place.offset(), place.length()];
    const { body } = this.#source;
    if (offset < 0n || length < 0n || offset + length > BigInt(body.length)) {
      throw this.fail(`has a buffer outside its ${body.length} bytes`);
    }
    const bytes = body.subarray(Number(offset), Number(offset + length));
    const compression: BodyCompression | null = this.#batch.compression();
    if (!compression || bytes.length === 0) return bytes;
    if (bytes.length < 8) throw this.fail("has a compressed buffer of less than 8 bytes");
    const size = viewOf(bytes).getBigInt64(0, true);
    const packed = bytes.subarray(8);
    if (size === UNCOMPRESSED) return packed;
    const unpacked = await decompress(compression.codec(), packed).catch((cause) => {
      throw this.fail(`cannot be decompressed: ${cause instanceof Error ? cause.message : cause}`);
    });
    if (BigInt(unpacked.length) !== size) throw this.fail(`has ${unpacked.length} bytes where it promises ${size}`);
    return unpacked;
  }

  /**
   * The message again, with further columns at its end; what is there stays as it is, byte for byte.
   *
   * @param usable a byte a row: 0 where the new columns are null
   * @param values of each column, rows x width
   */
  withColumns(columns: readonly NewColumn[], usable: Uint8Array, values: readonly Float32Array[]): Uint8Array[] {
    const nullCount = usable.reduce((count, isUsable) => count + (isUsable ? 0 : 1), 0);
    const validity = nullCount > 0 ? packBits(usable) : new Uint8Array();
    const body: Uint8Array[] = [this.#source.body];
    let size = this.#source.body.length;
    const places: { offset: number; length: number }[] = [];
    const isCompressed = this.#batch.compression() !== null;
    const add = (bytes: Uint8Array) => {
      pad(64);
      if (bytes.length === 0) return void places.push({ offset: size, length: 0 });
      const mark = isCompressed ? 8 : 0;
      if (isCompressed) body.push(new Uint8Array(8).fill(255));
      places.push({ offset: size, length: mark + bytes.length });
      body.push(bytes);
      size += mark + bytes.length;
    };
    const pad = (multiple: number) => {
      const missing = (multiple - (size % multiple)) % multiple;
      if (missing > 0) body.push(new Uint8Array(missing));
      size += missing;
    };
    const nodes: { length: number; nullCount: number }[] = [];
    for (const [i, { width }] of columns.entries()) {
      const data = values[i] as Float32Array;
      nodes.push({ length: this.rows, nullCount });
      add(validity);
      if (width !== undefined) {
        nodes.push({ length: this.rows * width, nullCount: 0 });
        add(new Uint8Array());
      }
      add(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    pad(8);
    return frameMessage(this.#encodeMetadata(nodes, places, size), ...body);
  }

  #encodeMetadata(
    newNodes: readonly { length: number; nullCount: number }[],
    newBuffers: readonly { offset: number; length: number }[],
    size: number,
  ): Uint8Array {
    const batch = this.#batch;
    const { message } = this.#source;
    const builder = new Builder(1024);
    const nodes = Array.from({ length: batch.nodesLength() }, (_, i) => batch.nodes(i) as FieldNode)
      .map((node) => ({ length: node.length(), nullCount: node.nullCount() }))
      .concat(newNodes.map(({ length, nullCount }) => ({ length: BigInt(length), nullCount: BigInt(nullCount) })));
    const buffers = Array.from({ length: batch.buffersLength() }, (_, i) => batch.buffers(i) as FbBuffer)
      .map((place) => ({ offset: place.offset(), length: place.length() }))
      .concat(newBuffers.map(({ offset, length }) => ({ offset: BigInt(offset), length: BigInt(length) })));
    // Vectors grow towards the front.
    RecordBatch.startNodesVector(builder, nodes.length);
    for (const { length, nullCount } of nodes.reverse()) FieldNode.createFieldNode(builder, length, nullCount);
    const nodeList = builder.endVector();
    RecordBatch.startBuffersVector(builder, buffers.length);
    for (const { offset, length } of buffers.reverse()) FbBuffer.createBuffer(builder, offset, length);
    const bufferList = builder.endVector();
    const counts = Array.from({ length: batch.variadicBufferCountsLength() }, (_, i) => batch.variadicBufferCounts(i));
    const countList =
      counts.length > 0 ? RecordBatch.createVariadicBufferCountsVector(builder, counts as bigint[]) : undefined;
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

/** Stands for the length of a buffer that is not compressed in a batch that is. */
const UNCOMPRESSED = -1n;

async function decompress(codec: CompressionType, bytes: Uint8Array): Promise<Uint8Array> {
  if (codec === CompressionType.LZ4_FRAME) return decompressLz4Frame(bytes);
  const { decompressZstd } = await import("hyparquet-compressors");
  return decompressZstd(bytes);
}

const countNodes = (fields: readonly IpcField[]): number =>
  fields.reduce((sum, { children }) => sum + 1 + countNodes(children), 0);

function packBits(flags: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(flags.length / 8));
  for (let i = 0; i < flags.length; i++) {
    if (flags[i]) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
  }
  return bits;
}
