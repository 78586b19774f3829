"""Every byte of the connection from Alice to Bob has its place, and tshark finds the same frames."""

import collections
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest

import programs

# KVWIRE_WATERFALL_RUNS=100 takes more of them.
_RUNS = int(os.environ.get("KVWIRE_WATERFALL_RUNS", "20"))

# Messages of some 100 bytes to 16 MiB.
_MIXED = (
    ("--n", 2, "--d", 16, "--algorithm", "bitplane"),
    ("--n", 16, "--d", 64),
    ("--n", 64, "--d", 64, "--algorithm", "float16"),
    ("--problem", "tensor4", "--n", 8, "--d", 16),
    ("--n", 64, "--d", 128),
    ("--scales", "1,2,3,4,5,6,8,10,13,16", "--d", 64, "--algorithm", "q4_0"),
    ("--n", 32, "--d", 64, "--algorithm", "zero"),
    ("--n", 64, "--d", 256, "--algorithm", "bitplane"),
    ("--n", 128, "--d", 64, "--ask", "random:8"),
    ("--n", 128, "--d", 384),
)

_DIRECTIONS = ("alice_to_bob", "bob_to_alice")
_NOT_PERMITTED = 71
_FRAME_HEADER_BYTES = 9


def _tshark(file, port, *arguments):
    command = ["tshark", "-r", str(file), "-d", f"tcp.port=={port},http2", *arguments]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        raise AssertionError(outcome.stderr)
    return outcome.stdout


def _frames_by_tshark(file, port):
    """By source port: {type: [frames, payload bytes]}."""
    census = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    fields = ("-T", "fields", "-e", "tcp.srcport", "-e", "http2.type", "-e", "http2.length")
    for line in _tshark(file, port, "-Y", "http2.type", *fields).splitlines():
        source, types, lengths = line.split("\t")
        for kind, length in zip(types.split(","), lengths.split(","), strict=True):
            count = census[int(source) == port][int(kind)]
            count[0] += 1
            count[1] += int(length)
    return census


_TYPES = {"DATA": 0, "HEADERS": 1, "RST_STREAM": 3, "SETTINGS": 4, "PING": 6, "GOAWAY": 7,
          "WINDOW_UPDATE": 8}


def _frames(direction):
    return {_TYPES[name]: [count["frames"], count["payload_bytes"]]
            for name, count in direction["frames"].items()}


def _records(capture):
    """The global header of a pcap file and its packets, headers and all."""
    packets, at = [], 24
    while at < len(capture):
        size = 16 + struct.unpack_from("<I", capture, at + 8)[0]
        packets.append(capture[at:at + size])
        at += size
    return capture[:24], packets


