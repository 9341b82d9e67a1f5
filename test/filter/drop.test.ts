import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateMillisecond,
  Decimal,
  Dictionary,
  DurationSecond,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Int32,
  IntervalYearMonth,
  LargeBinary,
  LargeUtf8,
  List,
  Map_,
  makeData,
  Null,
  RecordBatch,
  Struct,
  TimeMillisecond,
  TimestampMicrosecond,
  Uint64,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { MessageHeader } from "apache-arrow/fb/message-header";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, SigmaTsneError } from "../../src/errors.js";
import { filterStream } from "../../src/filter/filter-stream.js";
import type { Computation, FilterOptions } from "../../src/filter/index.js";
import { type IpcMessage, readMessages } from "../../src/io/ipc/index.js";
import { batchOf, bytesOf, type Columns, collect, piecesOf, tableOf, valuesOf } from "./streams.js";

const wordType = (id: number) => new Dictionary(new Utf8(), new Int32(), id);
/** Types and values of the columns. Every fourth value is null; `value` counts the rows of all batches. */
const KINDS: Readonly<Record<string, readonly [DataType, (value: number) => unknown]>> = {
  int: [new Int32(), (value) => value],
  null: [new Null(), () => null],
  bool: [new Bool(), (value) => value % 3 === 0],
  text: [new Utf8(), (value) => `text ${"x".repeat(value)}`],
  word: [wordType(3), (value) => `word ${value % 2}`],
  large: [new LargeUtf8(), (value) => `large ${value}`],
  bytes: [new Binary(), (value) => Uint8Array.from({ length: value }, () => value)],
  "large bytes": [new LargeBinary(), (value) => Uint8Array.of(value)],
  "fixed bytes": [new FixedSizeBinary(5), (value) => new Uint8Array(5).fill(value)],
  "other word": [wordType(4), (value) => `other ${value % 5}`],
  id: [new Uint64(), (value) => BigInt(value)],
  decimal: [new Decimal(2, 30), (value) => Uint32Array.of(value, 0, 0, 0)],
  date: [new DateMillisecond(), (value) => new Date(value * 86_400_000)],
  time: [new TimeMillisecond(), (value) => value],
  stamp: [new TimestampMicrosecond(), (value) => value],
  duration: [new DurationSecond(), (value) => BigInt(value)],
  interval: [new IntervalYearMonth(), (value) => Int32Array.of(value)],
  list: [new List(new Field("item", new Utf8())), (value) => Array(value % 3).fill(`item ${value}`)],
  "fixed list": [new FixedSizeList(2, new Field("item", new Float32())), (value) => [value, -value]],
  struct: [
    new Struct([
      new Field("number", new Int32()),
      new Field("word", wordType(5)),
      new Field("texts", new List(new Field("item", new Utf8()))),
    ] as Field[]),
    (value) => ({ number: value, word: `word ${value % 2}`, texts: [`in ${value}`] }),
  ],
  map: [
    new Map_<Utf8, Int32>(
      new Field(
        "entries",
        new Struct<{ key: Utf8; value: Int32 }>([new Field("key", new Utf8()), new Field("value", new Int32())]),
      ),
    ),
    (value) => new Map([[`key ${value}`, value]]),
  ],
};
const NAMES = Object.keys(KINDS);

/** Makes batches of columns of these kinds. The batches have `sizes` rows. */
function streamOf(sizes: readonly number[], names: readonly string[] = NAMES): Uint8Array {
  let start = 0;
  const batches = sizes.map((size) => {
    const columns: Columns = Object.fromEntries(
      names.map((name) => {
        const [type, make] = KINDS[name];
        return [name, [type, Array.from({ length: size }, (_, i) => ((start + i) % 4 === 3 ? null : make(start + i)))]];
      }),
    );
    start += size;
    return batchOf(columns, new Map([["made", "here"]]));
  });
  return bytesOf(batches);
}

/** Appends a column of zeros. */
const open = (): Computation => ({
  columns: [{ name: "new", width: undefined }],
  blockRows: 8,
  compute: async (batches) => [new Float32Array(batches.reduce((sum, { rows }) => sum + rows, 0))],
});

const filter = (bytes: Uint8Array, options: FilterOptions = {}) =>
  collect(filterStream(piecesOf(bytes), open, options));

async function messagesOf(bytes: Uint8Array): Promise<IpcMessage[]> {
  const messages: IpcMessage[] = [];
  for await (const message of readMessages(piecesOf(bytes), "output")) messages.push(message);
  return messages;
}

async function expectDropped(bytes: Uint8Array, drop: readonly string[]): Promise<void> {
  const before = tableOf(bytes);
  const after = tableOf(await filter(bytes, { drop }));
  const kept = before.schema.fields.filter(({ name }) => !drop.includes(name));
  expect(after.schema.fields.map(({ name }) => name)).toEqual([...kept.map(({ name }) => name), "new"]);
  expect(after.schema.metadata).toEqual(before.schema.metadata);
  expect(after.batches.map(({ numRows }) => numRows)).toEqual(before.batches.map(({ numRows }) => numRows));
  expect(valuesOf(after, "new")).toEqual(Array(before.numRows).fill(0));
  for (const field of kept) {
    const same = after.schema.fields.find(({ name }) => name === field.name);
    expect([String(same?.type), same?.metadata]).toEqual([String(field.type), field.metadata]);
    expect(textOf(after, field.name)).toBe(textOf(before, field.name));
  }
}

