"""Arrow record batches through the streaming filters of sigma-tsne: `sigma-tsne place RUN --arrow` and `sigma-tsne encode MODEL --arrow`.

What Apache Spark (`spark/sigma_tsne_spark.py`) and Ray (`ray/sigma_tsne_ray.py`) have in common: what a filter is started with, the
checks that it is the same on every node, and its process, which never outlives what feeds it. Needs pyarrow and, on every node, Node.js with
the npm package. It works without an engine too::

    filter = Filter.place("run.tsne")
    for batch in filter.map(batches):
        ...
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
import signal
import socket
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

#: How the command line is called where nothing else is said: found on the PATH, as `npm install --global sigma-tsne` leaves it.
COMMAND = ("sigma-tsne",)

# A pipe that holds a good part of a batch spares most changes between writer and reader. Linux grants this much to everyone.
_PIPE_BYTES = 2**20
# How long a process may take to end by itself after it has closed its output.
_PATIENCE_SECONDS = 30
# Of standard error, which says in one line what is wrong, as much as an error message can bear.
_STDERR_BYTES = 8192


class FilterError(RuntimeError):
    """A filter process failed; the message ends with what it wrote on standard error.

    `returncode` is that of `subprocess.Popen`: negative where a signal ended the process, None where it could not be started.
    """

    def __init__(self, message: str, returncode: int | None = None):
        super().__init__(message)
        self.returncode = returncode

    def __reduce__(self):
        # Engines carry errors between processes by pickling them.
        return type(self), (self.args[0], self.returncode)


class VersionError(FilterError):
    """A node has another version of the package, or another run or model file, than the driver."""


@dataclass(frozen=True)
class Filter:
    """What a filter is started with. Made on the driver by `Filter.place` or `Filter.encode`, and sent to the nodes as it is.

    version: of the package on the driver, which every node must have too.
    digest: SHA-256 of the run or model file on the driver, which every node must have too.
    dropped: columns that go in and do not come out; all others come out in their order, the new ones after them.
    """

    command: tuple[str, ...]
    subcommand: str
    path: str
    options: tuple[str, ...]
    version: str
    digest: str
    dropped: tuple[str, ...] = ()

    @classmethod
    def place(
        cls,
        run: str | os.PathLike[str],
        *,
        mean_column: str | None = None,
        sigma_column: str | None = None,
        perplexity: float | Sequence[float] | None = None,
        iterations: int | None = None,
        uncertainty: int | None = None,
        seed: int | None = None,
        prefix: str | None = None,
        drop: Sequence[str] = (),
        strict: bool = False,
        command: Sequence[str] = COMMAND,
    ) -> Filter:
        """New points into the embedding of a saved run. Appends the columns x, y (and z) and divergence, float32, null where a row has no position.

        run: the file of `sigma-tsne embed --save`.
        mean_column, sigma_column: lists of as many float32 or float64 as the run has dimensions (default: "mean" and "sigma").
        perplexity: effective number of neighbors (default: that of the run).
        iterations: steps of descent at most (default: 100).
        uncertainty: number of draws from the Gaussian of every row that are placed as well, 2 to 1000; appends displacement, the
            covariance of their positions (var_x, cov_xy, var_y in two dimensions) and share, as `sigma-tsne embed --uncertainty` has them. Default: none.
        seed: of these draws (default: 42).
        prefix: put before the names of the new columns (default: nothing).
        drop: names, without commas, of columns that do not come out again, which saves time (default: none).
        strict: a row with null, NaN or infinity fails the job instead of getting nulls (default: False).
        command: how `sigma-tsne` is called on every node (default: found on the PATH).

        Raises FilterError where `command` cannot be run, OSError where `run` cannot be read.
        """
        options = {
            "mean-column": mean_column,
            "sigma-column": sigma_column,
            "perplexity": perplexity,
            "iterations": iterations,
            "uncertainty": uncertainty,
            "seed": seed,
            "prefix": prefix,
            "strict": strict,
        }
        return cls._create("place", os.path.abspath(run), options, drop, command)

    @classmethod
    def encode(
        cls,
        model: str | os.PathLike[str],
        *,
        image_column: str | None = None,
        draws: int | None = None,
        seed: int | None = None,
        backend: str | None = None,
        prefix: str | None = None,
        drop: Sequence[str] = (),
        strict: bool = False,
        command: Sequence[str] = COMMAND,
    ) -> Filter:
        """Images to codes. Appends the columns code and, for models that have it, code_sigma, lists of float32, null for unusable images.

        model: the folder of a training or of a model, or its file model.safetensors.
        image_column: image files (PNG, JPEG, TIFF, WebP, GIF), as bytes or as structs with bytes, or pixels (default: "image").
        draws: draws of Bayesian weights (default: 32).
        seed: of these draws (default: 42).
        backend, prefix, drop, strict, command: as for the command line, and for `place`.

        Raises FilterError where `command` cannot be run, OSError where there is no model.
        """
        folder = os.path.abspath(model)
        candidates = [os.path.join(folder, "model.safetensors"), os.path.join(folder, "model", "model.safetensors"), folder]
        options = {
            "image-column": image_column,
            "draws": draws,
            "seed": seed,
            "backend": backend,
            "prefix": prefix,
            "strict": strict,
        }
        return cls._create("encode", next(filter(os.path.isfile, candidates), folder), options, drop, command)

    @classmethod
    def _create(
        cls, subcommand: str, path: str, options: dict[str, object], drop: Sequence[str], command: Sequence[str]
    ) -> Filter:
        called = tuple(command)
        dropped = (drop,) if isinstance(drop, str) else tuple(drop)
        named = {**options, "drop": dropped or None}
        flags = tuple(itertools.chain.from_iterable(_flag(name, value) for name, value in named.items()))
        return cls(called, subcommand, path, flags, read_version(called), _digest_now(path), dropped)

    def check(self, path: str | None = None) -> None:
        """Raises VersionError where this machine has another version of the package, or another file, than the driver.

        path: the run or model on this machine (default: the same as on the driver).
        """
        version = read_version(self.command)
        here = socket.gethostname()
        if version != self.version:
            raise VersionError(
                f"sigma-tsne on {here} is version {version}, that of the driver is {self.version}: "
                "install the same version on all nodes, or the same rows get different results"
            )
        place = path or self.path
        try:
            digest = _digest_now(place)
        except OSError as cause:
            raise VersionError(f"{place} cannot be read on {here}: {cause.strerror}") from cause
        if digest != self.digest:
            raise VersionError(
                f"{place} on {here} is another file than on the driver (SHA-256 {digest[:12]}..., that of the driver {self.digest[:12]}...): "
                "all nodes need the same version of it"
            )

    def output_schema(self, schema: pa.Schema) -> pa.Schema:
        """The schema of what comes out where batches of `schema` go in. Raises FilterError where its columns do not suit."""
        with self.start(schema, threads=1) as process:
            with contextlib.suppress(BrokenPipeError):
                process.finish()
            output = process.schema()
            process.read()
            return output

    def start(self, schema: pa.Schema, *, path: str | None = None, threads: int | None = None) -> FilterProcess:
        """Starts a process that takes batches of `schema`.

        path: the run or model on this machine (default: the same as on the driver).
        threads: that it computes with (default: all processors).
        """
        arguments = [*self.command, self.subcommand, path or self.path, "--arrow", "--quiet", *self.options]
        if threads is not None:
            arguments += ["--threads", str(threads)]
        return FilterProcess(arguments, schema)

    def map(
        self, batches: Iterable[pa.RecordBatch], *, path: str | None = None, threads: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Batches through one process: each comes out with its rows in their order, and the new columns.

        The process is fed from a thread while its results are read, so neither side waits for the other; at most a few batches are on
        their way. It is started with the first batch, and ends with the iterator, however that ends.

        batches: of one schema. They are read in another thread.
        path, threads: see `start`.

        Raises FilterError where the process fails, and whatever reading `batches` raises.
        """
        source = iter(batches)
        first = next(source, None)
        if first is None:
            return
        with self.start(first.schema, path=path, threads=threads) as process:
            feeder = _Feeder(process, itertools.chain([first], source))
            feeder.start()
            rows = 0
            try:
                while (batch := process.read()) is not None:
                    rows += batch.num_rows
                    yield batch
            except FilterError:
                if feeder.error is not None:
                    raise feeder.error
                raise
            feeder.join()
            if feeder.error is not None:
                raise feeder.error
            if rows != feeder.rows:
                raise FilterError(f"{self.subcommand}: {feeder.rows} rows went in and {rows} came out", 0)


