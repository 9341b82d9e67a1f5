"""The explorer of sigma-tsne as a widget in Jupyter, from a file or a running server, with the selection as a NumPy array."""

import http.cookiejar
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import weakref
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import anywidget
import numpy as np
import traitlets
from jupyter_core.paths import jupyter_runtime_dir

# Runs the server. Its standard input is a pipe from the kernel, which the operating system closes with the kernel, even one that is killed;
# then the server and all processes between end.
_KEEPER = """
import os, signal, subprocess, sys, threading

child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
if os.name == "posix":
    signal.signal(signal.SIGTERM, lambda *_: None)
    end = lambda which: os.killpg(0, which)
else:
    end = lambda _: child.kill()

def end_with_input():
    os.read(0, 1)
    end(signal.SIGTERM)
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        end(getattr(signal, "SIGKILL", signal.SIGTERM))

threading.Thread(target=end_with_input, daemon=True).start()
sys.exit(child.wait())
"""

# Options of `sigma-tsne explore` that this module sets itself.
_OWN_OPTIONS = ("frame_origins", "open", "json", "quiet")


class ExplorerError(RuntimeError):
    """The explorer cannot be shown; the message says why and what to do."""


class Explorer(anywidget.AnyWidget):
    """
    The explorer's page as the output of a cell.

    `source` is what `sigma-tsne explore` opens, or the address that a running server has printed. For the former, a server is started on
    this machine, which ends with `close()` and with the kernel. Other keyword arguments are the options of `sigma-tsne explore`:
    `Explorer("map.npy", images="images.npy", trust=True)` stands for `--images images.npy --trust`.

    `selection` holds the numbers of the selected rows, counted from 0 and ascending, as an array of int64; it is empty when nothing is
    selected. It follows the page, and the page follows what is assigned to it: row numbers in any order, or a boolean for each row.
    Where the source has rows without a position, the numbers are those of its rows.

    `origin` is the address of the notebook in the browser without a path, such as "http://localhost:8888". Only a page of this origin can show
    the server's page. By default it is found from the Jupyter server that runs this kernel. `height` is in pixels, and `command` starts
    sigma-tsne, such as `["npx", "sigma-tsne"]`.

    Raises FileNotFoundError for a file that does not exist, ExplorerError where the server cannot be started, reached or framed, and ValueError
    for a selection of rows that do not exist.
    """

    _esm = Path(__file__).with_name("explorer_frame.js")
    _url = traitlets.Unicode().tag(sync=True)
    _origins = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _height = traitlets.Int().tag(sync=True)
    # Numbers of the selected points on the page, uint32, little-endian. A browser's values arrive as a memoryview, which CBytes converts.
    _points = traitlets.CBytes().tag(sync=True)
    selection = traitlets.TraitType()
    # Ends the server that this object has started.
    _end = None

    def __init__(
        self,
        source: str | os.PathLike,
        *,
        origin: str | None = None,
        height: int = 600,
        command: Sequence[str] = ("sigma-tsne",),
        **options,
    ):
        if isinstance(height, bool) or not isinstance(height, int) or height < 200:
            raise ValueError(f"height must be at least 200 pixels, as an integer (got {height!r}).")
        address = os.fspath(source)
        if re.match(r"https?://", address):
            given = [*options, *(["origin"] if origin is not None else [])]
            if given:
                raise TypeError(f"{', '.join(given)}: a running server has its options already. Leave them out.")
        else:
            address = self._start(address, _notebook_origins() if origin is None else [origin], command, options)
        try:
            parts = urlsplit(address)
            self._base = f"{parts.scheme}://{parts.netloc}"
            self._opener = urllib.request.build_opener(
                # A proxy would not know this machine by the same name.
                urllib.request.ProxyHandler({}),
                urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            )
            origins = self._frame_origins(address)
            super().__init__(_url=address, _origins=origins, _height=height)
        except BaseException:
            self._end_server()
            raise

    def close(self) -> None:
        """Removes the page, and ends the server if this object has started it."""
        self._end_server()
        super().close()

    def _end_server(self) -> None:
        if self._end is not None:
            self._end()

    def _start(self, path: str, origins: list[str], command: Sequence[str], options: dict) -> str:
        """The address of a new server of a file or folder."""
        if not os.path.exists(path):
            raise FileNotFoundError(f"{path}: no such file or folder. Give the path of one, or the address of a running server.")
        if isinstance(command, str) or not command:
            raise ExplorerError(f'command must be a list, such as ["npx", "sigma-tsne"] (got {command!r}).')
        program = shutil.which(command[0])
        if program is None:
            raise ExplorerError(
                f"{command[0]}: no such program on the PATH of this kernel. Install Node.js and `npm install --global sigma-tsne`, or "
                'give the command: command=["npx", "sigma-tsne"].'
            )
        flags = _flags(options)
        arguments = [program, *command[1:], "explore", path, "--json", "--frame-origins", ",".join(origins), *flags]
        with tempfile.TemporaryFile() as errors:
            keeper = subprocess.Popen(
                [sys.executable, "-c", _KEEPER, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                # An interrupted cell does not end the server.
                start_new_session=True,
            )
            self._end = weakref.finalize(self, _end_process, keeper)
            try:
                line = keeper.stdout.readline()
                if line:
                    return json.loads(line)["url"]
                keeper.wait()
                errors.seek(0)
                reason = errors.read().decode(errors="replace").strip() or f"it ended with exit code {keeper.returncode}"
                raise ExplorerError(f"The server did not start: {reason}")
            except BaseException:
                self._end_server()
                raise

    def _get(self, address: str):
        try:
            return self._opener.open(address, timeout=30)
        except urllib.error.HTTPError as error:
            try:
                reason = json.load(error)["message"]
            except (ValueError, KeyError, TypeError):
                reason = f"status {error.code}"
            raise ExplorerError(f"{self._base}: the server refused the request: {reason}.") from error
        except OSError as error:
            raise ExplorerError(
                f"{self._base}: no server answers ({error}). Start it again: sigma-tsne explore SOURCE."
            ) from error

    def _frame_origins(self, address: str) -> list[str]:
        """The origins of pages in which the server lets its page be shown."""
        # The first request also turns the token of the address into a cookie.
        with self._get(address) as answer:
            policy = answer.headers.get("content-security-policy", "")
        found = re.search(r"frame-ancestors ([^;]*)", policy)
        if found is None:
            raise ExplorerError(f"{self._base}: this is not the explorer of sigma-tsne.")
        if found[1] == "'none'":
            raise ExplorerError(
                f"{self._base}: the server does not let its page be shown in a notebook. Start it with the origin of the notebook, such as "
                f"--frame-origins {_notebook_origins()[0]}."
            )
        return found[1].split()

    def _rows(self) -> tuple[int, np.ndarray | None]:
        """The number of rows of the source, and the row of each point on the page where some rows have no position."""
        with self._get(f"{self._base}/api/exploration") as answer:
            description = json.load(answer)
        without_position = description["withoutPosition"]
        if without_position == 0:
            return description["n"], None
        column = next(column for column in description["columns"] if column["id"] == "file-row")
        with self._get(f"{self._base}/api/columns/file-row") as answer:
            rows = np.frombuffer(answer.read(), {"float32": "<f4", "float64": "<f8"}[column["type"]])
        return description["n"] + without_position, rows.astype(np.int64)

    @traitlets.default("selection")
    def _nothing(self) -> np.ndarray:
        return _frozen(np.zeros(0, np.int64))

    @traitlets.validate("selection")
    def _check_selection(self, proposal) -> np.ndarray:
        rows = np.asarray(proposal["value"])
        if rows.size == 0:
            return self._nothing()
        n, file_rows = self._rows()
        if rows.dtype == bool and rows.shape == (n,):
            rows = np.flatnonzero(rows)
        elif rows.dtype.kind not in "iu" or rows.ndim != 1:
            raise ValueError(
                f"selection must be a list of row numbers, or a boolean for each of the {n} rows (got {rows.dtype} of shape {rows.shape})."
            )
        if rows.size > 0 and not (rows.min() >= 0 and rows.max() < n):
            wrong = rows[(rows < 0) | (rows >= n)][0]
            raise ValueError(f"selection must consist of row numbers from 0 to {n - 1} (got {wrong}).")
        rows = np.unique(rows).astype(np.int64)
        if file_rows is not None and not (is_shown := np.isin(rows, file_rows)).all():
            raise ValueError(f"selection must consist of rows with a position on the map (row {rows[~is_shown][0]} has no position).")
        return _frozen(rows)

    @traitlets.observe("selection")
    def _send_selection(self, change) -> None:
        rows = change["new"]
        file_rows = self._rows()[1] if rows.size > 0 else None
        self._points = (rows if file_rows is None else np.searchsorted(file_rows, rows)).astype("<u4").tobytes()

    @traitlets.observe("_points")
    def _take_points(self, change) -> None:
        points = np.frombuffer(change["new"], "<u4").astype(np.int64)
        file_rows = self._rows()[1] if points.size > 0 else None
        rows = points if file_rows is None else file_rows[points]
        if not np.array_equal(rows, self.selection):
            self.selection = rows


def _frozen(rows: np.ndarray) -> np.ndarray:
    """The rows as an array that cannot be changed in place, because the page would not learn of the change."""
    rows.flags.writeable = False
    return rows


def _end_process(keeper: subprocess.Popen) -> None:
    keeper.stdin.close()
    try:
        keeper.wait(10)
    except subprocess.TimeoutExpired:
        keeper.kill()
    keeper.stdout.close()


def _notebook_origins() -> list[str]:
    """The origins under which a browser on this machine opens the Jupyter server of this kernel."""
    address = "http://localhost:8888"
    try:
        file = Path(jupyter_runtime_dir()) / f"jpserver-{os.environ['JPY_PARENT_PID']}.json"
        address = json.loads(file.read_text())["url"]
    except (OSError, ValueError, KeyError):
        # This kernel belongs to another program; the port is the one that Jupyter takes by default.
        pass
    parts = urlsplit(address)
    names = ["localhost", "127.0.0.1"] if parts.hostname in ("localhost", "127.0.0.1", "::1") else [parts.hostname]
    return [f"{parts.scheme}://{name}:{parts.port}" if parts.port else f"{parts.scheme}://{name}" for name in names]


def _flags(options: dict) -> list[str]:
    """The flags of the command line for options by name. The command line checks their values."""
    flags = []
    for name, value in options.items():
        if name in _OWN_OPTIONS:
            raise TypeError(f"{name} cannot be given: the widget sets it itself.")
        flag = f"--{name.replace('_', '-')}"
        if name == "cache":
            flags += [] if value else ["--no-cache"]
        elif value is True:
            flags.append(flag)
        elif isinstance(value, (list, tuple)):
            flags.append(f"{flag}={','.join(map(str, value))}")
        elif value is not None and value is not False:
            flags.append(f"{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}")
    return flags
