"""1 GiB from the memory of one process to that of another, over gRPC as kvwire does it, against a
raw TCP copy of the same bytes, iperf3, and what gRPC does by default. Results are in the JSON of
Google Benchmark. Needs root for its network namespaces (ip netns), and iperf3.

  transfer_bench.py --benchmark_out=FILE [--bytes N] [--rounds N] [--networks lo,veth,segments,rtt]
"""

import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import script

BIN = pathlib.Path(os.environ["KVWIRE_BIN"])
MIB = 1 << 20

# What is measured, in the order of a round. Whatever else the machine does meets all of them.
MODES = ("tcp", "plain", "assembled", "slices", "message")

# (mode, whose time it is compared with, at least how many times as fast), by network.
LIMITS = {
    "lo": (("assembled", "tcp", 0.60), ("slices", "tcp", 0.80), ("assembled", "plain", 2.0)),
    "veth": (("assembled", "tcp", 0.60), ("slices", "tcp", 0.80), ("assembled", "plain", 2.0)),
    # Segments of 1500 bytes, as on a wire: the link is the limit.
    "segments": (("assembled", "tcp", 0.95),),
    "rtt10": (("assembled", "plain", 1.0),),
    "rtt50": (("assembled", "plain", 1.0),),
}
# Each also without a limit: what it is like.
SHOWN = {
    "lo": ("plain", "message"),
    "veth": ("plain", "message"),
    "segments": ("plain", "slices"),
}
# Memory beyond the source and the destination, and bytes beyond the snapshot's.
MOST_SENDER_MIB = 32
MOST_RECEIVER_MIB = 96


def most_overhead(size):
    """Bytes that the whole forward direction may have beyond `size`."""
    if size <= MIB:
        return 480
    return size * (20e-6 if size >= 1 << 30 else 64e-6)


class End:
    """A process that answers each line with one of JSON."""

    def __init__(self, command):
        # Bob keeps messages in files: here in memory, as everybody else.
        self._process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env={**os.environ, "TMPDIR": "/dev/shm"})

    def line(self):
        text = self._process.stdout.readline()
        if not text:
            sys.exit(f"transfer_bench: {self._process.args} ended with {self._process.wait()}")
        return text.strip()

    def ask(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self.line())

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Network:
    """Two namespaces joined by a veth pair; `local` is both ends in the first one."""

    def __init__(self, offload=True):
        self.names = [f"kvwire-bench-{os.getpid()}-{side}" for side in "ab"]
        for name in self.names:
            _run("ip", "netns", "add", name)
            self._inside(name, "ip", "link", "set", "lo", "up")
        a, b = self.names
        self._inside(a, "ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth0",
                     "netns", b)
        for k, name in enumerate(self.names):
            self._inside(name, "ip", "address", "add", f"10.77.0.{k + 1}/24", "dev", "veth0")
            self._inside(name, "ip", "link", "set", "veth0", "mtu", "1500", "up")
            if not offload:
                self._inside(name, "ethtool", "-K", "veth0", "tso", "off", "gso", "off", "gro", "off")
        self.congestion = self._choose_congestion()

    def _inside(self, name, *command):
        _run("ip", "netns", "exec", name, *command)

    def _choose_congestion(self):
        """bbr, the default of some machines, makes raw TCP several times slower on these links."""
        for choice in ("cubic", "reno"):
            path = "/proc/sys/net/ipv4/tcp_congestion_control"
            for name in self.names:
                subprocess.run(["ip", "netns", "exec", name, "sh", "-c", f"echo {choice} > {path}"],
                               stderr=subprocess.DEVNULL, check=False)
            now = subprocess.run(["ip", "netns", "exec", self.names[0], "cat", path],
                                 capture_output=True, text=True, check=True).stdout.strip()
            if now == choice:
                return choice
        return now

    def prefix(self, side):
        return ["ip", "netns", "exec", self.names[side]]

    def close(self):
        for name in self.names:
            _run("ip", "netns", "delete", name)


def _run(*command):
    subprocess.run(command, check=True)


class Pair:
    """The two ends of one mode, ready for any number of transfers."""

    def __init__(self, network, mode, size, local, one_way_ms=0):
        self.mode, self.size = mode, size
        receiving = 0 if local else 1
        host = "127.0.0.1" if local else "10.77.0.2"
        at = network.prefix(receiving)
        self.receiver = End([*at, BIN / "transfer_end", "receive", mode, host, size])
        port = self.receiver.line().split()[1]
        self.relay = None
        if one_way_ms:
            self.relay = End([*at, BIN / "delay_relay", host, host, port, one_way_ms])
            port = self.relay.line().split()[1]
        self.sender = End([*network.prefix(0), BIN / "transfer_end", "send", mode, f"{host}:{port}",
                           size])
        self.seconds, self.sent, self.received = [], None, None

    def transfer(self):
        self.sent = self.sender.ask()
        self.received = self.receiver.ask()
        if self.received["keeps"] and self.received["crc32c"] != self.sent["crc32c"]:
            sys.exit(f"transfer_bench: {self.mode} brought other bytes than were sent")
        self.seconds.append(self.sent["seconds"])

    def close(self):
        for end in (self.sender, self.relay, self.receiver):
            if end:
                end.close()


