"""The whole reduction at n = 256, d = 256 over services on loopback, every query asked: its time
against that of the attention and the bytes alone, and the memory of each process against what its
role has to hold. Results are in the JSON of Google Benchmark.

  reduction_bench.py --benchmark_out=FILE [--n N] [--rounds N]

The fastest of some rounds counts, as it does of the kernel by itself.
"""

import argparse
import datetime
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import time

BIN = pathlib.Path(os.environ["KVWIRE_BIN"])
MIB = 1 << 20
DIMS = 256
MOST_TIMES = 1.5
MOST_MEMORY = 1.3
CHUNK = 4 * MIB  # of the channel


def reduction(n):
    """The result of a run, and how long the command took."""
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder, "result.json")
        begin = time.monotonic()
        subprocess.run([BIN / "kvwire", "run", "--n", str(n), "--d", str(DIMS), "--queries", "all",
                        "--json", result], stdout=subprocess.DEVNULL, check=True)
        return json.loads(result.read_text(encoding="utf-8")), time.monotonic() - begin


def attention_speed():
    """Operations a second of the kernel, by itself, on all cores."""
    threads = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out.json")
        subprocess.run([BIN / "attention_bench", f"--benchmark_filter=^n:128/d:256/threads:{threads}/",
                        f"--benchmark_out={out}"], stdout=subprocess.DEVNULL, check=True)
        return json.loads(out.read_text(encoding="utf-8"))["benchmarks"][0]["FLOP/s"]


def transfer_speed(size):
    """Bytes a second of a TCP connection over loopback, of memory that is sent once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        data = memoryview(os.urandom(MIB) * (size // MIB + 1))[:size]

        def send():
            with socket.create_connection(server.getsockname()) as sender:
                sender.sendall(data)

        begin = time.monotonic()
        thread = threading.Thread(target=send)
        thread.start()
        receiver, _ = server.accept()
        with receiver:
            buffer = bytearray(MIB)
            while receiver.recv_into(buffer):
                pass
        took = time.monotonic() - begin
        thread.join()
    return size / took


def operations(parameters):
    """Of attention: keys that are not zero, and 4 operations a query, key and coordinate."""
    return 4 * parameters["queries"] * parameters["tokens"] * parameters["d"]


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
        # The message. He looks at the products of all keys before, and not meanwhile.
        "bob": max(result["snapshot_bytes"], keys),
        # Before the run C is solved for, from all keys; in it there are the payload, masked and
        # not, mask and answers, and a byte of confidence for each.
        "driver": max(keys, 4 * bits + result["payload_bits"]),
    }


def row(name, figures, label):
    return {"name": name, "run_name": name, "run_type": "iteration", "iterations": 1,
            "real_time": 0, "cpu_time": 0, "time_unit": "ns", "label": label, **figures}


def time_rows(result, whole, n):
    attention = operations(result["parameters"]) / attention_speed()
    transfer = result["snapshot_bytes"] / transfer_speed(result["snapshot_bytes"])
    least = attention + transfer
    label = f"{attention:.2f} s of attention + {transfer:.3f} s of bytes"
    run = result["seconds"]["total"]
    yield row(f"n:{n}/run", {"s": run, "ratio": run / least, "at_most": MOST_TIMES}, label)
    yield row(f"n:{n}/command", {"s": whole, "ratio": whole / least}, label)


def errors_row(results, n):
    errors = sum(result["bit_errors"] + result["asked_errors"] for result in results)
    return row(f"n:{n}/errors", {"bits": errors, "ratio": errors, "at_most": 0},
               f"of {len(results)} x {results[0]['payload_bits']}, {results[0]['queries']} queries")


def memory_rows(result, small, n):
    for role, most in held(result).items():
        peak, idle = result["peak_memory_bytes"][role], small["peak_memory_bytes"][role]
        yield row(f"n:{n}/memory/{role}",
                  {"B": peak, "ratio": peak / (idle + most), "at_most": MOST_MEMORY},
                  f"{most / MIB:.1f} MiB to hold, and {idle / MIB:.1f} of a run at n = 8")


def main():
    parser = argparse.ArgumentParser(prog="reduction_bench.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark_out", type=pathlib.Path, required=True)
    parser.add_argument("--benchmark_out_format", choices=["json"], default="json")
    parser.add_argument("--n", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    small, _ = reduction(8)
    rounds = [reduction(options.n) for _ in range(options.rounds)]
    result, whole = min(rounds, key=lambda one: one[0]["seconds"]["total"])
    rows = [*time_rows(result, whole, options.n), errors_row([one for one, _ in rounds], options.n),
            *memory_rows(result, small, options.n)]
    context = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}
    options.benchmark_out.write_text(json.dumps({"context": context, "benchmarks": rows}, indent=1))


if __name__ == "__main__":
    main()
