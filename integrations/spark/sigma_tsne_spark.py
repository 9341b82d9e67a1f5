"""Points and images of a Spark DataFrame through sigma-tsne: positions in a saved embedding, or codes of a model.

    from sigma_tsne_filter import Filter
    from sigma_tsne_spark import map_in_arrow

    placed = map_in_arrow(spark.read.parquet("codes"), Filter.place("run.tsne"))
    placed.write.parquet("embedding")

Executors need this file and sigma_tsne_filter.py (`--py-files`), the packages of requirements.txt, and the npm package.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pyarrow as pa
from pyspark import SparkFiles, TaskContext
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
from pyspark.sql.types import StructType

from sigma_tsne_filter import Filter


def map_in_arrow(frame: DataFrame, filter: Filter, *, distribute: bool = True) -> DataFrame:
    """The rows of `frame` in their order, without the columns that `filter` drops, and with those that it appends.

    Every task runs one filter process with as many threads as it has cores (`spark.task.cpus`). A task whose process fails, fails with what
    the process wrote on standard error, and Spark tries it again; a row's result depends on that row alone, so it is the same wherever and
    however often it is computed.

    frame: lists of float or double (`array<float>`) for mean and sigma, or `binary` for images; other columns pass through.
    filter: made on the driver by `Filter.place` or `Filter.encode`.
    distribute: send the run or model to the executors with `SparkContext.addFile`, which keeps the first file of a name for as long as
        the session lasts; otherwise every node finds it under the path that the driver has it at. Either way a node with another file,
        or another version of the package, fails the task.

    Raises FilterError, here and now, where the columns do not suit.
    """
    schema = frame.schema
    output = filter.output_schema(to_arrow_schema(schema))
    kept = [field for field in schema if field.name not in filter.dropped]
    appended = from_arrow_schema(pa.schema(list(output)[len(kept) :]))
    if distribute:
        frame.sparkSession.sparkContext.addFile(filter.path)
    return frame.mapInArrow(_task(filter, distribute), StructType([*kept, *appended]))


def _task(filter: Filter, distribute: bool):
    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        path = SparkFiles.get(os.path.basename(filter.path)) if distribute else filter.path
        filter.check(path)
        for batch in filter.map(batches, path=path, threads=TaskContext.get().cpus()):
            yield _with_lists(batch)

    return run


def _with_lists(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Spark knows no lists of fixed size."""
    fields = [
        field.with_type(pa.list_(field.type.value_type)) if pa.types.is_fixed_size_list(field.type) else field
        for field in batch.schema
    ]
    return batch.cast(pa.schema(fields))
