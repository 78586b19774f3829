"""How long a run at n = 8 takes against services that are running, from the start of the command
to its verdict: on cores that sleep whenever they may, from which those of a virtual machine wake
slowly, and on cores that are kept awake. Results are in the JSON of Google Benchmark.

  latency_bench.py --benchmark_out=FILE [--runs N]
"""

import argparse
import contextlib
import datetime
import json
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import time

BIN = pathlib.Path(os.environ["KVWIRE_BIN"])
MOST_MILLISECONDS = 40
MOST_FROM_MAIN_MILLISECONDS = 15


@contextlib.contextmanager
def service(program, *arguments):
    """The endpoint of a service on a port that the system picks."""
    command = [BIN / program, "--listen", "127.0.0.1:0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            while not line.startswith("listening "):
                line = process.stdout.readline()
            yield line.split()[1]
        finally:
            process.terminate()


def spin(core, parent):
    """Runs on a core when nothing else wants to, for as long as the parent lives."""
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while os.getppid() == parent:
        pass


@contextlib.contextmanager
def awake_cores():
    spinners = [multiprocessing.Process(target=spin, args=(core, os.getpid()))
                for core in os.sched_getaffinity(0)]
    for spinner in spinners:
        spinner.start()
    try:
        yield
        if not all(spinner.is_alive() for spinner in spinners):
            raise SystemExit("latency_bench: a core was not kept awake")
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.join()


def milliseconds_to(word, *arguments):
    """From the start of kvwire to the line of its output that holds `word`."""
    start = time.monotonic()
    with subprocess.Popen([BIN / "kvwire", *arguments], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if word in line:
                took = time.monotonic() - start
                break
        else:
            raise SystemExit(f"latency_bench: kvwire {arguments} never says {word!r}")
        process.communicate()
    return 1e3 * took


def medians(alice, bob, runs):
    run = ["run", "--n", "8", "--d", "64", "--alice", alice, "--bob", bob]
    whole, loading = [], []
    for _ in range(runs):
        whole.append(milliseconds_to("verdict: ok", *run))
        loading.append(milliseconds_to("kvwire", "--version"))
    return statistics.median(whole[1:]), statistics.median(loading[1:])


def row(name, value, most, label):
    return {"name": f"latency/{name}", "run_name": f"latency/{name}", "run_type": "iteration",
            "iterations": 1, "real_time": value * 1e6, "cpu_time": value * 1e6, "time_unit": "ns",
            "label": label, "ms": value, "ratio": value / most, "at_most": 1.0}


def rows_of(name, whole, loading):
    return [row(name, whole, MOST_MILLISECONDS, f"{MOST_MILLISECONDS} ms, start to verdict"),
            row(f"{name}_from_main", whole - loading, MOST_FROM_MAIN_MILLISECONDS,
                f"{MOST_FROM_MAIN_MILLISECONDS} ms, without what kvwire --version takes")]


def main():
    parser = argparse.ArgumentParser(prog="latency_bench.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark_out", type=pathlib.Path, required=True)
    parser.add_argument("--benchmark_out_format", choices=["json"], default="json")
    parser.add_argument("--runs", type=int, default=51)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        algorithms = [stack.enter_context(service("kvwire-algorithm")) for _ in range(2)]
        alice = stack.enter_context(service("kvwire-alice", "--algorithm-endpoint", algorithms[0]))
        bob = stack.enter_context(
            service("kvwire-bob", "--channel-listen", "127.0.0.1:0", "--algorithm-endpoint",
                    algorithms[1]))
        rows = rows_of("run", *medians(alice, bob, options.runs))
        with awake_cores():
            rows += rows_of("run_awake", *medians(alice, bob, options.runs))
    context = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
               "runs": str(options.runs)}
    options.benchmark_out.write_text(json.dumps({"context": context, "benchmarks": rows}, indent=1))


if __name__ == "__main__":
    main()
