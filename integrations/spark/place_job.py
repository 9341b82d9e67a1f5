"""Places the rows of Parquet files into a saved embedding:

    spark-submit --py-files sigma_tsne_filter.py,spark/sigma_tsne_spark.py spark/place_job.py run.tsne codes embedding
"""

import argparse

from pyspark.sql import SparkSession

from sigma_tsne_filter import Filter
from sigma_tsne_spark import map_in_arrow

parser = argparse.ArgumentParser(description="Places the rows of Parquet files into a saved embedding.")
parser.add_argument("run", help="file of `sigma-tsne embed --save`")
parser.add_argument("input", help="Parquet: mean and, where the run has it, sigma; other columns are kept")
parser.add_argument("output", help="folder for Parquet: the columns that are kept, x, y and divergence")
parser.add_argument("--keep", nargs="*", default=[], help="columns that are kept (default: all)")
flags = parser.parse_args()

spark = SparkSession.builder.appName("sigma-tsne place").getOrCreate()
placed = map_in_arrow(spark.read.parquet(flags.input), Filter.place(flags.run))
if flags.keep:
    placed = placed.select(*flags.keep, "x", "y", "divergence")
placed.write.parquet(flags.output)
spark.stop()
