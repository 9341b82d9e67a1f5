"""Points and images of a Ray dataset through sigma-tsne: positions in a saved embedding, or codes of a model.

    from sigma_tsne_filter import Filter
    from sigma_tsne_ray import map_batches

    placed = map_batches(ray.data.read_parquet("codes"), Filter.place("run.tsne"), workers=2)
    placed.write_parquet("embedding")

Workers need this file and sigma_tsne_filter.py (`py_modules` of the runtime environment), the packages of requirements.txt, and the npm
package.
"""

from __future__ import annotations

import pyarrow as pa
import ray.data

from sigma_tsne_filter import Filter, FilterError, FilterProcess


def map_batches(
    dataset: ray.data.Dataset,
    filter: Filter,
    *,
    workers: int,
    threads: int = 1,
    path: str | None = None,
    batch_size: int | None = 4096,
) -> ray.data.Dataset:
    """The rows of `dataset` without the columns that `filter` drops, and with those that it appends.

    Every worker is an actor that keeps one filter process. Where an actor or its node dies, Ray starts another and repeats its batches;
    where the process alone is killed, the actor does so. A row's result depends on that row alone, so it is the same wherever and however
    often it is computed. Any other failure fails the job with what the process wrote on standard error.

    dataset: lists of float32 or float64 for mean and sigma, or bytes for images; other columns pass through.
    filter: made on the driver by `Filter.place` or `Filter.encode`.
    workers: actors.
    threads: of each actor's process, and the processors that Ray sets aside for it.
    path: of the run or model on the nodes (default: the same as on the driver). A relative one is taken from the working directory of the
        runtime environment.
    batch_size: rows that are handed over at a time; None for whole blocks.
    """
    return dataset.map_batches(
        FilterActor,
        fn_constructor_args=(filter, path, threads),
        batch_format="pyarrow",
        batch_size=batch_size,
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=threads,
    )


class FilterActor:
    """Keeps a filter process and sends tables through it. Raises VersionError where its node has another version or file."""

    def __init__(self, filter: Filter, path: str | None = None, threads: int = 1):
        filter.check(path)
        self._filter = filter
        self._path = path
        self._threads = threads
        self._process: FilterProcess | None = None
        self._schema: pa.Schema | None = None

    def __call__(self, table: pa.Table) -> pa.Table:
        # A stream has one schema; Ray's blocks need not agree on theirs.
        if table.schema != self._schema:
            self._stop()
            self._schema = table.schema
        empty = pa.RecordBatch.from_pylist([], schema=table.schema)
        batches = table.combine_chunks().to_batches() or [empty]
        return pa.Table.from_batches([self._exchange(batch) for batch in batches])

    def _exchange(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        for attempt in (1, 2):
            if self._process is None:
                self._process = self._filter.start(batch.schema, path=self._path, threads=self._threads)
            try:
                return self._process.exchange(batch)
            except FilterError as error:
                self._stop()
                was_killed = error.returncode is not None and error.returncode < 0
                if not was_killed or attempt == 2:
                    raise

    def _stop(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