const textOf = (table: ReturnType<typeof tableOf>, name: string): string =>
  JSON.stringify(valuesOf(table, name), (_, value) => (typeof value === "bigint" ? `${value}n` : value));

describe("drop", () => {
  test.each(NAMES)(
    "drops a column of the kind %s without changing the others, and the others without changing it",
    async (name) => {
      const bytes = streamOf([4, 0, 1, 5]);
      await expectDropped(bytes, [name]);
      await expectDropped(
        bytes,
        NAMES.filter((other) => other !== name),
      );
    },
  );

  test("drops any columns in any order: the first, the last, and all of them", async () => {
    const bytes = streamOf([3, 5]);
    const first = NAMES[0];
    const last = NAMES.at(-1) as string;
    for (const drop of [[], [first], [last], [last, first], [first, first], NAMES]) await expectDropped(bytes, drop);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(NAMES), async (drop) => expectDropped(bytes, drop)),
      { numRuns: 8 },
    );
  });

  test("keeps a dictionary as long as a column needs it", async () => {
    const [one, other] = [wordType(3), wordType(4)].map((type) => vectorFromArray(["a", "b", null], type));
    const [shared, own] = [one?.data[0], other?.data[0]] as [Data, Data];
    const struct = new Struct([new Field("word", shared.type, true)]);
    const inner = makeData({ type: struct, length: 3, nullCount: 0, children: [shared] });
    const bytes = bytesOf([new RecordBatch({ word: shared, inner, own })]);
    const dictionaries = async (drop: string[]) => {
      const output = await filter(bytes, { drop });
      expect(valuesOf(tableOf(output), "new")).toEqual([0, 0, 0]);
      const messages = await messagesOf(output);
      return messages.filter(({ kind }) => kind === MessageHeader.DictionaryBatch).length;
    };
    expect(await dictionaries([])).toBe(2);
    expect(await dictionaries(["word"])).toBe(2);
    expect(await dictionaries(["inner"])).toBe(2);
    expect(await dictionaries(["word", "inner"])).toBe(1);
    expect(await dictionaries(["own"])).toBe(1);
    expect(await dictionaries(["word", "inner", "own"])).toBe(0);
  });

  test("leaves no byte of dropped columns in the batches", async () => {
    const texts = (mark: string) => Array.from({ length: 9 }, (_, i) => mark.repeat(i));
    const columns = { one: [new Utf8(), texts("o")], two: [new Utf8(), texts("t")], three: [new Utf8(), texts("h")] };
    const bytes = bytesOf([batchOf(columns as unknown as Columns)]);
    const [, batch] = await messagesOf(await filter(bytes, { drop: ["two"] }));
    const body = Buffer.from(batch.body).toString("latin1");
    expect([body.includes("o"), body.includes("t"), body.includes("h")]).toEqual([true, false, true]);
  });

  test("allows a new column of the same name", async () => {
    const columns = { id: [new Int32(), [1, 2]], new: [new Utf8(), ["a", "b"]] } as const;
    const bytes = bytesOf([batchOf(columns)]);
    await expect(filter(bytes)).rejects.toThrow('already has a column "new"');
    const table = tableOf(await filter(bytes, { drop: ["new"] }));
    expect([valuesOf(table, "id"), valuesOf(table, "new")]).toEqual([
      [1, 2],
      [0, 0],
    ]);
  });

  test.each<[unknown, string]>([
    [["int", "picture"], 'drop: there is no column "picture"; the columns are "int", "text"'],
    [[""], 'drop: there is no column ""'],
    ["int", "drop: expected an array of names of columns"],
    [[1], "drop: expected an array of names of columns"],
  ])("rejects %j before it writes anything", async (drop, sentence) => {
    const input = piecesOf(streamOf([2], ["int", "text"]));
    const failure = filterStream(input, open, { drop: drop as string[] }).next();
    await expect(failure).rejects.toThrow(ArgumentError);
    await expect(failure).rejects.toThrow(sentence);
  });

  test("limits the input that it reads ahead, even if most of it is dropped", async () => {
    const one = bytesOf([
      batchOf({ id: [new Utf8(), ["i".repeat(2 ** 17)]], text: [new Utf8(), ["x".repeat(2 ** 22)]] }),
    ]);
    const schema = Buffer.from(one.buffer, one.byteOffset).readInt32LE(4) + 8;
    let batches = 0;
    const endless = async function* () {
      yield one.subarray(0, schema);
      for (;;) {
        batches++;
        yield one.subarray(schema, -8);
      }
    };
    const output = filterStream(endless(), open, { drop: ["text"] });
    await output.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(batches).toBeLessThan(60);
    await output.return(undefined);
  });

  test("reads damaged streams or rejects them with an intentional error", async () => {
    const bytes = streamOf([5, 4], ["int", "word", "struct", "bytes", "text"]);
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        await filter(damaged, { drop: ["word", "bytes"] }).catch((error) => {
          expect(error).toBeInstanceOf(SigmaTsneError);
        });
      }),
      { numRuns: 60 },
    );
  });
});
