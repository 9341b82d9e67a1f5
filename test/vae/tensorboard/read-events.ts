import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { EventMessage, type TensorBoardEvent } from "../../../src/vae/tensorboard/messages.js";
import { frameRecord } from "../../../src/vae/tensorboard/record.js";

/** Reads the events of a file and checks its framing. */
export async function readEvents(file: string) {
  const bytes = await readFile(file);
  const events = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.subarray(at, at + 16 + length).equals(frameRecord(data))).toBe(true);
    events.push(
      EventMessage.toObject(EventMessage.decode(data), { longs: Number, defaults: true }) as TensorBoardEvent,
    );
    at += 16 + length;
  }
  return events;
}
