"""How long a run at n = 8 takes against services that are running, from the start of the command
to its verdict. Results are in the JSON of Google Benchmark.

  latency_bench.py --benchmark_out=FILE [--runs N]
"""

import contextlib
import os
import pathlib
import statistics
import subprocess
import time

import script

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
    return script.row(f"latency/{name}", value / 1e3, label, ms=value, ratio=value / most,
                      at_most=1.0)


def main():
    parser = script.parser("latency_bench.py", __doc__)
    parser.add_argument("--runs", type=int, default=51)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        algorithms = [stack.enter_context(service("kvwire-algorithm")) for _ in range(2)]
        alice = stack.enter_context(service("kvwire-alice", "--algorithm-endpoint", algorithms[0]))
        bob = stack.enter_context(
            service("kvwire-bob", "--channel-listen", "127.0.0.1:0", "--algorithm-endpoint",
                    algorithms[1]))
        whole, loading = medians(alice, bob, options.runs)
    rows = [row("run", whole, MOST_MILLISECONDS, f"{MOST_MILLISECONDS} ms, start to verdict"),
            row("run_from_main", whole - loading, MOST_FROM_MAIN_MILLISECONDS,
                f"{MOST_FROM_MAIN_MILLISECONDS} ms, without what kvwire --version takes")]
    script.write(options.benchmark_out, rows, runs=str(options.runs))


if __name__ == "__main__":
    main()
