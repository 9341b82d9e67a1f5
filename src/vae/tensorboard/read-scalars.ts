import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { frameRecord } from "./record.js";

/**
 * Largest number of bytes that are read at a time. A longer record cannot be read, but records with scalars are short.
 */
const LONGEST_RECORD = 2 ** 26;

/** Reads the scalars of a TensorBoard log while it is being written. */
export class ScalarReader {
  private file: string | undefined;
  private offset = 0;

  /** @param folder folder of the event files; only the newest event file is read */
  constructor(private readonly folder: string) {}

  /**
   * Returns the last value of each tag that was logged since the last call. The result is empty if nothing was logged
   * or there is no log.
   */
  async read(): Promise<Readonly<Record<string, number>>> {
    const names = await readdir(this.folder).catch(() => []);
    const newest = names
      .filter((name) => name.includes("tfevents"))
      .sort()
      .at(-1);
    if (newest === undefined) return {};
    if (newest !== this.file) {
      this.file = newest;
      this.offset = 0;
    }
    const scalars: Record<string, number> = {};
    const { EventMessage } = await import("./messages.js");
    for (const data of await this.readRecords(join(this.folder, newest))) {
      const { summary } = EventMessage.decode(data) as {
        summary?: { value?: { tag: string; simpleValue?: number }[] };
      };
      for (const value of summary?.value ?? []) {
        if (Object.hasOwn(value, "simpleValue")) scalars[value.tag] = value.simpleValue as number;
      }
    }
    return scalars;
  }

  /**
   * Returns the new records up to the first record that is incomplete or damaged. The next call continues after the
   * returned records.
   */
  private async readRecords(path: string): Promise<Uint8Array[]> {
    const handle = await open(path, "r").catch(() => undefined);
    if (!handle) return [];
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.min(LONGEST_RECORD, Math.max(0, size - this.offset)));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, this.offset);
      const records: Uint8Array[] = [];
      let at = 0;
      while (at + 12 <= bytesRead) {
        const length = Number(bytes.readBigUInt64LE(at));
        const end = at + 16 + length;
        if (!(end <= bytesRead)) break;
        const data = bytes.subarray(at + 12, at + 12 + length);
        if (!bytes.subarray(at, end).equals(frameRecord(data))) break;
        records.push(data);
        at = end;
      }
      this.offset += at;
      return records;
    } finally {
      await handle.close();
    }
  }
}
