"""Sweeps as a person runs them: specs, and what the files hold."""

import contextlib
import json
import pathlib
import sqlite3
import time

import programs


def write_plan(folder, spec, name="plan.jsonl", *arguments):
    """Plans `spec` in `folder`; the plan's path."""
    spec_file, plan = folder / f"{name}.spec.json", folder / name
    spec_file.write_text(json.dumps(spec))
    outcome = programs.kvwire("sweep", "plan", spec_file, "--output", plan, *arguments)
    if outcome.code != 0:
        raise AssertionError(outcome)
    return plan


def dump(*files):
    """The sorted dump of what follows from the trials alone."""
    outcome = programs.kvwire("sweep", "dump", *files)
    if outcome.code != 0:
        raise AssertionError(outcome)
    return outcome.stdout


def measured(*files):
    """Every row as a dictionary, with what was measured."""
    outcome = programs.kvwire("sweep", "dump", *files, "--json", "-", "--measured")
    return json.loads(outcome.stdout)


def results_in(file):
    """How many results the file has by now."""
    if not pathlib.Path(file).exists():
        return 0
    with contextlib.closing(sqlite3.connect(file, timeout=60)) as database:
        try:
            return database.execute("SELECT COUNT(*) FROM result").fetchone()[0]
        except sqlite3.OperationalError:  # it is just being made
            return 0


def wait_for_results(file, count, program):
    """Waits until the file has so many, which `program` is making."""
    while results_in(file) < count:
        if not program.running:
            raise AssertionError(f"{program.wait()}: {results_in(file)} results in {file}")
        time.sleep(0.002)
