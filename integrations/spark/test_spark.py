"""A driver and two executors, each a process of its own, on Parquet files."""

import os
import shutil
import sys
import threading
import time
from pathlib import Path

import pyarrow.parquet as pq
import pyspark
import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from conftest import HERE
from sigma_tsne_filter import FilterError
from sigma_tsne_spark import map_in_arrow


@pytest.fixture(scope="module")
def spark():
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost"}
    # Programs as short as these do not live to see what they are compiled for.
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    session = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.driver.memory", "512m")
        .config("spark.executor.memory", "1g")
        .config("spark.driver.extraJavaOptions", quick)
        .config("spark.executor.extraJavaOptions", quick)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.task.maxFailures", 2)
        .config("spark.sql.shuffle.partitions", 4)
        .config("spark.submit.pyFiles", f"{HERE / 'sigma_tsne_filter.py'},{HERE / 'spark' / 'sigma_tsne_spark.py'}")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 500)
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    application = session.sparkContext.applicationId
    session.stop()
    shutil.rmtree(Path(pyspark.__file__).parent / "work" / application, ignore_errors=True)


@pytest.fixture
def frame(spark, points):
    return spark.read.parquet(str(points.folder / "codes")).repartition(4)


def placed(frame, filter, folder: Path):
    map_in_arrow(frame, filter).write.parquet(str(folder / "embedding"))
    return pq.read_table(folder / "embedding")


def test_parquet_to_parquet(frame, points, tmp_path):
    points.check(placed(frame, points.filter(), tmp_path))
    assert points.alive() == []


def test_images_are_encoded(spark, model, tmp_path):
    images = spark.read.parquet(str(model.folder / "images.parquet")).repartition(2)
    encoded = placed(images, model.filter(drop=["image"]), tmp_path)
    assert encoded.schema.names == ["id", "code", "code_sigma"]
    model.check(encoded)


def test_a_killed_filter(frame, points, tmp_path):
    points.check(placed(frame, points.mortal(tmp_path), tmp_path))
    assert points.was_killed(tmp_path)
    assert points.alive() == []


def test_a_killed_executor(frame, points, tmp_path):
    points.check(placed(frame, points.mortal(tmp_path, "CoarseGrainedExecutorBackend"), tmp_path))
    assert points.was_killed(tmp_path)
    assert points.alive() == []


def test_a_consumer_that_stops_early(frame, points):
    rows = map_in_arrow(frame, points.filter()).take(3)
    assert [set(row.asDict()) for row in rows] == [{"id", "mean", "sigma", "name", "x", "y", "divergence"}] * 3
    assert points.alive() == []


def test_a_canceled_job(spark, frame, points):
    def cancel():
        while len(points.running()) < 2:
            time.sleep(0.1)
        spark.sparkContext.cancelAllJobs()

    many = frame.crossJoin(spark.range(1000)).drop("id")
    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(Py4JJavaError, match="(?i)cancel"):
        map_in_arrow(many, points.filter()).write.format("noop").mode("overwrite").save()
    canceller.join()
    assert points.alive() == []


def test_wrong_columns_fail_before_the_job(frame, points):
    with pytest.raises(FilterError, match="mean"):
        map_in_arrow(frame.drop("mean"), points.filter())


def test_standard_error_is_in_the_error_of_the_task(frame, points):
    with pytest.raises(PySparkException, match="sigma-tsne place: .*row"):
        map_in_arrow(frame, points.filter(strict=True)).write.format("noop").mode("overwrite").save()
    assert points.alive() == []


def test_a_node_of_another_version(frame, points, tmp_path):
    with pytest.raises(PySparkException, match="is version 9.9.9, that of the driver is 0"):
        map_in_arrow(frame, points.other_version(tmp_path)).collect()


def test_a_node_with_another_run(frame, points, tmp_path):
    run = tmp_path / "moved.tsne"
    shutil.copy(points.run, run)
    filter = type(points)(points.folder, run, points.table, points.expected).filter()
    frame = map_in_arrow(frame, filter, distribute=False)
    run.write_bytes(run.read_bytes() + b"\0")
    with pytest.raises(PySparkException, match="another file than on the driver"):
        frame.collect()
