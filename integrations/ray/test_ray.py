"""Two actors, each a process of its own, on Parquet files."""

import os
import shutil

import pyarrow.parquet as pq
import pytest
import ray
import ray.data
from ray.exceptions import RayError

from conftest import HERE
from sigma_tsne_filter import FilterError
from sigma_tsne_ray import FilterActor, map_batches


@pytest.fixture(scope="module", autouse=True)
def cluster():
    # Workers are as nice as their driver: on a busy machine, Ray's 15 steps more make it wait for minutes.
    os.environ |= {
        "PYTHONPATH": f"{HERE}:{HERE / 'ray'}",
        "RAY_worker_niceness": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }
    # The number of processors that Ray assumes: two for the actors, the others for the tasks that feed them.
    ray.init(
        num_cpus=4,
        include_dashboard=False,
        object_store_memory=200 * 2**20,
        _node_ip_address="127.0.0.1",
        log_to_driver=False,
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture
def dataset(points):
    return ray.data.read_parquet(str(points.folder / "codes"), override_num_blocks=8)


def placed(dataset, filter, folder):
    map_batches(dataset, filter, workers=2, batch_size=500).write_parquet(str(folder / "embedding"))
    return pq.read_table(folder / "embedding")


def test_parquet_to_parquet(dataset, points, tmp_path):
    points.check(placed(dataset, points.filter(), tmp_path))
    assert points.alive() == []


def test_images_are_encoded(model, tmp_path):
    images = ray.data.read_parquet(str(model.folder / "images.parquet"))
    encoded = placed(images, model.filter(drop=["image"]), tmp_path)
    assert encoded.schema.names == ["id", "code", "code_sigma"]
    model.check(encoded)


def test_a_killed_filter(dataset, points, tmp_path):
    points.check(placed(dataset, points.mortal(tmp_path), tmp_path))
    assert points.was_killed(tmp_path)
    assert points.alive() == []


def test_a_killed_worker(dataset, points, tmp_path):
    points.check(placed(dataset, points.mortal(tmp_path, "ray::"), tmp_path))
    assert points.was_killed(tmp_path)
    assert points.alive() == []


def test_a_consumer_that_stops_early(dataset, points):
    rows = map_batches(dataset, points.filter(), workers=2, batch_size=100).take(3)
    assert [set(row) for row in rows] == [{"id", "mean", "sigma", "name", "x", "y", "divergence"}] * 3
    assert points.alive() == []


def test_wrong_columns(dataset, points):
    with pytest.raises(RayError, match="sigma-tsne place: .*mean"):
        map_batches(dataset.drop_columns(["mean"]), points.filter(), workers=2).materialize()
    assert points.alive() == []


def test_standard_error_is_in_the_error_of_the_job(dataset, points):
    with pytest.raises(RayError, match="sigma-tsne place: .*row"):
        map_batches(dataset, points.filter(strict=True), workers=2).materialize()
    assert points.alive() == []


def test_a_node_of_another_version(dataset, points, tmp_path):
    with pytest.raises(RayError, match="is version 9.9.9, that of the driver is 0"):
        map_batches(dataset, points.other_version(tmp_path), workers=2).materialize()


def test_a_node_with_another_run(dataset, points, tmp_path):
    run = tmp_path / "moved.tsne"
    shutil.copy(points.run, run)
    filter = type(points)(points.folder, run, points.table, points.expected).filter()
    run.write_bytes(run.read_bytes() + b"\0")
    with pytest.raises(RayError, match="another file than on the driver"):
        map_batches(dataset, filter, workers=2).materialize()


def test_tables_without_rows_and_of_other_columns(points):
    actor = FilterActor(points.filter())
    table = points.table
    assert actor(table.slice(0, 0)).column_names == [*table.column_names, "x", "y", "divergence"]
    narrow = actor(table.select(["mean", "sigma"]).slice(0, 10))
    assert narrow["x"].equals(points.expected["x"].slice(0, 10))
    with pytest.raises(FilterError, match="mean"):
        actor(table.drop(["mean"]))
    assert actor(table.slice(0, 10))["x"].equals(narrow["x"])
    del actor
    assert points.alive() == []
