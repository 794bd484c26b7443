"""Repeats the year's flights until there are so many rows, in the format that the target's ending tells.

    python flights.py tests/data/flights-2013.parquet ROWS flights.parquet|flights.arrow|flights.csv
"""

import sys

import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

source, rows, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
year = pyarrow.parquet.read_table(source)
if target.endswith(".csv"):
    writer = pyarrow.csv.CSVWriter(target, year.schema)
elif target.endswith(".arrow"):
    writer = pyarrow.ipc.new_file(target, year.schema)
else:
    writer = pyarrow.parquet.ParquetWriter(target, year.schema, compression="zstd")
with writer:
    while rows > 0:
        writer.write_table(year.slice(0, rows))
        rows -= year.num_rows
