"""Runs the iterative uniform separation of Ede (2020) in numpy, in a separate process.

  python separate.py '{"x": "map.npy", "y": "even.npy"}'

The last line of the output is JSON: seconds and peakMib. The time is measured from the embedding in memory to the points in
memory.
"""

import json
import sys
import time

import numpy as np
from peer import peak_mib

GRID, GAMMA, TOLERANCE, ITERATIONS = 100, 0.3, 1e-4, 100


def separate(points):
    """Moves points part of the way to equally spaced ranks, first within each column of a grid, then within each row."""
    low, high = points.min(axis=0), points.max(axis=0)
    z = (points - low) / (high - low)
    for _ in range(ITERATIONS):
        before = z.copy()
        for fixed in (0, 1):
            # Cell c contains the values above c / GRID up to and including (c + 1) / GRID.
            borders = np.arange(1, GRID) / GRID
            cells = np.searchsorted(borders, z[:, fixed], side="left")
            at = z[:, 1 - fixed]
            order = np.lexsort((at, cells))
            counts = np.bincount(cells, minlength=GRID)
            for members in np.split(order, np.cumsum(counts)[:-1]):
                at[members] += GAMMA * (np.linspace(0, 1, len(members)) - at[members])
        if np.hypot(*(z - before).T).mean() < TOLERANCE:
            break
    return z


def main():
    task = json.loads(sys.argv[1])
    points = np.load(task["x"]).astype(np.float64)
    start = time.perf_counter()
    found = separate(points)
    seconds = time.perf_counter() - start
    np.save(task["y"], found)
    print(json.dumps({"seconds": seconds, "peakMib": peak_mib()}))


if __name__ == "__main__":
    main()
