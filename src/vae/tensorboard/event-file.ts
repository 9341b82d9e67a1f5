import { type FileHandle, open, readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { requireInteger } from "../../arguments.js";
import { ArgumentError, FileError } from "../../errors.js";
import { checkPath, makeFolder, systemReason } from "../../io/index.js";
import type { GraphNode } from "./graph.js";
import { countHistogram } from "./histogram.js";
import type { SummaryValue, TensorBoardEvent } from "./messages.js";
import { frameRecord } from "./record.js";

/** Data of one training step, each item under a name (tag). TensorBoard groups tags by the part before a slash. */
export interface Summaries {
  /** Scalars. TensorBoard displays NaN and infinities as such. */
  readonly scalars?: Readonly<Record<string, number>> | undefined;
  /** Values whose distribution is displayed. NaN and infinite values are left out. */
  readonly histograms?: Readonly<Record<string, ArrayLike<number>>> | undefined;
  /** PNG files. */
  readonly images?: Readonly<Record<string, Uint8Array>> | undefined;
}

/** An event file of TensorBoard that is being written. */
export interface EventFile {
  readonly path: string;
  /**
   * Appends the summaries of a step. If writing fails, no summary of this step is written. It is not necessary to await
   * one call before the next.
   *
   * @param step an integer >= 0
   * @throws {ArgumentError} INVALID_ARGUMENT if an image is not a PNG file, OUT_OF_RANGE for an invalid step
   * @throws {FileError} FILE_WRITE
   */
  write(step: number, summaries: Summaries): Promise<void>;
  /**
   * Appends the graph of a network. TensorBoard shows the last graph in the tab Graphs.
   *
   * @throws {FileError} FILE_WRITE
   */
  writeGraph(nodes: readonly GraphNode[]): Promise<void>;
  /** Waits for pending writes, flushes them to the disk and closes the file. */
  close(): Promise<void>;
}

/** Options of {@link openEventFile}. */
export interface EventFileOptions {
  /**
   * Step at which a run is resumed. TensorBoard then ignores this step and all later steps in older event files of the
   * folder.
   */
  readonly resumeStep?: number | undefined;
}

/**
 * Begins a new event file in `folder`, which is created if it is missing. TensorBoard treats a folder as one run and
 * reads all event files in the folder, even while they are being written.
 *
 * @throws {FileError} FILE_WRITE
 */
export async function openEventFile(folder: string, options: EventFileOptions = {}): Promise<EventFile> {
  checkPath(folder);
  const { resumeStep } = options;
  if (resumeStep !== undefined) requireInteger(resumeStep, "resumeStep", 0, Number.MAX_SAFE_INTEGER);
  const { encodeEvent } = await import("./messages.js");
  const { encodeGraph } = await import("./graph.js");
  const { path, handle, isFirst } = await create(folder);
  let size = 0;
  let last: Promise<void> = Promise.resolve();

  const append = (event: TensorBoardEvent): Promise<void> => {
    const record = frameRecord(encodeEvent(event));
    const written = last.then(async () => {
      try {
        await handle.writeFile(record);
        size += record.length;
      } catch (cause) {
        // Readers stop at a damaged record, so all later records would be lost too.
        await handle.truncate(size).catch(() => {});
        throw writeError(path, cause);
      }
    });
    last = written.catch(() => {});
    return written;
  };
  const now = () => Date.now() / 1000;

  try {
    await append({ wallTime: now(), step: 0, fileVersion: "brain.Event:2" });
    // TensorBoard ignores the first session start of a run. It drops earlier events only at later session starts.
    const start = resumeStep ?? (isFirst ? 0 : undefined);
    if (start !== undefined) await append({ wallTime: now(), step: start, sessionLog: { status: 1 } });
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    path,
    async write(step, summaries) {
      requireInteger(step, "step", 0, Number.MAX_SAFE_INTEGER);
      const value = summaryValues(summaries);
      if (value.length > 0) await append({ wallTime: now(), step, summary: { value } });
    },
    async writeGraph(nodes) {
      await append({ wallTime: now(), step: 0, graphDef: encodeGraph(nodes) });
    },
    async close() {
      await last;
      try {
        await handle.sync();
      } catch (cause) {
        throw writeError(path, cause);
      } finally {
        await handle.close();
      }
    },
  };
}

async function create(folder: string): Promise<{ path: string; handle: FileHandle; isFirst: boolean }> {
  await makeFolder(folder);
  const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, "0");
  for (let number = 0; ; number++) {
    const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${number}`);
    try {
      const isFirst = !(await readdir(folder)).some((name) => name.includes("tfevents"));
      return { path, handle: await open(path, "ax"), isFirst };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST" || number === 1000) throw writeError(path, cause);
    }
  }
}

function writeError(path: string, cause: unknown): FileError {
  return new FileError("FILE_WRITE", path, `cannot be written: ${systemReason(cause) ?? cause}`, { cause });
}

function summaryValues({ scalars = {}, histograms = {}, images = {} }: Summaries): SummaryValue[] {
  return [
    ...Object.entries(scalars).map(([tag, simpleValue]) => ({ tag, simpleValue })),
    ...Object.entries(histograms).map(([tag, values]) => ({ tag, histo: countHistogram(values) })),
    ...Object.entries(images).map(([tag, png]) => ({ tag, image: { ...pngFacts(tag, png), encodedImageString: png } })),
  ];
}

const PNG_BEGIN = Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1");
/** Number of channels for each color type of a PNG file. An image with a palette (color type 3) has three channels. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

function pngFacts(tag: string, png: Uint8Array): { height: number; width: number; colorspace: number } {
  const head = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const colorspace = CHANNELS[head[25] ?? -1];
  if (!PNG_BEGIN.equals(head.subarray(0, PNG_BEGIN.length)) || colorspace === undefined) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: `images["${tag}"]`,
      received: png,
      accepted: "a PNG file",
    });
  }
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20), colorspace };
}
