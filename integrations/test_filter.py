"""The process and its checks, without an engine."""

import os
import pickle
import signal
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from conftest import CLI, HERE
from sigma_tsne_filter import Filter, FilterError, VersionError


@pytest.mark.parametrize("rows", [1, 700, 10**6])
def test_cuts_do_not_matter(points, rows):
    table = points.table if rows > 1 else points.table.slice(0, 50)
    placed = pa.Table.from_batches(points.filter().map(table.to_batches(max_chunksize=rows), threads=2))
    if rows > 1:
        points.check(placed)
    else:
        assert placed["x"].equals(points.expected["x"].slice(0, 50))
    assert points.alive() == []


def test_uncertainty_is_that_of_the_row_wherever_it_is_cut(points):
    names = ["displacement", "var_x", "cov_xy", "var_y", "share"]
    table = points.table.slice(0, 1200)
    filters = [points.filter(uncertainty=4), points.filter(uncertainty=4), points.filter(uncertainty=4, seed=7)]
    whole, cut, other = (
        pa.Table.from_batches(chosen.map(rows.to_batches(max_chunksize=size), threads=threads))
        for chosen, rows, size, threads in zip(filters, (table, table.slice(900), table), (1200, 70, 500), (2, 1, 2))
    )
    assert whole.schema.names[4:] == ["x", "y", "divergence", *names]
    for name in names:
        expected = whole[name].combine_chunks()
        assert expected.null_count == 2
        assert np.array_equal(*(np.asarray(part).view(np.uint32) for part in (cut[name].drop_null(), expected[900:].drop_null())))
        assert not other[name].equals(whole[name])
    assert other["x"].equals(whole["x"])


def test_images_are_encoded(model):
    model.check(pa.Table.from_batches(model.filter().map(model.table.to_batches(max_chunksize=7), threads=1)))


def test_no_batches_need_no_process(points):
    assert list(points.filter().map([])) == []


def test_schema_is_known_beforehand(points):
    schema = points.filter(prefix="map_").output_schema(points.table.schema)
    assert schema.names == ["id", "mean", "sigma", "name", "map_x", "map_y", "map_divergence"]


def test_what_is_dropped_does_not_come_out(points, model):
    table = points.table.append_column("name, whole", points.table["name"].dictionary_encode())
    lean = points.filter(drop=["mean", "sigma"])
    placed = pa.Table.from_batches(lean.map(table.to_batches(max_chunksize=700), threads=2))
    assert placed.schema == lean.output_schema(table.schema)
    assert placed.schema.names == ["id", "name", "name, whole", "x", "y", "divergence"]
    assert placed["name, whole"].cast(pa.string()).equals(placed["name"])
    points.check(placed)
    for drop in (["image"], "image"):
        encoded = pa.Table.from_batches(model.filter(drop=drop).map(model.table.to_batches(), threads=1))
        assert encoded.schema.names == ["id", "code", "code_sigma"]
        model.check(encoded)
    assert points.filter(drop=[]).options == points.filter().options
    with pytest.raises(FilterError, match='--drop: there is no column "absent"'):
        points.filter(drop=["name", "absent"]).output_schema(points.table.schema)


def test_a_batch_is_answered_before_the_next_is_asked_for(points):
    batches = points.table.to_batches(max_chunksize=3000)
    with points.filter().start(points.table.schema, threads=1) as process:
        points.check(pa.Table.from_batches([process.exchange(batch) for batch in batches]))


def test_a_consumer_that_stops_early_ends_the_process(points):
    results = points.filter().map(points.table.to_batches(max_chunksize=100), threads=1)
    assert next(results).num_rows == 100
    results.close()
    assert points.alive() == []


def test_a_source_that_fails_is_what_is_raised(points):
    def batches():
        yield from points.table.slice(0, 1000).to_batches(max_chunksize=100)
        raise KeyError("no such part")

    with pytest.raises(KeyError, match="no such part"):
        list(points.filter().map(batches(), threads=1))
    assert points.alive() == []


def test_a_killed_process_is_an_error(points, tmp_path):
    with pytest.raises(FilterError, match="ended by SIGKILL") as caught:
        list(points.mortal(tmp_path).map(points.table.to_batches(max_chunksize=500), threads=1))
    assert caught.value.returncode == -signal.SIGKILL
    assert points.was_killed(tmp_path)
    assert points.alive() == []


def test_standard_error_is_in_the_error(points):
    with pytest.raises(FilterError, match="sigma-tsne place: .*row") as caught:
        list(points.filter(strict=True).map(points.table.to_batches(), threads=1))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.returncode) == (str(caught.value), 1)


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        (["id", "sigma"], {}),
        (["id", "mean"], {}),
        (["id", "mean", "sigma"], {"mean_column": "id"}),
        (["id", "mean", "sigma"], {"mean_column": "absent"}),
    ],
)
def test_wrong_columns_are_refused(points, columns, options):
    with pytest.raises(FilterError, match="exit code 2: sigma-tsne place: .*(mean|sigma|id|absent)"):
        points.filter(**options).output_schema(points.table.select(columns).schema)


def test_a_command_that_is_not_there_is_named(points):
    with pytest.raises(FilterError, match="absent-tsne cannot be run on .*npm package"):
        points.filter(command=["absent-tsne"])


def test_another_file_is_refused(points, tmp_path):
    other = tmp_path / "other.tsne"
    other.write_bytes(points.run.read_bytes() + b"\0")
    with pytest.raises(VersionError, match="another file than on the driver"):
        points.filter().check(str(other))
    with pytest.raises(VersionError, match="cannot be read"):
        points.filter().check(str(tmp_path / "absent.tsne"))


def test_a_run_file_of_another_version_says_so(points, tmp_path):
    content = bytearray(points.run.read_bytes())
    content[8] = 99
    later = tmp_path / "later.tsne"
    later.write_bytes(content)
    with pytest.raises(FilterError, match="version 99"):
        Filter.place(later, command=CLI).output_schema(points.table.schema)


@pytest.mark.parametrize("end", ["sys.exit()", "raise ValueError", "os.kill(os.getpid(), 9)"])
def test_the_process_ends_with_the_interpreter(points, end):
    program = f"""
import itertools, os, sys
import pyarrow.parquet as pq
from sigma_tsne_filter import Filter
batches = pq.read_table({str(points.folder / "codes")!r}).to_batches(max_chunksize=100)
results = Filter.place({str(points.run)!r}, command={CLI!r}).map(itertools.cycle(batches), threads=1)
next(results)
{end}
"""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, timeout=60, capture_output=True, text=True)
    assert done.returncode == {"sys.exit()": 0, "raise ValueError": 1}.get(end, -signal.SIGKILL), done.stderr
    assert points.alive() == []
