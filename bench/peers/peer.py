"""Runs one t-SNE program of Python on a .npy matrix, in a separate process.

  python peer.py NAME '{"x": "data.npy", "y": "map.npy", "perplexity": 30, "iterations": 1000, "threads": 2, "seed": 42}'
  python peer.py versions

NAME is a key of PEERS. The last line of the output is JSON: seconds and peakMib, or the versions of the installed packages.
The time is measured from the matrix in memory to the embedding in memory. It includes neighbors, affinities and all
iterations, but not the start of the interpreter, imports and files.
"""

import importlib.metadata
import json
import platform
import resource
import sys
import time

import numpy as np


def opentsne(task, gradient):
    import openTSNE

    early = min(250, task["iterations"])
    return openTSNE.TSNE(
        perplexity=task["perplexity"],
        early_exaggeration_iter=early,
        n_iter=task["iterations"] - early,
        negative_gradient_method=gradient,
        n_jobs=task["threads"],
        random_state=task["seed"],
    ).fit


def sklearn_like(task, tsne):
    return tsne(
        perplexity=task["perplexity"],
        max_iter=task["iterations"],
        n_iter_without_progress=task["iterations"],
        n_jobs=task["threads"],
        random_state=task["seed"],
    ).fit_transform


def sklearn(task):
    from sklearn.manifold import TSNE

    return sklearn_like(task, TSNE)


def sklearnex(task):
    from sklearnex.manifold import TSNE

    return sklearn_like(task, TSNE)


def h2pack(task):
    from tsne_h2pack import TSNE

    return sklearn_like(task, TSNE)


def sgtsnepi(task):
    # This program embeds a graph. openTSNE computes the neighbors and their probabilities, as part of the measured time.
    from openTSNE.affinity import PerplexityBasedNN
    from sgtsnepi import sgtsnepi as embed

    def fit(data):
        affinities = PerplexityBasedNN(
            data, perplexity=task["perplexity"], n_jobs=task["threads"], random_state=task["seed"]
        )
        early = min(250, task["iterations"])
        return embed(affinities.P.tocsc(), max_iter=task["iterations"], early_exag=early, silent=True).T

    return fit


PEERS = {
    "opentsne-bh": lambda task: opentsne(task, "bh"),
    "opentsne-fft": lambda task: opentsne(task, "fft"),
    "sklearn": sklearn,
    "sklearnex": sklearnex,
    "h2pack": h2pack,
    "sgtsnepi": sgtsnepi,
}

PACKAGES = ("numpy", "scipy", "openTSNE", "scikit-learn", "scikit-learn-intelex", "tsne-h2pack", "sgtsnepi")


def versions():
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def peak_mib():
    # getrusage would include the peak of the parent process, which a forked process inherits.
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
    except (OSError, StopIteration):
        unit = 1024 * 1024 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main():
    if sys.argv[1] == "versions":
        print(json.dumps(versions()))
        return
    task = json.loads(sys.argv[2])
    x = np.load(task["x"])
    embed = PEERS[sys.argv[1]](task)
    start = time.perf_counter()
    y = np.asarray(embed(x))
    seconds = time.perf_counter() - start
    np.save(task["y"], y.astype(np.float32))
    print(json.dumps({"seconds": seconds, "peakMib": peak_mib()}))


if __name__ == "__main__":
    main()
