"""Places the rows of Parquet files into a saved embedding:

    PYTHONPATH=.:ray python ray/place_job.py run.tsne codes embedding --workers 2
"""

import argparse

import ray.data

from sigma_tsne_filter import Filter
from sigma_tsne_ray import map_batches

parser = argparse.ArgumentParser(description="Places the rows of Parquet files into a saved embedding.")
parser.add_argument("run", help="file of `sigma-tsne embed --save`, under the same path on every node")
parser.add_argument("input", help="Parquet: mean and, where the run has it, sigma; other columns are kept")
parser.add_argument("output", help="folder for Parquet: all columns, x, y and divergence")
parser.add_argument(
    "--workers", type=int, required=True, help="actors; at least one processor more must be there to read and write"
)
flags = parser.parse_args()

placed = map_batches(ray.data.read_parquet(flags.input), Filter.place(flags.run), workers=flags.workers)
placed.write_parquet(flags.output)