class WaterfallTest(unittest.TestCase):
    def setUp(self):
        outcome = programs.kvwire("run", "--n", 2, "--d", 16, "--waterfall", "--json", "-")
        if outcome.code == _NOT_PERMITTED:
            self.skipTest("capturing is not permitted here")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pcap = pathlib.Path(folder.name, "run.pcap")

    def captured_run(self, services, *arguments):
        """The result of a run whose capture is kept, and the port of the channel."""
        addresses = ("--alice", services.alice.listening, "--bob", services.bob.listening)
        result = programs.judged("run", *arguments, *addresses, "--pcap", self.pcap)
        return result, int(services.bob.channel.rpartition(":")[2])

    def assert_no_residual(self, result):
        for name, end in zip(_DIRECTIONS, ("alice", "bob")):
            direction = result["waterfall"][name]
            count = result[end]["tcp_payload_bytes_sent"]
            self.assertEqual(0, direction["residual"])
            self.assertEqual(count, direction["kernel"])
            self.assertEqual(count, sum(direction["bytes"].values()))
            framed = sum(_FRAME_HEADER_BYTES * frame["frames"] + frame["payload_bytes"]
                         for frame in direction["frames"].values())
            self.assertEqual(count, framed + direction["bytes"]["preface"])
            packets = direction["packets"]
            self.assertEqual(packets["ip_bytes"], count + packets["ip_header_bytes"]
                             + packets["tcp_header_bytes"] + packets["retransmitted_bytes"])
            self.assertEqual(packets["ip_bytes"], result[end]["ip_bytes"])
            self.assertEqual(result[end]["retransmitted_bytes"], packets["retransmitted_bytes"])
        parts = result["waterfall"]["alice_to_bob"]["bytes"]
        snapshot = parts["snapshot_body"] + parts["snapshot_container"]
        self.assertEqual(result["snapshot_bytes"], snapshot)
        self.assertEqual(result["alice"]["message_bytes"], snapshot + parts["protobuf"])
        self.assertEqual(result["alice"]["grpc_bytes"],
                         snapshot + parts["protobuf"] + parts["grpc_prefixes"])
        self.assertEqual(0, parts["other_data"])

    def test_nothing_is_left_over_in_runs_of_mixed_sizes(self):
        with programs.services() as services:
            for k in range(_RUNS):
                arguments = _MIXED[k % len(_MIXED)]
                with self.subTest(run=k, arguments=arguments):
                    result, _ = self.captured_run(services, *arguments, "--seed", k)
                    self.assertEqual([], result["verdict"]["reasons"])
                    self.assert_no_residual(result)

    def test_tshark_finds_the_same_frames(self):
        if shutil.which("tshark") is None:
            self.skipTest("tshark is not installed")
        with programs.services() as services:
            for arguments in _MIXED[:5]:
                with self.subTest(arguments=arguments):
                    result, port = self.captured_run(services, *arguments)
                    census = _frames_by_tshark(self.pcap, port)
                    for name, from_bob in zip(_DIRECTIONS, (False, True)):
                        self.assertEqual(census[from_bob], _frames(result["waterfall"][name]))

    def test_wireshark_names_the_fields_by_the_proto_files(self):
        if shutil.which("tshark") is None:
            self.skipTest("tshark is not installed")
        protos = pathlib.Path(__file__).resolve().parents[2] / "proto"
        with programs.services() as services:
            _, port = self.captured_run(services, "--n", 4, "--d", 16)
        text = _tshark(self.pcap, port, "-V", "-o",
                       f'uat:protobuf_search_paths:"{protos}","TRUE"')
        for words in ("Message: kvwire.v1.SendRequest", "parameters_digest",
                      "Message: kvwire.v1.SendResponse", "committed_size"):
            self.assertIn(words, text)

    def test_a_saved_capture_says_the_same_as_the_run(self):
        with programs.services() as services:
            result, port = self.captured_run(services, "--n", 32, "--d", 64)
        found = programs.judged("waterfall", self.pcap)["connections"]
        self.assertEqual([f"127.0.0.1:{port}"], [connection["server"] for connection in found])
        self.assertEqual([result["run_id"]], [connection["run_id"] for connection in found])
        for name in _DIRECTIONS:
            for key, value in found[0][name].items():
                self.assertEqual(result["waterfall"][name][key], value)

    def test_without_one_packet_there_is_no_waterfall(self):
        with programs.services() as services:
            _, port = self.captured_run(services, "--n", 32, "--d", 64)
        header, packets = _records(self.pcap.read_bytes())
        largest = max(packets, key=len)
        self.pcap.write_bytes(header + b"".join(p for p in packets if p is not largest))
        found = programs.judged("waterfall", self.pcap, "--port", port, expected_code=3)
        self.assertIn("missing from the capture", found["connections"][0]["error"])

    def test_a_packet_that_came_twice_counts_as_sent_again(self):
        with programs.services() as services:
            result, port = self.captured_run(services, "--n", 32, "--d", 64)
        header, packets = _records(self.pcap.read_bytes())
        largest = packets.index(max(packets, key=len))
        twice = packets[:largest + 1] + packets[largest:]
        self.pcap.write_bytes(header + b"".join(twice))
        found = programs.judged("waterfall", self.pcap, "--port", port)["connections"][0]
        before = result["waterfall"]["alice_to_bob"]
        after = found["alice_to_bob"]
        self.assertEqual(before["bytes"], after["bytes"])
        self.assertGreater(after["packets"]["retransmitted_bytes"],
                           before["packets"]["retransmitted_bytes"])

    def test_the_text_is_for_people(self):
        outcome = programs.kvwire("run", "--n", 8, "--d", 16, "--waterfall")
        self.assertEqual(0, outcome.code, outcome)
        for words in ("snapshot body", "HEADERS (HPACK)", "the kernel's count", "residual",
                      "IP headers", "frames of DATA", "verdict: ok"):
            self.assertIn(words, outcome.stdout)

    def test_a_file_that_is_no_capture_is_refused(self):
        for content in (b"", b"not a capture" * 10):
            self.pcap.write_bytes(content)
            outcome = programs.kvwire("waterfall", self.pcap)
            self.assertEqual(2, outcome.code, outcome)
            self.assertIn(str(self.pcap), outcome.stderr)
        self.assertEqual(2, programs.kvwire("waterfall", "/nonexistent").code)
        self.assertEqual(2, programs.kvwire("run", "--n", 2, "--waterfall",
                                            "--capture-interface", "nosuch0").code)


class PrivilegeTest(unittest.TestCase):
    def test_without_the_privilege_the_message_says_what_to_do(self):
        if os.geteuid() == 0 and shutil.which("setpriv") is None:
            self.skipTest("setpriv is not installed")
        prefix = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
        without = prefix if os.geteuid() == 0 else ()
        outcome = programs.kvwire("run", "--n", 2, "--waterfall", "--json", "-", prefix=without)
        if outcome.code == 0:
            self.skipTest("everybody may capture here")
        error = json.loads(outcome.stdout)["error"]
        self.assertEqual((_NOT_PERMITTED, "PERMISSION_DENIED"), (error["exit"], error["code"]))
        self.assertIn("CAP_NET_RAW", error["message"])


if __name__ == "__main__":
    programs.main()
