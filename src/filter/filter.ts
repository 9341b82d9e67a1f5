import { setImmediate } from "node:timers/promises";
import { MessageHeader } from "apache-arrow/fb/message-header";
import { throwIfAborted } from "../abort.js";
import { reject } from "../arguments.js";
import { AbortError, ArgumentError, FileError, SigmaTsneError } from "../errors.js";
import {
  appendFields,
  BROKEN_OFF,
  END_OF_STREAM,
  findField,
  frameMessage,
  IpcBatch,
  type IpcField,
  type IpcMessage,
  type NewColumn,
  readDictionaryId,
  readMessages,
  readSchema,
} from "../io/ipc/index.js";
import { Channel } from "./channel.js";

/** How far a filter is. */
export interface FilterProgress {
  /** Rows that are done. */
  rows: number;
  batches: number;
  /** Rows among them for which nothing could be computed. */
  unusable: number;
}

/** Options of every filter. */
export interface FilterOptions {
  /** Fails at the first row for which nothing can be computed; by default its new columns are null. */
  readonly strict?: boolean | undefined;
  /** What stands before the names of the new columns. Default: nothing. */
  readonly prefix?: string | undefined;
  /**
   * Columns of the input that are left out of the output, even those that are computed from. What is not written costs no time. Default:
   * none.
   */
  readonly drop?: readonly string[] | undefined;
  /** What errors call the input. Default "input". */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every batch. */
  readonly onProgress?: ((progress: FilterProgress) => void) | undefined;
}

/** Says that a row, counted from 0 in its batch, has no values, and why. */
export type Refuse = (batch: IpcBatch, row: number, reason: string) => void;

/** What a filter computes. */
export interface Computation {
  /** Without a prefix. */
  readonly columns: readonly NewColumn[];
  /** Rows that are worth computing at once; batches that have come are put together up to that many. */
  readonly blockRows: number;
  /**
   * @returns the values of each column for the rows of all batches, one batch after the other; anything where a row was refused
   */
  compute(batches: readonly IpcBatch[], refuse: Refuse, signal: AbortSignal): Promise<Float32Array[]>;
}

/** Turns of the event loop in which what lies ready at the input may come; nobody waits for more. */
const PATIENCE = 4;

const rowsOf = (item: Arrived): number => ("batch" in item ? item.batch.rows : 0);

/** Bytes that wait before the computation, are in it, and wait behind it, each; a single batch may be larger. */
const WAITING_BYTES = 2 ** 25;

/** What a stream holds, as it has come: bytes that pass as they are, or a batch. */
type Arrived = { readonly bytes: readonly Uint8Array[] } | { readonly batch: IpcBatch };

const weigh = (item: Arrived): number =>
  "batch" in item ? item.batch.bytes : item.bytes.reduce((sum, piece) => sum + piece.length, 0);

