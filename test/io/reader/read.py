"""Prints the content of a file as JSON, as pandas, DuckDB, pyarrow and anndata read it; or writes files with them:
python read.py FILE | --write FOLDER
"""

import json
import os
import sys

import anndata
import duckdb
import numpy
import pandas
import pyarrow
import scipy.io
import scipy.sparse
from pyarrow import feather, ipc, parquet


def show(values):
    return [None if value is None or value != value else value for value in values]


def columns(names, types, values):
    return [[name, str(kind), show(column)] for name, kind, column in zip(names, types, values)]


def from_arrow(table):
    return columns(table.column_names, table.schema.types, [column.to_pylist() for column in table.columns])


def from_pandas(frame):
    return columns(frame.columns, frame.dtypes, [frame[name].tolist() for name in frame.columns])


def from_duckdb(relation):
    rows = relation.fetchall()
    return columns(relation.columns, relation.types, zip(*rows) if rows else [[] for _ in relation.columns])


def write(folder):
    frame = pandas.DataFrame(
        {
            "x": [0.5, None, 2.0],
            "n": pandas.array([1, 2, 2**40], dtype="int64"),
            "small": pandas.array([1, 2, 3], dtype="int16"),
            "yes": [True, False, True],
            "word": ["a", "ü", None],
            "kind": pandas.Categorical(["u", "v", "u"]),
        }
    )
    frame.to_feather(f"{folder}/pandas.feather")
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    feather.write_feather(table, f"{folder}/zstd.feather", compression="zstd")
    feather.write_feather(table, f"{folder}/plain.feather", compression="uncompressed")
    # The table is long enough for several LZ4 blocks that refer to each other.
    many = pyarrow.table({"i": pyarrow.array([i // 100 for i in range(200_000)], pyarrow.int32())})
    feather.write_feather(many, f"{folder}/many.feather", compression="lz4")
    with ipc.new_stream(f"{folder}/stream.arrows", table.schema) as stream:
        stream.write_table(table, max_chunksize=2)
    for codec in ("snappy", "gzip", "zstd", "lz4", "brotli", "none"):
        parquet.write_table(table, f"{folder}/{codec}.parquet", compression=codec, row_group_size=2)
    write_arrays(folder)
    duckdb.sql(f"COPY (SELECT 1.5::FLOAT AS x, 'a' AS word, 7 AS n) TO '{folder}/duckdb.parquet' (FORMAT parquet)")


def write_arrays(folder):
    """Writes the same points as NumPy archives, MATLAB files, AnnData files and JSON lines."""
    means = numpy.arange(36).reshape(12, 3) / 4
    sigma = numpy.full_like(means, 0.5)
    labels = numpy.array(["a", "b", "ü"] * 4)
    arrays = {"means": means, "sigma": sigma, "labels": labels}
    numpy.savez(f"{folder}/stored.npz", **arrays)
    numpy.savez_compressed(f"{folder}/deflated.npz", **{**arrays, "means": numpy.asfortranarray(means)})
    for name, is_compressed in ("plain.mat", False), ("compressed.mat", True):
        matrices = {"means": means, "sigma": sigma, "labels": numpy.arange(12) % 3}
        scipy.io.savemat(f"{folder}/{name}", matrices, do_compression=is_compressed)
    cells = [f"cell{i}" for i in range(12)]
    obs = pandas.DataFrame({"label": pandas.Categorical(labels), "age": numpy.arange(12)}, index=cells)
    for name, x in ("dense", means), ("csr", scipy.sparse.csr_matrix(means)), ("csc", scipy.sparse.csc_matrix(means)):
        anndata.AnnData(x, obs).write_h5ad(f"{folder}/{name}.h5ad", compression="gzip")
    other = anndata.AnnData(means[:, :1], obs)
    other.obsm["X_pca"] = means
    other.write_h5ad(f"{folder}/pca.h5ad")
    frame = pandas.DataFrame(means, columns=["u", "v", "w"]).assign(label=labels)
    frame.to_json(f"{folder}/lines.jsonl", orient="records", lines=True)
    frame.to_json(f"{folder}/array.json.gz", orient="records", indent=2)
    frame.to_csv(f"{folder}/table.csv.gz", index=False)
    frame.to_csv(f"{folder}/utf16.csv", index=False, encoding="utf-16")
    frame.to_parquet(f"{folder}/partitioned", partition_cols=["label"])


def read(path):
    if path.endswith(".h5ad"):
        read = anndata.read_h5ad(path)
        return {"anndata": [["X_tsne", str(read.obsm["X_tsne"].dtype), read.obsm["X_tsne"].tolist()]]}
    if path.endswith(".parquet"):
        return {
            "pyarrow": from_arrow(parquet.read_table(path)),
            "pandas": from_pandas(pandas.read_parquet(path)),
            "duckdb": from_duckdb(duckdb.read_parquet(path)),
        }
    if path.endswith(".csv"):
        return {"pandas": from_pandas(pandas.read_csv(path)), "duckdb": from_duckdb(duckdb.read_csv(path))}
    if path.endswith(".arrows"):
        table = ipc.open_stream(path).read_all()
    else:
        table = ipc.open_file(path).read_all()
    frame = table.to_pandas() if path.endswith(".arrows") else pandas.read_feather(path)
    return {
        "pyarrow": from_arrow(table),
        "duckdb": from_duckdb(duckdb.from_arrow(table)),
        "pandas": from_pandas(frame),
    }


if sys.argv[1] == "--write":
    write(sys.argv[2])
else:
    json.dump(read(sys.argv[1]), sys.stdout)
# End the process without Python's cleanup, during which threads of the libraries can fail.
sys.stdout.flush()
os._exit(0)