def iperf3_rate(network, local):
    """Bytes a second, from buffers that stay in the cache: no copy of real memory."""
    host = "127.0.0.1" if local else "10.77.0.2"
    with subprocess.Popen([*network.prefix(0 if local else 1), "iperf3", "-s", "-1", "-B", host,
                           "--forceflush"], stdout=subprocess.PIPE, text=True) as server:
        while "listening" not in server.stdout.readline():
            pass
        client = subprocess.run([*network.prefix(0), "iperf3", "-c", host, "-l", "1M", "-t", "2", "-J"],
                                capture_output=True, text=True, check=True)
        server.communicate()
    return json.loads(client.stdout)["end"]["sum_received"]["bits_per_second"] / 8


def row(name, seconds, size, label, **counters):
    return script.row(f"transfer/{name}", seconds, label, bytes_per_second=size / seconds,
                      **counters)


def network_rows(name, pairs, iperf3):
    medians = {mode: statistics.median(pair.seconds) for mode, pair in pairs.items()}
    size = next(iter(pairs.values())).size
    if "tcp" in medians:
        yield row(f"{name}/tcp", medians["tcp"], size, "send() and recv() of 1 MiB")
    if iperf3:
        yield row(f"{name}/iperf3", size / iperf3, size, "tcp; buffers that stay in the cache",
                  ratio=iperf3 * medians["tcp"] / size)
    for mode in SHOWN.get(name, ()):
        yield row(f"{name}/{mode}", medians[mode], size, "tcp", ratio=medians["tcp"] / medians[mode])
    for mode, peer, limit in LIMITS[name]:
        suffix = "" if peer == "tcp" else f"/{peer}"
        yield row(f"{name}/{mode}{suffix}", medians[mode], size, peer,
                  ratio=medians[peer] / medians[mode], limit=limit)
    if name == "lo":
        yield from resource_rows(name, pairs, size)


def resource_rows(name, pairs, size):
    for mode in ("assembled", "message"):
        pair = pairs[mode]
        beyond = pair.sent["wire_bytes"] - size
        yield row(f"{name}/{mode}/overhead", min(pair.seconds), size,
                  "bytes on the wire beyond the snapshot's, over what they may be",
                  ratio=beyond / most_overhead(size), at_most=1.0, B=beyond)
        for end, report, has, most in (("sender", pair.sent, size, MOST_SENDER_MIB),
                                       ("receiver", pair.received,
                                        size if pair.received["keeps"] else 0, MOST_RECEIVER_MIB)):
            extra = report["peak_kib"] / 1024 - has / MIB
            yield row(f"{name}/{mode}/{end}_memory", min(pair.seconds), size,
                      "peak beyond the snapshot, over what it may be",
                      ratio=extra / most, at_most=1.0, MiB=extra)


def measure(name, network, size, rounds, modes, **kind):
    pairs = {mode: Pair(network, mode, size, **kind) for mode in modes}
    for pair in pairs.values():
        pair.transfer()  # the first one warms up
        pair.seconds.clear()
    for _ in range(rounds):
        for pair in pairs.values():
            pair.transfer()
    for pair in pairs.values():
        pair.close()
    iperf3 = iperf3_rate(network, kind["local"]) if name in ("lo", "veth") else None
    rows = list(network_rows(name, pairs, iperf3))
    for found in rows:
        print(f"{found['name']:40} {found['bytes_per_second'] / 1e9:6.2f} GB/s"
              f"  ratio {found.get('ratio', float('nan')):6.3f}"
              f"  limit {found.get('limit', found.get('at_most', float('nan'))):g}", file=sys.stderr)
    return rows


def measure_all(options):
    rows = []
    with contextlib.closing(Network()) as network:
        if "lo" in options.networks:
            rows += measure("lo", network, options.bytes, options.rounds, MODES, local=True)
        if "veth" in options.networks:
            rows += measure("veth", network, options.bytes, options.rounds, MODES, local=False)
        for milliseconds in (10, 50) if "rtt" in options.networks else ():
            rows += measure(f"rtt{milliseconds}", network, options.bytes, options.rounds,
                            ("plain", "assembled"), local=True, one_way_ms=milliseconds / 2)
        congestion = network.congestion
    if "segments" in options.networks:
        with contextlib.closing(Network(offload=False)) as network:
            rows += measure("segments", network, options.bytes, options.rounds,
                            ("tcp", "plain", "assembled", "slices"), local=False)
    return rows, congestion


def main():
    parser = script.parser("transfer_bench.py", __doc__)
    parser.add_argument("--bytes", type=int, default=1 << 30, help="of a transfer")
    parser.add_argument("--rounds", type=int, default=5, help="of which the medians are taken")
    parser.add_argument("--networks", type=lambda text: text.split(","),
                        default=["lo", "veth", "rtt", "segments"])
    options = parser.parse_args()
    for program in ("ip", "iperf3", "ethtool"):
        if not shutil.which(program):
            sys.exit(f"transfer_bench: {program} is missing")
    if os.geteuid() != 0:
        sys.exit("transfer_bench: network namespaces need root")
    rows, congestion = measure_all(options)
    script.write(options.benchmark_out, rows, bytes=str(options.bytes),
                 rounds=str(options.rounds), **{"congestion control": congestion})


if __name__ == "__main__":
    main()
