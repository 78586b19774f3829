"""Runs programs of benchmarks, prints their figures, and compares two runs: `./dev bench`.

  bench.py [--json FILE] [--strict] PROGRAM... [-- ARGUMENT...]
  bench.py --compare OLD NEW

PROGRAMs take the options of Google Benchmark; ARGUMENTs are handed to each of them.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import comparison
import figures
import machine


def run(program, arguments):
    """The JSON of one program, whose progress goes to stderr."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.json")
        command = [program, f"--benchmark_out={out}", "--benchmark_out_format=json", *arguments]
        if program.suffix == ".py":
            command.insert(0, sys.executable)
        done = subprocess.run([str(word) for word in command], stdout=sys.stderr, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {program.name} ended with {done.returncode}")
        # It writes nothing where no benchmark is selected.
        text = pathlib.Path(out).read_text(encoding="utf-8") if os.path.exists(out) else ""
        return json.loads(text) if text else {"context": {}, "benchmarks": []}


def run_all(programs, arguments):
    results = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.facts(),
        "programs": {},
    }
    for program in programs:
        name = program.stem.removesuffix("_bench")
        print(f"bench: {name}", file=sys.stderr, flush=True)
        results["programs"][name] = run(program, arguments)
    return results


def parse(words):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path, help="file for the results")
    parser.add_argument("--strict", action="store_true",
                        help="end with 3 if a limit is not met")
    parser.add_argument("--compare", nargs=2, type=pathlib.Path, metavar=("OLD", "NEW"))
    parser.add_argument("programs", nargs="*", type=pathlib.Path, metavar="PROGRAM")
    own, arguments = words, []
    if "--" in words:
        at = words.index("--")
        own, arguments = words[:at], words[at + 1:]
    options = parser.parse_args(own)
    if bool(options.compare) == bool(options.programs):
        parser.error("either programs to run, or --compare OLD NEW")
    return options, arguments


def read(path):
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        return results, figures.rows(results)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.exit(f"bench: {path} is no file of results: {error}")


def main(words):
    options, arguments = parse(words)
    if options.compare:
        (old, old_rows), (new, new_rows) = map(read, options.compare)
        print(comparison.text(old["machine"], new["machine"], old_rows, new_rows), end="")
        return 0
    results = run_all(options.programs, arguments)
    rows = figures.rows(results)
    print(machine.text(results["machine"]))
    print(figures.text(results, rows), end="")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"\nresults: {options.json}")
    return 3 if options.strict and any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
