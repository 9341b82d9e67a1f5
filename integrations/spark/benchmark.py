"""How many rows per second are placed: by one filter process with one thread, and by Spark on one worker and on two, measured in turn.

npm run bench:spark -- --help
"""

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "integrations"), str(ROOT / "integrations" / "spark")]

from sigma_tsne_filter import Filter  # noqa: E402
from sigma_tsne_spark import map_in_arrow  # noqa: E402

CLI = [shutil.which("node"), str(ROOT / "dist" / "cli.js")]
FILES = 24


def make_data(folder: Path, fitted: int, rows: int, dimensions: int) -> tuple[Path, Path]:
    """An embedding of `fitted` points of a mixture of 20 Gaussians, and a folder of Parquet files with `rows` others."""
    random = np.random.default_rng(42)
    centers = random.normal(scale=4, size=(20, dimensions))

    def draw(count):
        sigma = random.uniform(0.1, 1, size=(count, dimensions)).astype(np.float32)
        mean = centers[random.integers(len(centers), size=count)] + random.normal(size=sigma.shape)
        return mean.astype(np.float32), sigma

    for name, matrix in zip(("mean", "sigma"), draw(fitted)):
        np.save(folder / f"{name}.npy", matrix)
    run = folder / "map.tsne"
    fit = ["embed", "mean.npy", "--sigma", "sigma.npy", "-o", "map.npy", "--save", run.name, "--quiet"]
    subprocess.run([*CLI, *fit], cwd=folder, check=True)

    codes = folder / "codes"
    codes.mkdir()
    for part in range(FILES):
        ids = np.arange(rows * part // FILES, rows * (part + 1) // FILES)
        mean, sigma = (pa.FixedSizeListArray.from_arrays(matrix.ravel(), dimensions) for matrix in draw(len(ids)))
        pq.write_table(pa.table({"id": ids, "mean": mean, "sigma": sigma}), codes / f"{part}.parquet")
    return run, codes


def measure_filter(filter: Filter, codes: Path) -> dict[str, float]:
    """One process with one thread: seconds of the clock, and of the processor, which a busy machine lengthens less."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    batches = (batch for file in sorted(codes.iterdir()) for batch in pq.ParquetFile(file).iter_batches(10_000))
    rows = sum(batch.num_rows for batch in filter.map(batches, threads=1))
    seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpuSeconds": cpu, "rowsPerSecond": rows / seconds, "rowsPerCpuSecond": rows / cpu}


def measure_spark(workers: int, filter: Filter, codes: Path, output: Path) -> float:
    """Seconds from Parquet to Parquet, after a first job that starts the workers' interpreters."""
    spark = (
        SparkSession.builder.master(f"local-cluster[{workers},1,1024]")
        .config("spark.driver.memory", "512m")
        .config("spark.executor.memory", "1g")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config(
            "spark.submit.pyFiles",
            f"{ROOT}/integrations/sigma_tsne_filter.py,{ROOT}/integrations/spark/sigma_tsne_spark.py",
        )
        # One task per file: equal shares for one worker and for two.
        .config("spark.sql.files.minPartitionNum", FILES)
        .config("spark.sql.files.openCostInBytes", "128m")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    try:
        placed = map_in_arrow(spark.read.parquet(str(codes)), filter)
        warm = spark.read.parquet(str(codes)).limit(1000).repartition(4)
        map_in_arrow(warm, filter).write.format("noop").mode("overwrite").save()
        begin = time.perf_counter()
        placed.write.mode("overwrite").parquet(str(output))
        return time.perf_counter() - begin
    finally:
        application = spark.sparkContext.applicationId
        spark.stop()
        shutil.rmtree(Path(pyspark.__file__).parent / "work" / application, ignore_errors=True)


def describe_machine() -> dict[str, object]:
    with open("/proc/cpuinfo") as file:
        cpu = next(
            (line.partition(":")[2].strip() for line in file if line.startswith("model name")), platform.machine()
        )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}"
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memoryGib": round(memory, 1),
        "system": system,
        "load": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=480_000, help="that are placed (default: 480000)")
    parser.add_argument("--fitted", type=int, default=10_000, help="points of the embedding (default: 10000)")
    parser.add_argument("--dimensions", type=int, default=32, help="of the data (default: 32)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="of one worker and two; 0 measures the filter alone (default: 3)"
    )
    parser.add_argument("--output", type=Path, help="JSON file for the record (default: none)")
    flags = parser.parse_args()

    machine = describe_machine()
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost"}
    with tempfile.TemporaryDirectory(prefix="sigma-tsne-spark-") as name:
        folder = Path(name)
        run, codes = make_data(folder, flags.fitted, flags.rows, flags.dimensions)
        filter = Filter.place(run, command=CLI)
        alone = measure_filter(filter, codes)
        print(
            f"One process, one thread: {alone['rowsPerSecond']:,.0f} rows/s, {alone['rowsPerCpuSecond']:,.0f} rows per second of a core.",
            flush=True,
        )
        rounds = []
        for _ in range(flags.rounds):
            one, two = (measure_spark(workers, filter, codes, folder / "embedding") for workers in (1, 2))
            rounds.append({"oneWorker": one, "twoWorkers": two, "ratio": one / two})
            print(f"Spark: one worker {one:.1f} s, two {two:.1f} s, {one / two:.2f} times as fast.", flush=True)
    ratio = statistics.median(each["ratio"] for each in rounds) if rounds else None
    if ratio is not None:
        print(
            f"Two workers are {ratio:.2f} times as fast as one, the median of {len(rounds)}; load before: {machine['load']}."
        )
    if flags.output is not None:
        record = {
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "machine": machine,
            "versions": {
                "sigma-tsne": filter.version,
                "pyspark": pyspark.__version__,
                "pyarrow": pa.__version__,
                "python": platform.python_version(),
            },
            "settings": {"rows": flags.rows, "fitted": flags.fitted, "dimensions": flags.dimensions, "sigma": True},
            "filter": alone,
            "spark": rounds,
            "ratio": ratio,
        }
        part = flags.output.with_suffix(".part")
        part.write_text(json.dumps(record, indent=2) + "\n")
        part.replace(flags.output)


main()
