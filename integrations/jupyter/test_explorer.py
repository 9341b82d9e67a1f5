"""The widget in a kernel without a browser, and in JupyterLab in Chromium, with the built command line."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from playwright.sync_api import expect, sync_playwright

HERE = Path(__file__).parent
CLI = [shutil.which("node"), str(HERE.parent.parent / "dist" / "cli.js")]
CHROMIUM = next(
    filter(None, map(shutil.which, [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"])), None
)
ROWS = 300
START = f"""import sys
sys.path.insert(0, {str(HERE)!r})
from sigma_tsne_explorer import Explorer
explorer = Explorer("map.csv", command={CLI!r})
"""

sys.path.insert(0, str(HERE))
from sigma_tsne_explorer import Explorer, ExplorerError  # noqa: E402


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with an embedding of three columns of points; in the other one, every tenth row has no position."""
    points = [(row % 3 * 10, row // 3) for row in range(ROWS)]
    (tmp_path / "map.csv").write_text("\n".join(["x,y", *(f"{x},{y}" for x, y in points)]) + "\n")
    gaps = [("", "") if row % 10 == 0 else point for row, point in enumerate(points)]
    (tmp_path / "gaps.csv").write_text("\n".join(["x,y", *(f"{x},{y}" for x, y in gaps)]) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def explorer(folder):
    explorer = Explorer("map.csv", command=CLI)
    yield explorer
    explorer.close()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except OSError:
        return False


def wait_until(holds) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    assert holds()


class TestSelection:
    def test_takes_row_numbers_in_any_order(self, explorer):
        explorer.selection = [7, 3, 3]
        assert explorer.selection.tolist() == [3, 7]
        assert explorer.selection.dtype == np.int64
        assert np.frombuffer(explorer._points, "<u4").tolist() == [3, 7]
        explorer.selection = []
        assert explorer.selection.size == 0
        assert explorer._points == b""

    def test_takes_a_boolean_for_each_row(self, explorer):
        explorer.selection = np.arange(ROWS) % 100 == 1
        assert explorer.selection.tolist() == [1, 101, 201]

    def test_follows_the_page_and_tells_observers(self, explorer):
        told = []
        explorer.observe(lambda change: told.append(change["new"].tolist()), "selection")
        explorer._points = np.array([2, 5], "<u4").tobytes()
        assert told == [[2, 5]]

    @pytest.mark.parametrize("rows", [[ROWS], [-1], [0.5], [True], [[1]], 3, None, "all"])
    def test_refuses_anything_else_and_keeps_what_there_is(self, explorer, rows):
        explorer.selection = [4]
        with pytest.raises(ValueError, match=r"^selection must .*300|^selection must .*299"):
            explorer.selection = rows
        assert explorer.selection.tolist() == [4]

    def test_cannot_be_changed_in_place(self, explorer):
        explorer.selection = [4]
        with pytest.raises(ValueError, match="read-only"):
            explorer.selection[0] = 5

    def test_counts_the_rows_of_the_file_where_some_have_no_position(self, folder):
        explorer = Explorer("gaps.csv", command=CLI)
        explorer.selection = [1, 11]
        assert np.frombuffer(explorer._points, "<u4").tolist() == [0, 9]
        explorer._points = np.array([0, 10], "<u4").tobytes()
        assert explorer.selection.tolist() == [1, 12]
        with pytest.raises(ValueError, match="row 20 has no position"):
            explorer.selection = [1, 20]
        explorer.close()


class TestErrors:
    def test_a_file_that_does_not_exist(self, folder):
        with pytest.raises(FileNotFoundError, match=r"nothing\.csv: no such file or folder"):
            Explorer("nothing.csv", command=CLI)

    def test_a_program_that_is_not_installed(self, folder):
        with pytest.raises(ExplorerError, match=r"no-such-node: no such program.*npm install"):
            Explorer("map.csv", command=["no-such-node"])

    def test_an_option_or_an_origin_that_the_server_refuses(self, folder):
        with pytest.raises(ExplorerError, match=r"did not start: .*--trus"):
            Explorer("map.csv", command=CLI, trus=True)
        with pytest.raises(ExplorerError, match=r"did not start: .*--frame-origins: expected origins"):
            Explorer("map.csv", command=CLI, origin="localhost:8888/lab")

    def test_an_option_that_has_no_effect(self, explorer):
        with pytest.raises(TypeError, match="json cannot be given"):
            Explorer("map.csv", command=CLI, json=True)
        with pytest.raises(TypeError, match="trust: a running server has its options already"):
            Explorer(explorer._url, trust=True)

    def test_a_server_that_refuses_frames(self, folder):
        server = subprocess.Popen([*CLI, "explore", "map.csv", "--json"], stdout=subprocess.PIPE)
        url = json.loads(server.stdout.readline())["url"]
        with pytest.raises(ExplorerError, match=r"Start it with .*--frame-origins http://localhost:8888"):
            Explorer(url)
        server.terminate()
        server.communicate()
        with pytest.raises(ExplorerError, match="no server answers"):
            Explorer(url)


def test_a_running_server_is_used_with_its_token(folder):
    arguments = ["--host", "0.0.0.0", "--frame-origins", "http://localhost:8888", "--json"]
    server = subprocess.Popen([*CLI, "explore", "map.csv", *arguments], stdout=subprocess.PIPE)
    url = json.loads(server.stdout.readline())["urls"][-1]
    with pytest.raises(ExplorerError, match="token"):
        Explorer(url.partition("?")[0])
    explorer = Explorer(url)
    explorer.selection = [9]
    explorer.close()
    # The server belongs to whoever has started it.
    assert server.poll() is None
    server.terminate()
    server.communicate()


def test_a_notebook_without_a_browser(folder):
    cells = [START + "explorer", "explorer.selection = [8, 1]\nexplorer.selection", "explorer._url", "explorer.close()"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown, selection, url, _ = (cell.outputs for cell in notebook.cells)
    assert "application/vnd.jupyter.widget-view+json" in shown[0]["data"]
    assert selection[0]["data"]["text/plain"] == "array([1, 8])"
    assert not answers(url[0]["data"]["text/plain"].strip("'"))


def test_the_server_survives_an_interrupt_and_ends_with_a_killed_kernel(folder):
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    printed = []
    client.execute_interactive(
        START + "print(explorer._url)", timeout=120, output_hook=lambda message: printed.append(message["content"].get("text"))
    )
    url = next(filter(None, printed)).strip()
    manager.interrupt_kernel()
    client.execute_interactive("1", timeout=60, output_hook=lambda _: None)
    assert answers(url)
    os.kill(manager.provisioner.pid, signal.SIGKILL)
    wait_until(lambda: not answers(url))
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def lab(folder):
    """JupyterLab with a notebook whose first cell shows the explorer."""
    cells = [
        START + "explorer",
        "print(len(explorer.selection), explorer.selection[:3].tolist())",
        "explorer.selection = [5, 6, 7]",
        f'Explorer("map.csv", command={CLI!r}, origin="http://localhost:1")',
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "map.ipynb")
    home = folder / "home"
    home.mkdir()
    settings = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--LabApp.expose_app_in_browser=True"]
    # Nothing that the user has set may change the test.
    environment = {**os.environ, "HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime"), "JUPYTER_TOKEN": "test"}
    with open(folder / "lab.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *settings], cwd=folder, env=environment, stdout=log, stderr=log
        )
    files = lambda: list((home / "runtime").glob(f"jpserver-{server.pid}.json"))  # noqa: E731
    wait_until(lambda: files() and files()[0].read_text().endswith("}"))
    yield json.loads(files()[0].read_text())["url"]
    server.terminate()
    server.wait()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium, or set CHROMIUM to the path of one")
def test_jupyterlab_shows_the_page_and_shares_the_selection(lab):
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as browser:
        page = browser.new_page(viewport={"width": 1500, "height": 1200})
        page.goto(f"{lab}lab/tree/map.ipynb?token=test")
        page.wait_for_function("window.jupyterapp && jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel", timeout=120_000)

        def run(cell: int):
            page.evaluate(
                f"""async () => {{
                  const {{ content }} = jupyterapp.shell.currentWidget;
                  content.activeCellIndex = {cell};
                  await jupyterapp.commands.execute("notebook:run-cell");
                }}"""
            )
            return page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea-output")

        run(0)
        frame = page.frame_locator("iframe[title='sigma-tsne explorer']")
        canvas = frame.locator("canvas.map-pane__base[data-drawn=all]").first
        canvas.wait_for(timeout=60_000)
        # The first of the three columns of points, which a lasso at the left edge surrounds.
        page.keyboard.press("Escape")
        box = canvas.bounding_box()
        left, top, middle, bottom = box["x"] + 4, box["y"] + 4, box["x"] + box["width"] / 2 - 20, box["y"] + box["height"] - 4
        page.keyboard.down("Shift")
        page.mouse.move(left, top)
        page.mouse.down()
        for x, y in [(middle, top), (middle, bottom), (left, bottom), (left, top)]:
            page.mouse.move(x, y, steps=8)
        page.mouse.up()
        page.keyboard.up("Shift")
        frame.get_by_role("tab", name="Selection").click()
        chosen = frame.locator("#panel h2")
        expect(chosen).to_contain_text("100 ")
        # A message of the page arrives when the kernel is free, which may be after the cell that was run right behind it.
        read = lambda: run(1).inner_text().strip()  # noqa: E731
        wait_until(lambda: read() == "100 [0, 3, 6]")
        run(2)
        expect(chosen).to_contain_text("3 ")
        wait_until(lambda: read() == "3 [5, 6, 7]")
        frame.get_by_role("button", name="Clear").first.click()
        wait_until(lambda: read() == "0 []")
        text = run(3)
        expect(text).to_contain_text('Create it with Explorer(..., origin="http://127.0.0.1:')
        if folder := os.environ.get("SCREENSHOTS"):
            run(2)
            expect(chosen).to_contain_text("3 ")
            page.screenshot(path=f"{folder}/jupyterlab.png")
