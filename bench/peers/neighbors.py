"""Finds the k nearest neighbors of all points with one library, with the fastest setting that reaches a given recall.

    neighbors.py LIBRARY X.npy K THREADS RECALL

Prints one JSON object: the seconds from the matrix in memory to the neighbors in memory (including the index), the recall
on a sample, the CPU seconds, and the setting. The settings of a library are tried one after the other, each more accurate
than the previous one. The time is that of the first setting that reaches the recall, without the earlier attempts.
"""

import json
import os
import sys
import time

library, path, k, threads, target = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = str(threads)

import numpy as np

SAMPLE = 512


def true_neighbors(x):
    rows = np.random.default_rng(0).choice(len(x), min(SAMPLE, len(x)), replace=False)
    found = []
    for row in rows:
        squared = ((x - x[row]) ** 2).sum(1)
        squared[row] = np.inf
        found.append(set(np.argpartition(squared, k)[:k].tolist()))
    return rows, found


def recall(indices, rows, truth):
    hits = sum(len(set(indices[row].tolist()) & found) for row, found in zip(rows, truth))
    return hits / (len(rows) * k)


def without_self(indices):
    """Returns the first k neighbors of each row, without the row itself."""
    is_other = indices != np.arange(len(indices))[:, None]
    is_other[is_other.all(1), -1] = False
    return indices[is_other].reshape(len(indices), -1)


def faiss_flat(x):
    import faiss

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatL2(x.shape[1])
    index.add(x)
    yield "exact", lambda: index.search(x, k + 1)[1]


def faiss_ivf(x):
    import faiss

    faiss.omp_set_num_threads(threads)
    cells = int(2 * np.sqrt(len(x)))
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(x.shape[1]), x.shape[1], cells)
    index.train(x)
    index.add(x)
    for probes in (8, 16, 24, 32, 48, 64, 96, 128, 256, 512):
        index.nprobe = min(probes, cells)
        yield f"{cells} cells, {index.nprobe} probes", lambda: index.search(x, k + 1)[1]


def faiss_hnsw(x):
    import faiss

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexHNSWFlat(x.shape[1], 16)
    index.hnsw.efConstruction = 100
    index.add(x)
    for effort in (100, 150, 200, 300, 400, 800):
        index.hnsw.efSearch = effort
        yield f"M 16, ef {effort}", lambda: index.search(x, k + 1)[1]


def hnswlib(x):
    import hnswlib

    index = hnswlib.Index(space="l2", dim=x.shape[1])
    index.init_index(max_elements=len(x), M=16, ef_construction=100)
    index.set_num_threads(threads)
    index.add_items(x)
    for effort in (100, 150, 200, 300, 400, 800):
        index.set_ef(effort)
        yield f"M 16, ef {effort}", lambda: index.knn_query(x, k=k + 1)[0].astype(np.int64)


def pynndescent(x):
    from pynndescent import NNDescent

    # The library compiles its functions at the first call. This call is not measured.
    NNDescent(x[:2000], n_neighbors=k + 1, n_jobs=threads).neighbor_graph
    yield "defaults", lambda: NNDescent(x, n_neighbors=k + 1, n_jobs=threads).neighbor_graph[0]


def main():
    x = np.ascontiguousarray(np.load(path), dtype=np.float32)
    rows, truth = true_neighbors(x)
    begin, begin_cpu = time.perf_counter(), time.process_time()
    settings = globals()[library.replace("-", "_")](x)
    setting, search = next(settings)
    built, built_cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    if library == "pynndescent":
        built = built_cpu = 0
    while True:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        indices = without_self(search())[:, :k]
        seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
        share = recall(indices, rows, truth)
        following = next(settings, None)
        if share >= target or following is None:
            break
        setting, search = following
    print(json.dumps({"seconds": built + seconds, "cpuSeconds": built_cpu + cpu, "recall": share, "setting": setting}))


main()
