"""What every script of benchmarks has: the options of Google Benchmark that ./dev bench hands to
it, and its JSON.
"""

import argparse
import datetime
import json
import pathlib


def parser(name, doc):
    made = argparse.ArgumentParser(prog=name, description=doc,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--benchmark_out", type=pathlib.Path, required=True)
    made.add_argument("--benchmark_out_format", choices=["json"], default="json")
    return made


def row(name, seconds, label, **counters):
    """One benchmark's figures, as figures.py reads them."""
    return {"name": name, "run_name": name, "run_type": "iteration", "iterations": 1,
            "real_time": seconds * 1e9, "cpu_time": seconds * 1e9, "time_unit": "ns",
            "label": label, **counters}


def write(path, rows, **context):
    date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    results = {"context": {"date": date, **context}, "benchmarks": rows}
    path.write_text(json.dumps(results, indent=1), encoding="utf-8")
