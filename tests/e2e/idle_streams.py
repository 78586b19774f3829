"""Thousands of calls that say nothing: what they cost each service, and who is still served.

KVWIRE_IDLE_STREAMS is how many (10000). Prints one line a service; fails if threads grow with the
number of calls, or somebody else is not served.
"""

import contextlib
import os
import pathlib
import statistics
import sys
import time
import urllib.request

import http2_peer
import programs

STREAMS = int(os.environ.get("KVWIRE_IDLE_STREAMS", "10000"))
_PER_CONNECTION = 100
_MOST_NEW_THREADS = 16
_HEALTHY_CALLS = 50

_ALGORITHM = "/kvwire.v1.AlgorithmService/"
_IDLE_CALLS = {
    "alice": "/kvwire.v1.AliceService/Speak",
    "bob": "/kvwire.v1.OneWayChannelService/Send",
    "algorithm": _ALGORITHM + "Ingest",
}
_HEALTH = "/grpc.health.v1.Health/Check"


def status(pid, key):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    raise KeyError(key)


def _open_calls(service):
    with urllib.request.urlopen(f"http://{service.metrics}/metrics") as answer:
        return sum(float(line.rpartition(" ")[2]) for line in answer.read().decode().splitlines()
                   if line.startswith("kvwire_calls_open{"))


def _served(endpoint):
    """Seconds that each of some healthy calls takes, each over a connection of its own."""
    took = []
    for _ in range(_HEALTHY_CALLS):
        start = time.monotonic()
        with http2_peer.Peer(endpoint) as peer:
            outcome = peer.unary(_HEALTH, b"")
        if outcome[0] != 0:
            raise AssertionError(f"a healthy caller is not served: {outcome}")
        took.append(time.monotonic() - start)
    return took


def measure(name, service, endpoint, streams=STREAMS):
    """Holds that many idle calls at a service; returns the row of the table."""
    threads, resident = status(service.pid, "Threads"), status(service.pid, "VmRSS")
    with contextlib.ExitStack() as stack:
        for first in range(0, streams, _PER_CONNECTION):
            peer = stack.enter_context(http2_peer.Peer(endpoint))
            for _ in range(min(_PER_CONNECTION, streams - first)):
                peer.call(_IDLE_CALLS[name])
        deadline = time.monotonic() + programs.LIMIT_SECONDS
        while _open_calls(service) < streams and time.monotonic() < deadline:
            time.sleep(0.1)
        held = int(_open_calls(service))
        took = _served(endpoint)
        row = (name, held, threads, status(service.pid, "Threads"),
               (status(service.pid, "VmRSS") - resident) / 1024,
               1000 * statistics.median(took), 1000 * max(took))
    print("%-10s %8d %8d %8d %12.1f %12.2f %12.2f" % row, flush=True)
    return row


def check(row, streams=STREAMS):
    name, held, before, during = row[:4]
    faults = []
    if held < streams:
        faults.append(f"{name} holds {held} calls instead of {streams}")
    if during > before + _MOST_NEW_THREADS:
        faults.append(f"{name} went from {before} to {during} threads")
    return faults


def started(stack, name):
    arguments = () if name == "algorithm" else ("--algorithm-endpoint", "127.0.0.1:1")
    flags = ("--metrics", "127.0.0.1:0", "--log-level", "off")
    return stack.enter_context(programs.Service(f"kvwire-{name}", *arguments, *flags))


def main():
    print("%-10s %8s %8s %8s %12s %12s %12s" % (
        "service", "idle", "threads", "then", "MiB more", "ms median", "ms worst"))
    faults = []
    for name in _IDLE_CALLS:
        with contextlib.ExitStack() as stack:
            service = started(stack, name)
            faults += check(measure(name, service, service.listening))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
