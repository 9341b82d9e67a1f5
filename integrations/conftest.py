"""Points with standard deviations, an embedding of some of them, and the positions that one process of sigma-tsne gives the others."""

import gc
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HERE = Path(__file__).parent
CLI = [shutil.which("node"), str(HERE.parent / "dist" / "cli.js")]
FITTED = 600
ROWS = 12_000
DIMENSIONS = 6

sys.path[:0] = [str(HERE), str(HERE / "spark"), str(HERE / "ray")]

from sigma_tsne_filter import Filter  # noqa: E402

# A filter that is killed when so much of its output has been passed on, together with the nearest process above it whose command line holds
# VICTIM, if any. Only the first time: the folder FLAG says that it has happened, and to which process.
MORTAL = """
import os, signal, subprocess, sys
from pathlib import Path

flag, victim, *command = sys.argv[1:]
if "--version" in command or os.path.exists(flag):
    os.execv(command[0], command)

process = subprocess.Popen(command, stdout=subprocess.PIPE)
start = process.stdout.read(40_000)
sys.stdout.buffer.write(start)
sys.stdout.buffer.flush()
try:
    if len(start) < 40_000:
        raise FileExistsError
    os.mkdir(flag)
except FileExistsError:
    while piece := process.stdout.read1():
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    sys.exit(process.wait())
process.kill()
pid = os.getpid()
while victim and victim not in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\\0", b" ").decode():
    pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
Path(flag, str(pid)).touch()
os.kill(pid, signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass
class Points:
    """Rows in Parquet files, some of them unusable, and what is to become of them."""

    folder: Path
    run: Path
    table: pa.Table
    expected: pa.Table

    def filter(self, **options) -> Filter:
        return Filter.place(self.run, **{"command": CLI, **options})

    def mortal(self, folder: Path, victim: str = "") -> Filter:
        """A filter that is killed in the middle, together with the process above it that is called `victim`; the first time."""
        script = folder / "mortal.py"
        script.write_text(MORTAL)
        return self.filter(command=[sys.executable, str(script), str(folder / "killed"), victim, *CLI])

    @staticmethod
    def was_killed(folder: Path) -> bool:
        """Whether `mortal` has found its victim, and the victim is no more."""
        return [(Path("/proc") / pid.name).exists() for pid in (folder / "killed").iterdir()] == [False]

    def other_version(self, folder: Path) -> Filter:
        """A filter that is of another version wherever it is not called by this process."""
        script = folder / "sigma-tsne"
        script.write_text(
            f'#!/bin/sh\nif [ "$1" = --version ] && [ $PPID != {os.getpid()} ]; then echo 9.9.9; else exec {" ".join(CLI)} "$@"; fi\n'
        )
        script.chmod(0o755)
        return self.filter(command=[str(script)])

    def check(self, placed: pa.Table) -> None:
        """Every row once, with what it held, and bit for bit the positions of the single process."""
        placed = placed.sort_by("id")
        assert placed["id"].to_pylist() == self.table["id"].to_pylist()
        assert placed["name"].to_pylist() == self.table["name"].to_pylist()
        for name in ("x", "y", "divergence"):
            column, expected = placed[name].combine_chunks(), self.expected[name].combine_chunks()
            assert column.type == pa.float32()
            assert column.is_null().equals(expected.is_null())
            bits = [np.asarray(values.drop_null()).view(np.uint32) for values in (column, expected)]
            assert np.array_equal(*bits)

    def alive(self) -> list[int]:
        """The filter processes of this run; waits until all have ended, or for some seconds."""
        for _ in range(150):
            if not self.running():
                break
            # The traceback of a failed job is a ring of references that holds Ray's actors until it is collected.
            gc.collect()
            time.sleep(0.1)
        return self.running()

    def running(self) -> list[int]:
        """The filter processes of this run, now."""
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and self._is_filter(entry)]

    def _is_filter(self, entry: Path) -> bool:
        try:
            arguments = (entry / "cmdline").read_bytes()
        except OSError:
            return False
        return self.run.name.encode() in arguments and b"--arrow" in arguments


def sigma_tsne(*arguments: str, cwd: Path) -> None:
    subprocess.run([*CLI, *arguments], cwd=cwd, check=True)


@pytest.fixture(scope="session")
def points(tmp_path_factory) -> Points:
    folder = tmp_path_factory.mktemp("points")
    random = np.random.default_rng(7)
    count = FITTED + ROWS
    centers = random.normal(scale=5, size=(8, DIMENSIONS))
    sigma = random.uniform(0.2, 1.0, size=(count, DIMENSIONS)).astype(np.float32)
    mean = (centers[random.integers(8, size=count)] + random.normal(size=sigma.shape) * sigma).astype(np.float32)
    np.save(folder / "mean.npy", mean[:FITTED])
    np.save(folder / "sigma.npy", sigma[:FITTED])
    run = folder / f"map-{os.getpid()}.tsne"
    quick = ["--iterations", "150", "--perplexity", "10", "--threads", "1", "--quiet"]
    sigma_tsne("embed", "mean.npy", "--sigma", "sigma.npy", "-o", "map.npy", "--save", run.name, *quick, cwd=folder)

    new_mean, new_sigma = mean[FITTED:], sigma[FITTED:]
    np.save(folder / "new.npy", new_mean)
    np.save(folder / "new-sigma.npy", new_sigma)
    output = ["-o", "new-map.npy", "--table", "new.parquet", "--threads", "1", "--quiet"]
    sigma_tsne("place", run.name, "new.npy", "--sigma", "new-sigma.npy", *output, cwd=folder)
    expected = pq.read_table(folder / "new.parquet")

    means, sigmas = new_mean.tolist(), new_sigma.tolist()
    unusable = [3, 1000, 5000, 5001, ROWS - 1]
    means[3] = None
    means[1000][2] = None
    means[5000][0] = float("nan")
    sigmas[5001][1] = float("inf")
    sigmas[ROWS - 1] = None
    usable = pa.array(~np.isin(np.arange(ROWS), unusable))
    for name in ("x", "y", "divergence"):
        values = pa.compute.if_else(usable, expected[name].combine_chunks(), None)
        expected = expected.set_column(expected.column_names.index(name), name, values)

    numbers = pa.list_(pa.float32())
    table = pa.table(
        {
            "id": np.arange(ROWS),
            "mean": pa.array(means, numbers),
            "sigma": pa.array(sigmas, numbers),
            "name": [f"row {i}" if i % 7 else None for i in range(ROWS)],
        }
    )
    (folder / "codes").mkdir()
    for part in range(4):
        pq.write_table(table.slice(part * ROWS // 4, ROWS // 4), folder / "codes" / f"part-{part}.parquet")
    return Points(folder, run, table, expected)


@dataclass
class Model:
    """Images as lists of pixels in a Parquet file, a model of them, and the codes that one process of sigma-tsne gives them."""

    folder: Path
    table: pa.Table
    codes: np.ndarray
    sigmas: np.ndarray

    def filter(self, **options) -> Filter:
        return Filter.encode(self.folder / "vae", command=CLI, **options)

    def check(self, encoded: pa.Table) -> None:
        encoded = encoded.sort_by("id")
        assert encoded["id"].to_pylist() == self.table["id"].to_pylist()
        for name, expected in (("code", self.codes), ("code_sigma", self.sigmas)):
            rows = encoded[name].to_pylist()
            assert rows[5] is None
            found = np.array(rows[:5] + rows[6:], dtype=np.float32)
            assert np.array_equal(found.view(np.uint32), np.delete(expected, 5, axis=0).view(np.uint32))


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Model:
    folder = tmp_path_factory.mktemp("model")
    pixels = np.random.default_rng(3).uniform(size=(60, 12, 12)).astype(np.float32)
    np.save(folder / "images.npy", pixels)
    small = ["--model", "vae", "--z-dim", "3", "--hidden-dim", "8", "--epochs", "1", "--quiet"]
    sigma_tsne("train", "--dataset", "images.npy", "--run-dir", "vae", *small, cwd=folder)
    sigma_tsne("encode", "vae", "images.npy", "-o", "codes", "--quiet", cwd=folder)
    images = pixels.reshape(60, -1).tolist()
    images[5] = None
    table = pa.table({"id": np.arange(60), "image": pa.array(images, pa.list_(pa.float32()))})
    pq.write_table(table, folder / "images.parquet")
    return Model(
        folder, table, np.load(folder / "codes" / "vae_embeddings.npy"), np.load(folder / "codes" / "vae_errors.npy")
    )
