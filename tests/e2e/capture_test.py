"""The kernel's counts against a packet capture of the same connection."""

import collections
import re
import shutil
import subprocess
import tempfile
import time
import unittest

import programs

# Snapshots of about 1 KiB, 700 KiB and 16 MiB.
_SIZES = (
    ("--n", 16, "--d", 64, "--algorithm", "bitplane"),
    ("--n", 64, "--d", 64),
    ("--n", 128, "--d", 384),
)

_LAST = re.compile(r"Flags \[[FR]")
_SEGMENT = re.compile(r"IP (\S+) > (\S+): .*?seq (\d+):(\d+),")


class Capture:
    """tcpdump of one loopback port; the first bytes of a packet are enough for its header."""

    def __init__(self, port):
        self._file = tempfile.NamedTemporaryFile(suffix=".pcap")
        self._process = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-n", "-s", "96", "-B", "65536", "--immediate-mode", "-U", "-w",
             self._file.name, "tcp", "port", str(port)],
            stderr=subprocess.PIPE, text=True,
        )
        self.started = any("listening on" in line for line in self._process.stderr)

    def _packets(self):
        arguments = ["tcpdump", "-r", self._file.name, "-n", "-S"]
        return subprocess.run(arguments, capture_output=True, text=True).stdout

    def stop(self):
        """Returns the payload bytes by (source, destination), each byte once."""
        # Packets reach the file a moment after the wire; each end's FIN or RST is its last.
        deadline = time.monotonic() + 30
        while len(_LAST.findall(self._packets())) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        self._process.terminate()
        _, summary = self._process.communicate(timeout=programs.LIMIT_SECONDS)
        assert "0 packets dropped by kernel" in summary, summary
        streams = _stream_bytes(self._packets())
        self._file.close()
        return streams


def _stream_bytes(packets):
    segments = collections.defaultdict(set)
    for source, destination, begin, end in _SEGMENT.findall(packets):
        segments[source, destination].add((int(begin), int(end)))
    return {ends: _union(pieces) for ends, pieces in segments.items()}


def _union(pieces):
    """The length of a union of intervals of sequence numbers: a byte sent twice is one."""
    # Sequence numbers wrap; far apart in a short stream means that they did.
    begins = [begin for begin, _ in pieces]
    wrapped = max(begins) - min(begins) > 1 << 31
    shifted = [
        (begin + (1 << 32) * (wrapped and begin < 1 << 31), (end - begin) % (1 << 32))
        for begin, end in pieces
    ]
    total, reached = 0, 0
    for begin, length in sorted(shifted):
        total += max(0, begin + length - max(begin, reached))
        reached = max(reached, begin + length)
    return total


class CaptureTest(unittest.TestCase):
    def setUp(self):
        if shutil.which("tcpdump") is None:
            self.skipTest("tcpdump is not installed")

    def captured_run(self, services, arguments):
        port = services.bob.channel.rpartition(":")[2]
        capture = Capture(port)
        if not capture.started:
            self.skipTest("capturing is not permitted here")
        addresses = ("--alice", services.alice.listening, "--bob", services.bob.listening)
        result = programs.judged("run", *arguments, *addresses)
        streams = capture.stop()
        to_bob = [n for (_, destination), n in streams.items() if destination.endswith(f".{port}")]
        to_alice = [n for (source, _), n in streams.items() if source.endswith(f".{port}")]
        return result, to_bob, to_alice

    def test_sent_and_received_equal_the_capture_to_the_byte(self):
        with programs.services() as services:
            for arguments in _SIZES:
                with self.subTest(arguments=arguments):
                    result, to_bob, to_alice = self.captured_run(services, arguments)
                    alice, bob = result["alice"], result["bob"]
                    self.assertEqual([alice["tcp_payload_bytes_sent"]], to_bob)
                    self.assertEqual([bob["tcp_payload_bytes_received"]], to_bob)
                    self.assertEqual([bob["tcp_payload_bytes_sent"]], to_alice)


if __name__ == "__main__":
    programs.main()
