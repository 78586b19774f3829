"""Under TLS every byte has its place too, and what is inside is what tshark finds there."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

import certificates
import programs

_MIXED = (
    ("--n", 2, "--d", 16, "--algorithm", "bitplane"),
    ("--n", 16, "--d", 64),
    ("--n", 64, "--d", 64, "--algorithm", "float16"),
    ("--n", 32, "--d", 64, "--algorithm", "zero"),
    ("--n", 64, "--d", 128),
    ("--n", 128, "--d", 64, "--ask", "random:8"),
)
_NOT_PERMITTED = 71
_FRAME_HEADER_BYTES = 9
# Of a record of TLS 1.3 without padding: its content type, and a tag of 16 bytes.
_PROTECTION_BYTES = 17
_DIRECTIONS = ("alice_to_bob", "bob_to_alice")


class WaterfallTlsTest(unittest.TestCase):
    def setUp(self):
        outcome = programs.kvwire("run", "--n", 2, "--d", 16, "--waterfall", "--json", "-")
        if outcome.code == _NOT_PERMITTED:
            self.skipTest("capturing is not permitted here")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pcap = pathlib.Path(folder.name, "run.pcap")
        self.key_log = pathlib.Path(folder.name, "keys.log")

    def assert_no_residual(self, result):
        for name, end in zip(_DIRECTIONS, ("alice", "bob")):
            direction = result["waterfall"][name]
            count = result[end]["tcp_payload_bytes_sent"]
            self.assertEqual(0, direction["residual"])
            self.assertEqual(count, sum(direction["bytes"].values()))
            framed = sum(_FRAME_HEADER_BYTES * frame["frames"] + frame["payload_bytes"]
                         for frame in direction["frames"].values())
            tls = sum(count for part, count in direction["bytes"].items() if part.startswith("tls_"))
            self.assertEqual(count, framed + direction["bytes"]["preface"] + tls)
            for part in ("tls_record_headers", "tls_handshake", "tls_protection"):
                self.assertGreater(direction["bytes"][part], 0, part)

    def test_nothing_is_left_over_in_runs_of_mixed_sizes(self):
        for k, arguments in enumerate(_MIXED):
            with self.subTest(arguments=arguments):
                result = programs.judged("run", *arguments, "--tls", "--waterfall", "--seed", k)
                self.assert_no_residual(result)

    def test_tshark_finds_the_same_records_and_frames(self):
        if shutil.which("tshark") is None:
            self.skipTest("tshark is not installed")
        result, port = self.captured_run()
        self.assert_no_residual(result)
        # gRPC 1.51 ends the lines with CR alone, which tshark does not know.
        lines = self.key_log.read_bytes().replace(b"\r", b"\n")
        self.key_log.write_bytes(lines)
        found = self.dissected(port)
        for name, from_bob in zip(_DIRECTIONS, (False, True)):
            direction = result["waterfall"][name]
            records, frames, undissected = found[from_bob]
            self.assertEqual(direction["bytes"]["tls_record_headers"], 5 * len(records))
            self.assertEqual(direction["total"], sum(records) + 5 * len(records))
            counts = direction["frames"].values()
            self.assertEqual(
                sum(_FRAME_HEADER_BYTES * count["frames"] + count["payload_bytes"] for count in counts),
                sum(_FRAME_HEADER_BYTES + length for length in frames) + undissected)
            # tshark lists the preface as a frame without a length.
            if not undissected:
                self.assertEqual(sum(count["frames"] for count in counts), len(frames))

    def dissected(self, port):
        """By whether Bob sent them: lengths of records, of frames, and bytes that tshark leaves
        alone. It knows HTTP/2 by Alice's preface, which Bob need not wait for: his first frames
        are mere application data to it if they come before."""
        fields = ("tcp.srcport", "tls.record.length", "http2.length", "_ws.col.Info")
        command = ("tshark", "-r", self.pcap, "-o", f"tls.keylog_file:{self.key_log}", "-d",
                   f"tcp.port=={port},tls", "-Y", "tls", "-T", "fields",
                   *(word for field in fields for word in ("-e", field)))
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = {True: ([], [], 0), False: ([], [], 0)}
        preface_seen = False
        for line in lines.splitlines():
            source, record, frame, info = line.split("\t")
            from_bob = int(source) == port
            records, frames, undissected = found[from_bob]
            lengths = [int(length) for length in record.split(",") if length]
            preface_seen = preface_seen or "Magic" in info
            if info == "Application Data" and from_bob and not preface_seen:
                undissected += sum(length - _PROTECTION_BYTES for length in lengths)
            found[from_bob] = (records + lengths,
                               frames + [int(length) for length in frame.split(",") if length],
                               undissected)
        return found

    def test_a_saved_capture_needs_the_keys(self):
        result, port = self.captured_run()
        found = programs.judged("waterfall", self.pcap, "--tls-key-log", self.key_log)
        row = found["connections"][0]
        self.assertEqual(result["run_id"], row["run_id"])
        for name in _DIRECTIONS:
            self.assertEqual(result["waterfall"][name]["bytes"], row[name]["bytes"])
        locked = programs.judged("waterfall", self.pcap, "--port", port, expected_code=3)
        self.assertIn("--tls-key-log", locked["connections"][0]["error"])

    def captured_run(self):
        """The result of a run between services started by hand, and the port of the channel."""
        with certificates.Folder() as folder:
            alice = ("--tls-key-log", self.key_log)
            with certificates.services(folder, alice=alice) as running:
                result = programs.judged(
                    "run", "--n", 64, "--d", 64, *folder.dials("driver"),
                    "--alice", running.alice.listening, "--bob", running.bob.listening,
                    "--pcap", self.pcap, "--tls-key-log", self.key_log)
                return result, int(running.bob.channel.rpartition(":")[2])


if __name__ == "__main__":
    programs.main()
