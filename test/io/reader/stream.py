"""Writes Arrow streams of all types and neighbors in Parquet; or compares a stream with the output of a filter that dropped some columns.

python stream.py --write FOLDER | --compare BEFORE '[[AFTER, [DROPPED, ...]], ...]'
"""

import decimal
import json
import sys

import pyarrow
from pyarrow import ipc, parquet

ROWS = 60
WIDTH = 4


def lists(first, rows):
    values = pyarrow.array([((i * 7919) % 1000) / 500 for i in range(first * WIDTH, (first + rows) * WIDTH)], pyarrow.float32())
    return pyarrow.FixedSizeListArray.from_arrays(values, WIDTH)


def encode(ids, words):
    return pyarrow.DictionaryArray.from_arrays(pyarrow.array([i % len(words) for i in ids], pyarrow.int8()), pyarrow.array(words))


def columns(first, rows, words):
    ids = list(range(first, first + rows))
    return {
        "id": pyarrow.array(ids, pyarrow.int64()),
        "text view": pyarrow.array([None if i % 7 == 0 else f"text {i}" for i in ids], pyarrow.string_view()),
        "bytes view": pyarrow.array([b"x" * (i % 40) for i in ids], pyarrow.binary_view()),
        "mean": lists(first, rows),
        "word": encode(ids, words),
        "word view": pyarrow.DictionaryArray.from_arrays(
            pyarrow.array([0] * rows, pyarrow.int8()), pyarrow.array(["a view of more than twelve bytes"], pyarrow.string_view())
        ),
        "word in struct": pyarrow.StructArray.from_arrays([encode(ids, words), pyarrow.array(ids, pyarrow.int8())], ["word", "id"]),
        "word in words": pyarrow.DictionaryArray.from_arrays(
            pyarrow.array([0] * rows, pyarrow.int8()), pyarrow.ListArray.from_arrays([0, len(words)], encode(range(len(words)), words))
        ),
        "decimal": pyarrow.array([decimal.Decimal(i) * 10**40 for i in ids], pyarrow.decimal256(60, 2)),
        "struct": pyarrow.array(
            [{"a": i, "b": [i, None]} if i % 3 else None for i in ids],
            pyarrow.struct([("a", pyarrow.int32()), ("b", pyarrow.list_(pyarrow.int16()))]),
        ),
        "map": pyarrow.array([[(str(i), i)] for i in ids], pyarrow.map_(pyarrow.string(), pyarrow.int32())),
        "null": pyarrow.array([None] * rows, pyarrow.null()),
        "run": pyarrow.RunEndEncodedArray.from_arrays(
            pyarrow.array([rows] if rows else [], pyarrow.int32()), pyarrow.array([first] if rows else [], pyarrow.int64())
        ),
        "union": pyarrow.UnionArray.from_dense(
            pyarrow.array([0] * rows, pyarrow.int8()),
            pyarrow.array(range(rows), pyarrow.int32()),
            [pyarrow.array(ids, pyarrow.int32()), pyarrow.array([], pyarrow.string())],
        ),
        "list view": pyarrow.array([[i] for i in ids], pyarrow.list_view(pyarrow.int32())),
        "time": pyarrow.array(ids, pyarrow.timestamp("us", "UTC")),
    }


def write_stream(path, sizes, compression):
    empty = columns(0, 0, ["a"])
    fields = [pyarrow.field(name, column.type, metadata={"of": name}) for name, column in empty.items()]
    schema = pyarrow.schema(fields, metadata={"made": "here"})
    first = 0
    with ipc.new_stream(path, schema, options=ipc.IpcWriteOptions(compression=compression)) as stream:
        for number, rows in enumerate(sizes):
            # Dictionaries change from batch to batch: some grow, and some are replaced.
            made = columns(first, rows, ["a", "b"] if number % 2 else ["c", "d", "e"])
            batch = pyarrow.RecordBatch.from_arrays(list(made.values()), schema=schema)
            stream.write_batch(batch, custom_metadata={"number": str(number)})
            first += rows


def write(folder):
    write_stream(f"{folder}/whole.arrows", [ROWS], None)
    write_stream(f"{folder}/cut.arrows", [0, 1, 17, 0, 30, 12], None)
    write_stream(f"{folder}/single.arrows", [1] * ROWS, None)
    write_stream(f"{folder}/lz4.arrows", [25, 35], "lz4")
    write_stream(f"{folder}/zstd.arrows", [25, 35], "zstd")
    with ipc.new_file(f"{folder}/file.arrow", pyarrow.schema([("mean", lists(0, 0).type)])) as file:
        file.write_batch(pyarrow.RecordBatch.from_arrays([lists(0, ROWS)], ["mean"]))
    table = pyarrow.table({"row": [1, 0, 2], "indices": [[0, 2], [1], [1, 0]], "distances": [[1.0, 2.0], [1.0], [0.5, 2.0]]})
    parquet.write_table(table, f"{folder}/neighbors.parquet", row_group_size=2)


def batches(path):
    return list(ipc.open_stream(path).iter_batches_with_custom_metadata())


def compare(before, after, dropped):
    if before.endswith(".arrow"):
        old = [(batch, None) for batch in [ipc.open_file(before).get_batch(0)]]
    else:
        old = batches(before)
    new = batches(after)
    assert len(old) == len(new), (len(old), len(new))
    kept = [name for name in old[0][0].schema.names if name not in dropped]
    if not any("word" in name for name in kept):
        with open(after, "rb") as file:
            assert {message.type for message in ipc.MessageReader.open_stream(file)} == {"schema", "record batch"}
    for (one, metadata), (other, other_metadata) in zip(old, new):
        other.validate(full=True)
        assert metadata == other_metadata, (metadata, other_metadata)
        assert other.select(range(len(kept))).equals(one.select(kept), check_metadata=True), (before, dropped)
    table = pyarrow.Table.from_batches([batch for batch, _ in new])
    added = table.column_names[len(kept) :]
    return {name: table[name].to_pylist() for name in added}


if sys.argv[1] == "--write":
    write(sys.argv[2])
else:
    before, pairs = sys.argv[2:]
    json.dump([compare(before, after, dropped) for after, dropped in json.loads(pairs)], sys.stdout)
