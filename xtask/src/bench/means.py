"""The mean departure delay of each carrier, as JSON.

    python means.py pandas|polars|duckdb flights.parquet
"""

import json
import sys

library, path = sys.argv[1:]
if library == "pandas":
    import pandas

    flights = pandas.read_parquet(path, columns=["carrier", "dep_delay"])
    means = flights.groupby("carrier")["dep_delay"].mean().to_dict()
elif library == "polars":
    import polars

    flights = polars.scan_parquet(path)
    means = dict(flights.group_by("carrier").agg(polars.col("dep_delay").mean()).collect().rows())
else:
    import duckdb

    duckdb.sql("SET threads = 1")
    means = dict(duckdb.sql(f"SELECT carrier, avg(dep_delay) FROM '{path}' GROUP BY carrier").fetchall())
json.dump(means, sys.stdout)