/** Memory that pieces hold, whose parts may be all that is still needed of it. */
const weighPieces = (pieces: readonly Uint8Array[]): number =>
  [...new Set(pieces.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);

/**
 * An Arrow IPC stream with further columns, in as many batches of the same rows. All that was there, but for columns that are to be dropped,
 * passes as it is. Reading, computing
 * and writing overlap; nothing that is there to be computed or given out waits for more input.
 *
 * After a failure the stream ends as no whole one does.
 */
export async function* filterStream(
  input: AsyncIterable<Uint8Array>,
  open: (fields: readonly IpcField[]) => Computation,
  options: FilterOptions,
): AsyncGenerator<Uint8Array> {
  const { name = "input", prefix = "", signal } = options;
  throwIfAborted(signal);
  const drop: unknown = options.drop ?? [];
  if (!isNames(drop)) reject("drop", drop, "an array of names of columns");
  const stop = new AbortController();
  const arrived = new Channel<Arrived>(WAITING_BYTES, weigh);
  const done = new Channel<readonly Uint8Array[]>(WAITING_BYTES, weighPieces);
  const abort = () => {
    const error = new AbortError(undefined, { cause: signal?.reason });
    stop.abort(error);
    arrived.close(error);
    done.close(error);
  };
  signal?.addEventListener("abort", abort, { once: true });
  let computation: Computation | undefined;
  let kept: readonly IpcField[] = [];
  const columns = () => (computation?.columns ?? []).map((column) => ({ ...column, name: prefix + column.name }));

  const read = async () => {
    let fields: IpcField[] | undefined;
    let unused: ReadonlySet<bigint | undefined> = new Set();
    let index = 0;
    for await (const message of readMessages(input, name)) {
      throwIfAborted(signal);
      const { kind } = message;
      if (kind === MessageHeader.Schema) {
        if (fields) throw new FileError("FILE_FORMAT", name, "is malformed: it holds a second schema");
        fields = understand(name, () => readSchema(message, name));
        computation = open(fields);
        const known = fields;
        const dropped = new Set(drop.map((column) => findField(known, column, "drop")));
        kept = fields.filter((field) => !dropped.has(field));
        const used = new Set(kept.flatMap(({ dictionaries }) => dictionaries));
        unused = new Set([...dropped].flatMap(({ dictionaries }) => dictionaries.filter((id) => !used.has(id))));
        refuseTaken(kept, columns());
        const taken = understand(name, () => frameMessage(appendFields(message, kept, columns())));
        if (!(await arrived.put({ bytes: taken }))) return;
        continue;
      }
      if (!fields) throw new FileError("FILE_FORMAT", name, "does not begin with its schema; write it as a stream");
      if (unused.size > 0 && unused.has(understand(name, () => readDictionaryId(message)))) continue;
      const known = fields;
      const item: Arrived =
        kind === MessageHeader.RecordBatch
          ? { batch: understand(name, () => new IpcBatch(message, known, index++, name)) }
          : { bytes: passOn(message) };
      if (!(await arrived.put(item))) return;
    }
  };

  const progress = { rows: 0, batches: 0, unusable: 0 };
  const compute = async () => {
    for (let first = await arrived.take(); first; first = await arrived.take()) {
      const items = [first];
      let rows = rowsOf(first);
      let bytes = weigh(first);
      // The schema, without which there is no computation, comes first and alone.
      for (let turns = 0; computation && rows < computation.blockRows; ) {
        const most = computation.blockRows - rows;
        const room = WAITING_BYTES - bytes;
        const next = arrived.takeNow((waiting) => rowsOf(waiting) <= most && weigh(waiting) <= room);
        if (!next && turns++ === PATIENCE) break;
        if (!next) await setImmediate();
        if (!next) continue;
        items.push(next);
        rows += rowsOf(next);
        bytes += weigh(next);
      }
      if (!(await done.put(join(await extend(items))))) return;
    }
  };

  const extend = async (items: readonly Arrived[]): Promise<Uint8Array[]> => {
    const batches = items.flatMap((item) => ("batch" in item ? [item.batch] : []));
    const usable = new Map(batches.map((batch) => [batch, new Uint8Array(batch.rows).fill(1)]));
    const refuse: Refuse = (batch, row, reason) => {
      const index = progress.batches + batches.indexOf(batch);
      if (options.strict) throw new FileError("FILE_FORMAT", name, `row ${row} of batch ${index} ${reason}`);
      const flags = usable.get(batch) as Uint8Array;
      if (flags[row] === 1) progress.unusable++;
      flags[row] = 0;
    };
    const values = computation && batches.length > 0 ? await computation.compute(batches, refuse, stop.signal) : [];
    let start = 0;
    return items.flatMap((item) => {
      if (!("batch" in item)) return item.bytes;
      const { batch } = item;
      const own = columns().map(({ width = 1 }, c) => values[c].subarray(start * width, (start + batch.rows) * width));
      start += batch.rows;
      const pieces = understand(name, () => batch.withColumns(kept, columns(), usable.get(batch) as Uint8Array, own));
      progress.rows += batch.rows;
      progress.batches++;
      options.onProgress?.({ ...progress });
      return pieces;
    });
  };

  const reading = read().then(
    () => arrived.close(),
    (error) => arrived.close(error),
  );
  const computing = compute().then(
    () => done.close(),
    (error) => done.close(error),
  );
  let begun = false;
  try {
    for (let pieces = await done.take(); pieces; pieces = await done.take()) {
      begun = true;
      yield* pieces;
    }
    throwIfAborted(signal);
    yield END_OF_STREAM;
  } catch (error) {
    if (begun) yield BROKEN_OFF;
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    stop.abort();
    arrived.close();
    done.close();
    // The reader may wait for input that never comes; it ends with its input.
    void reading;
    await computing;
  }
}

const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

const passOn = ({ metadata, body }: IpcMessage): Uint8Array[] => frameMessage(metadata, body);

/** Writing many small pieces takes longer than writing one. */
const SMALL_BYTES = 2 ** 16;

function join(pieces: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  let bytes = 0;
  const flush = () => {
    if (small.length > 0) joined.push(Buffer.concat(small));
    small = [];
    bytes = 0;
  };
  for (const piece of pieces) {
    if (bytes + piece.length > SMALL_BYTES) flush();
    if (piece.length > SMALL_BYTES) joined.push(piece);
    else {
      small.push(piece);
      bytes += piece.length;
    }
  }
  flush();
  return joined;
}

function refuseTaken(fields: readonly IpcField[], columns: readonly NewColumn[]): void {
  for (const { name } of columns) {
    if (!fields.some((field) => field.name === name)) continue;
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "prefix",
      received: name,
      accepted: "one that makes new names",
      message: `prefix: the input has a column ${JSON.stringify(name)} already; choose a prefix for the new ones`,
    });
  }
}

/** What a damaged message makes its readers stumble over is an error of the input. */
function understand<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SigmaTsneError) throw cause;
    throw new FileError("FILE_FORMAT", name, "is malformed", { cause });
  }
}
