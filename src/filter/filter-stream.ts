import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../abort.js";
import { reject } from "../arguments.js";
import { AbortError } from "../errors.js";
import { BROKEN_OFF, END_OF_STREAM, type IpcField } from "../io/ipc/index.js";
import { BatchExtender } from "./batch-extender.js";
import { Channel } from "./channel.js";
import type { Computation, FilterOptions } from "./computation.js";
import { joinSmallPieces } from "./joined-pieces.js";
import { bytesOf, heldBytes, rowsOf, type StreamItem } from "./stream-item.js";
import { StreamReader } from "./stream-reader.js";

/**
 * Limit of the bytes in memory in each of three stages: waiting for the computation, in the computation, and waiting
 * for output. A single batch may be larger.
 */
const WAITING_BYTES = 2 ** 25;

/**
 * Number of turns of the event loop for which the computation waits for further input that is already available.
 */
const WAITING_TURNS = 4;

/**
 * Returns an Arrow IPC stream with additional columns. Its batches have the same rows as the batches of the input. The
 * columns of the input are passed on unchanged, except those in `options.drop`. Reading, computing and writing run at
 * the same time. Finished results are written without waiting for more input.
 *
 * After a failure the output does not end like a complete stream.
 */
export async function* filterStream(
  input: AsyncIterable<Uint8Array>,
  open: (fields: readonly IpcField[]) => Computation,
  options: FilterOptions,
): AsyncGenerator<Uint8Array> {
  const { name = "input", prefix = "", strict = false, signal, onProgress } = options;
  throwIfAborted(signal);
  const drop: unknown = options.drop ?? [];
  if (!isNames(drop)) reject("drop", drop, "an array of names of columns");
  const stop = new AbortController();
  const arrived = new Channel<StreamItem>(WAITING_BYTES, bytesOf);
  const done = new Channel<readonly Uint8Array[]>(WAITING_BYTES, heldBytes);
  const abort = () => {
    const error = new AbortError(undefined, { cause: signal?.reason });
    stop.abort(error);
    arrived.close(error);
    done.close(error);
  };
  signal?.addEventListener("abort", abort, { once: true });

  const reader = new StreamReader(input, { name, prefix, drop, signal, open });
  const extender = new BatchExtender({ name, strict, signal: stop.signal, onProgress });
  // The reader may wait for input that never comes, so its end is not awaited.
  void closeAfter(reader.readInto(arrived), arrived);
  const computing = closeAfter(extendAll(reader, extender, arrived, done), done);
  try {
    yield* takeAll(done, signal);
  } finally {
    signal?.removeEventListener("abort", abort);
    stop.abort();
    arrived.close();
    done.close();
    await computing;
  }
}

const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

/** Closes the channel when the work that fills it has ended. If the work failed, its error is passed to the channel. */
const closeAfter = (work: Promise<void>, channel: Pick<Channel<unknown>, "close">): Promise<void> =>
  work.then(
    () => channel.close(),
    (error) => channel.close(error),
  );

/**
 * Takes the parts of the stream from the channel `arrived` in blocks, adds the new columns, and puts the resulting
 * bytes into the channel `done`.
 */
async function extendAll(
  reader: StreamReader,
  extender: BatchExtender,
  arrived: Channel<StreamItem>,
  done: Channel<readonly Uint8Array[]>,
): Promise<void> {
  for (let first = await arrived.take(); first; first = await arrived.take()) {
    const items = await takeBlock(first, arrived, reader.plan?.computation.blockRows ?? 0);
    const pieces = joinSmallPieces(await extender.extend(items, reader.plan));
    if (!(await done.put(pieces))) return;
  }
}

/**
 * Returns the first part and those following parts that are already available, up to `blockRows` rows and WAITING_BYTES
 * bytes.
 */
async function takeBlock(first: StreamItem, arrived: Channel<StreamItem>, blockRows: number): Promise<StreamItem[]> {
  const items = [first];
  let rows = rowsOf(first);
  let bytes = bytesOf(first);
  for (let turns = 0; rows < blockRows; ) {
    const fits = (next: StreamItem) => rowsOf(next) <= blockRows - rows && bytesOf(next) <= WAITING_BYTES - bytes;
    const next = arrived.takeNow(fits);
    if (!next && turns++ === WAITING_TURNS) break;
    if (!next) await setImmediate();
    if (!next) continue;
    items.push(next);
    rows += rowsOf(next);
    bytes += bytesOf(next);
  }
  return items;
}

/**
 * Yields the bytes of the output. The last bytes mark the end of the stream or, after a failure, an incomplete stream.
 */
async function* takeAll(
  done: Channel<readonly Uint8Array[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
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
  }
}
