import { MessageHeader } from "apache-arrow/fb/message-header";
import { throwIfAborted } from "../abort.js";
import { ArgumentError, damagedFile, FileError } from "../errors.js";
import {
  appendFields,
  findField,
  frameMessage,
  IpcBatch,
  type IpcField,
  type IpcMessage,
  type NewColumn,
  readDictionaryId,
  readMessages,
  readSchema,
  WRITE_AGAIN,
} from "../io/ipc/index.js";
import type { Channel } from "./channel.js";
import type { Computation } from "./computation.js";
import { withMalformedError } from "./malformed-input.js";
import type { StreamItem } from "./stream-item.js";

/** The treatment of the columns of a stream. It is decided when the schema has been read. */
export interface ColumnPlan {
  /** All columns of the input. */
  readonly fields: readonly IpcField[];
  /** The columns of the input that are kept in the output. */
  readonly kept: readonly IpcField[];
  /** The new columns, with their prefix. */
  readonly columns: readonly NewColumn[];
  /** Dictionaries that only dropped columns use. */
  readonly unusedDictionaries: ReadonlySet<bigint | undefined>;
  readonly computation: Computation;
}

/** The options of {@link StreamReader}. */
export interface StreamReaderOptions {
  /** Name of the input in error messages. */
  readonly name: string;
  readonly prefix: string;
  readonly drop: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Creates the computation for the columns of the input. */
  readonly open: (fields: readonly IpcField[]) => Computation;
}

/** Reads an Arrow stream, message by message, and passes its parts to a channel. */
export class StreamReader {
  readonly #input: AsyncIterable<Uint8Array>;
  readonly #options: StreamReaderOptions;
  #plan: ColumnPlan | undefined;
  #batches = 0;

  constructor(input: AsyncIterable<Uint8Array>, options: StreamReaderOptions) {
    this.#input = input;
    this.#options = options;
  }

  /** Undefined until the schema has been read. The schema is the first part that reaches the channel. */
  get plan(): ColumnPlan | undefined {
    return this.#plan;
  }

  /** Reads until the input ends, or until the channel accepts no more. */
  async readInto(channel: Channel<StreamItem>): Promise<void> {
    const { name, signal } = this.#options;
    for await (const message of readMessages(this.#input, name)) {
      throwIfAborted(signal);
      const item = message.kind === MessageHeader.Schema ? this.#readSchema(message) : this.#readMessage(message);
      if (item && !(await channel.put(item))) return;
    }
  }

  /** @returns the schema of the output */
  #readSchema(message: IpcMessage): StreamItem {
    const { name } = this.#options;
    if (this.#plan) throw damagedFile(name, "is malformed: it holds a second schema", undefined, WRITE_AGAIN);
    const plan = planColumns(
      withMalformedError(name, () => readSchema(message, name)),
      this.#options,
    );
    this.#plan = plan;
    return { bytes: withMalformedError(name, () => frameMessage(appendFields(message, plan.kept, plan.columns))) };
  }

  /** @returns the part for the output; undefined for a dictionary that the output does not need */
  #readMessage(message: IpcMessage): StreamItem | undefined {
    const { name } = this.#options;
    const plan = this.#plan;
    if (!plan) throw new FileError("FILE_FORMAT", name, "does not begin with its schema; write it as a stream");
    const { unusedDictionaries: unused, fields } = plan;
    if (unused.size > 0 && unused.has(withMalformedError(name, () => readDictionaryId(message)))) return undefined;
    if (message.kind !== MessageHeader.RecordBatch) return { bytes: frameMessage(message.metadata, message.body) };
    return { batch: withMalformedError(name, () => new IpcBatch(message, fields, this.#batches++, name)) };
  }
}

function planColumns(fields: readonly IpcField[], { open, drop, prefix }: StreamReaderOptions): ColumnPlan {
  const computation = open(fields);
  const dropped = new Set(drop.map((column) => findField(fields, column, "drop")));
  const kept = fields.filter((field) => !dropped.has(field));
  const used = new Set(kept.flatMap(({ dictionaries }) => dictionaries));
  const unusedDictionaries = new Set(
    [...dropped].flatMap(({ dictionaries }) => dictionaries.filter((id) => !used.has(id))),
  );
  const columns = computation.columns.map((column) => ({ ...column, name: prefix + column.name }));
  checkNewNames(kept, columns);
  return { fields, kept, columns, unusedDictionaries, computation };
}

/** @throws {ArgumentError} INVALID_ARGUMENT if a new column has the name of a kept column */
function checkNewNames(kept: readonly IpcField[], columns: readonly NewColumn[]): void {
  for (const { name } of columns) {
    if (!kept.some((field) => field.name === name)) continue;
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "prefix",
      received: name,
      accepted: "a prefix that makes new names",
      message: `prefix: the input already has a column ${JSON.stringify(name)}. Choose another prefix for the new columns`,
    });
  }
}
