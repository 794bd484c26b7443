"""Repeats the year's flights until there are so many rows, as Parquet.

    python flights.py tests/data/flights-2013.parquet ROWS flights.parquet
"""

import sys

import pyarrow.parquet

source, rows, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
year = pyarrow.parquet.read_table(source)
with pyarrow.parquet.ParquetWriter(target, year.schema, compression="zstd") as writer:
    while rows > 0:
        writer.write_table(year.slice(0, rows))
        rows -= year.num_rows