class FilterProcess:
    """A running filter: batches are written to it and read from it. A context that ends it.

    The process cannot outlive its feeder: it is ended by the context, by the garbage collector and at the exit of the interpreter; and
    where the interpreter itself is killed, its pipes close, at which the filter stops.
    """

    def __init__(self, arguments: Sequence[str], schema: pa.Schema):
        self._errors = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                pipesize=_PIPE_BYTES,
            )
        except OSError as cause:
            self._errors.close()
            raise _cannot_run(arguments, cause) from cause
        self.end = weakref.finalize(self, _end, self._process, self._errors)
        self._writer = None
        self._reader = None
        self._schema = schema

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> FilterProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def kill(self) -> None:
        """Ends the process while others may wait for it, who learn of it. `end` also lets go of what it held."""
        self._process.kill()

    def exchange(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch in, the same rows with the new columns out. Raises FilterError."""
        with contextlib.suppress(BrokenPipeError):
            self.write(batch)
        answer = self.read()
        if answer is None or answer.num_rows != batch.num_rows:
            raise FilterError(f"{batch.num_rows} rows went in and {answer.num_rows if answer else 0} came out", 0)
        return answer

    def write(self, batch: pa.RecordBatch) -> None:
        """Hands a batch over; waits where the process is busy. Raises BrokenPipeError where it has ended: `read` knows why."""
        self._start_stream()
        self._writer.write_batch(batch)
        self._process.stdin.flush()

    def finish(self) -> None:
        """Says that no more batches come. Raises BrokenPipeError where the process has ended."""
        self._start_stream()
        self._writer.close()
        self._process.stdin.close()

    def _start_stream(self) -> None:
        if self._writer is None:
            self._writer = pa.ipc.new_stream(self._process.stdin, self._schema)

    def schema(self) -> pa.Schema:
        """The schema of what comes out. Raises FilterError."""
        if self._reader is None:
            try:
                self._reader = pa.ipc.open_stream(self._process.stdout)
            except (pa.ArrowException, OSError, ValueError) as cause:
                raise self.failure() from cause
        return self._reader.schema

    def read(self) -> pa.RecordBatch | None:
        """The next batch, for which it waits; None after the last. Raises FilterError."""
        self.schema()
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            if self._wait() != 0:
                raise self.failure() from None
            return None
        except (pa.ArrowException, OSError, ValueError) as cause:
            raise self.failure() from cause

    def failure(self) -> FilterError:
        """Why there is no more to read."""
        code = self._wait()
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _STDERR_BYTES))
        text = self._errors.read().decode(errors="replace").strip()
        end = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        arguments = " ".join(self._process.args)
        return FilterError(f"{arguments} on {socket.gethostname()} {end}: {text or 'it said nothing'}", code)

    def _wait(self) -> int:
        # A process that does not end after its output has ended is not the filter itself: a wrapper that hangs, for example.
        try:
            return self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class _Feeder(threading.Thread):
    """Writes batches to a process until there are no more, or the process has ended."""

    def __init__(self, process: FilterProcess, batches: Iterable[pa.RecordBatch]):
        # A thread that waits for a batch must not keep the interpreter from ending.
        super().__init__(name="sigma-tsne feeder", daemon=True)
        self._process = process
        self._batches = batches
        self.rows = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            for batch in self._batches:
                self._process.write(batch)
                self.rows += batch.num_rows
            self._process.finish()
        except BrokenPipeError:
            pass  # The process has ended; whoever reads from it learns why.
        except BaseException as error:
            self.error = error
            # Closing its input would be an end like any other, and what has come so far would pass for the whole.
            self._process.kill()


def read_version(command: Sequence[str] = COMMAND) -> str:
    """The version of the package that `command` runs on this machine. Raises FilterError if it cannot be run."""
    return _version(tuple(command))


@functools.lru_cache
def _version(command: tuple[str, ...]) -> str:
    arguments = [*command, "--version"]
    try:
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as cause:
        raise _cannot_run(arguments, cause) from cause
    if done.returncode != 0:
        raise FilterError(
            f"{' '.join(arguments)} on {socket.gethostname()} ended with exit code {done.returncode}: {done.stderr.strip()}",
            done.returncode,
        )
    return done.stdout.strip()


def _digest_now(path: str) -> str:
    # A process that serves many tasks computes it once, and again where the file has changed.
    status = os.stat(path)
    return _digest(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache
def _digest(path: str, _modified: int, _size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flag(name: str, value: object) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [f"--{name}"]
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = ",".join(map(str, value))
    # One word, so that a value that begins with a dash is not read as an option.
    return [f"--{name}={value}"]


def _cannot_run(arguments: Sequence[str], cause: OSError) -> FilterError:
    return FilterError(
        f"{arguments[0]} cannot be run on {socket.gethostname()}: {cause.strerror}; install the npm package sigma-tsne there, or say how "
        "it is called with `command`"
    )


def _end(process: subprocess.Popen, errors) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdout, process.stdin, errors):
        try:
            stream.close()
        except OSError:
            pass  # Nobody needs the rest of the output.
