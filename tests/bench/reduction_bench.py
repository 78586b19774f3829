"""The whole reduction at n = 256, d = 256 over services on loopback, every query asked: its time
against that of the attention and the bytes alone, and the memory of each process against what its
role has to hold. Results are in the JSON of Google Benchmark.

  reduction_bench.py --benchmark_out=FILE [--n N] [--rounds N]

Of the time the fastest of some rounds counts, as it does of the kernel by itself and of the bytes;
of memory the largest.
"""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import time

import script

BIN = pathlib.Path(os.environ["KVWIRE_BIN"])
MIB = 1 << 20
DIMS = 256
MOST_TIMES = 1.5
MOST_MEMORY = 1.3
CHUNK = 4 * MIB  # of the channel
THREADS = min(2, len(os.sched_getaffinity(0)))  # for which attention_bench has a row
TRANSFERS = 5


def reduction(n):
    """The result of a run, and how long the command took."""
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder, "result.json")
        begin = time.monotonic()
        subprocess.run([BIN / "kvwire", "run", "--n", str(n), "--d", str(DIMS), "--queries", "all",
                        "--threads", str(THREADS), "--json", result],
                       stdout=subprocess.DEVNULL, check=True)
        return json.loads(result.read_text(encoding="utf-8")), time.monotonic() - begin


def attention_speed():
    """Operations a second of the kernel by itself."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out.json")
        subprocess.run([BIN / "attention_bench", f"--benchmark_out={out}",
                        f"--benchmark_filter=^n:128/d:256/threads:{THREADS}/"],
                       stdout=subprocess.DEVNULL, check=True)
        return json.loads(out.read_text(encoding="utf-8"))["benchmarks"][0]["FLOP/s"]


def transfer_seconds(size):
    """Of a TCP connection over loopback, for memory that is sent once."""
    data = memoryview(os.urandom(MIB) * (size // MIB + 1))[:size]
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = socket.create_connection(server.getsockname())
        receiver, _ = server.accept()
    with sender, receiver:
        begin = time.monotonic()
        thread = threading.Thread(target=sender.sendall, args=(data,), daemon=True)
        thread.start()
        buffer = bytearray(MIB)
        left = size
        while left > 0:
            received = receiver.recv_into(buffer)
            if received == 0:
                raise SystemExit("reduction_bench: the connection ended early")
            left -= received
        return time.monotonic() - begin


def operations(result):
    """Of attention: keys that are not zero, and 4 operations a query, key and coordinate."""
    parameters = result["parameters"]
    return 4 * result["queries"] * parameters["tokens"] * parameters["d"]


def held(result):
    """By process, the bytes that its role has to hold, besides what a process holds anyway."""
    bits = (result["payload_bits"] + 7) // 8
    state = (result["state_bits"] + 7) // 8
    keys = 4 * result["payload_bits"]  # the public ones, a number a bit
    return {
        "alice_algorithm": state,
        "bob_algorithm": state,
        # The bits as they came and as a vector; a chunk that is made and one that is sent.
        "alice": 2 * bits + 2 * CHUNK,
        # The message is in a file. First all keys, for how much they weigh in one another's
        # answers; then bits, and a byte of confidence for each.
        "bob": max(keys, bits + result["payload_bits"]),
        # First all keys, to solve for C; then the payload, masked and not, mask and answers, and
        # a byte of confidence for each.
        "driver": max(keys, 4 * bits + result["payload_bits"]),
    }


def time_rows(rounds, speed, n):
    result, whole = min(rounds, key=lambda one: one[0]["seconds"]["total"])
    attention = operations(result) / speed
    transfer = min(transfer_seconds(result["snapshot_bytes"]) for _ in range(TRANSFERS))
    least = attention + transfer
    label = f"{attention:.2f} s of attention + {transfer:.3f} s of bytes"
    run = result["seconds"]["total"]
    yield script.row(f"n:{n}/run", run, label, s=run, ratio=run / least, at_most=MOST_TIMES)
    yield script.row(f"n:{n}/command", whole, label, s=whole, ratio=whole / least)


def errors_row(results, n):
    errors = sum(result["bit_errors"] + result["changed_bits"] for result in results)
    label = (f"of {results[0]['payload_bits']} or changed in {results[0]['queries']} queries, "
             f"{len(results)} times")
    return script.row(f"n:{n}/errors", 0, label, bits=errors, ratio=errors, at_most=0)


def memory_rows(results, small, n):
    for role, most in held(results[0]).items():
        peak = max(result["peak_memory_bytes"][role] for result in results)
        idle = small["peak_memory_bytes"][role]
        label = f"{most / MIB:.1f} MiB to hold, and {idle / MIB:.1f} of a run at n = 8"
        yield script.row(f"n:{n}/memory/{role}", 0, label, B=peak, ratio=peak / (idle + most),
                         at_most=MOST_MEMORY)


def main():
    parser = script.parser("reduction_bench.py", __doc__)
    parser.add_argument("--n", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    speed = attention_speed()
    small, _ = reduction(8)
    rounds = [reduction(options.n) for _ in range(options.rounds)]
    results = [result for result, _ in rounds]
    rows = [*time_rows(rounds, speed, options.n), errors_row(results, options.n),
            *memory_rows(results, small, options.n)]
    seconds = [f"{result['seconds']['total']:.1f}" for result in results]
    script.write(options.benchmark_out, rows, seconds=" ".join(seconds))


if __name__ == "__main__":
    main()
