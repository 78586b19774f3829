"""Every limit of a service: what is over it is refused, with a code and what to do."""

import gzip
import os
import socket
import time
import unittest
import urllib.parse
import urllib.request

import http2_peer
import programs

algorithm_pb2, alice_pb2, bob_pb2, _ = http2_peer.messages(os.environ["KVWIRE_PLUGIN_MODULES"])

_CANCELLED, _RESOURCE_EXHAUSTED, _UNIMPLEMENTED = 1, 8, 12
_ALGORITHM = "/kvwire.v1.AlgorithmService/"
_ALICE = "/kvwire.v1.AliceService/"
_BOB = "/kvwire.v1.BobService/"
_CHANNEL = "/kvwire.v1.OneWayChannelService/"
_DIMS = 64


def _open_request(dims=_DIMS):
    request = algorithm_pb2.OpenRequest(protocol_version=1)
    request.parameters.algorithm = "exact"
    request.parameters.dims = dims
    return request


def _gauge(service, name):
    with urllib.request.urlopen(f"http://{service.metrics}/metrics") as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(name) and line[len(name)] in " {":
                return float(line.rpartition(" ")[2])
    return None


class LimitsTest(unittest.TestCase):
    def algorithm(self, *arguments):
        service = programs.Service("kvwire-algorithm", "--log-level", "off", *arguments)
        service.__enter__()
        self.addCleanup(service.__exit__, None, None, None)
        return service

    def peer(self, endpoint):
        peer = http2_peer.Peer(endpoint)
        self.addCleanup(peer.__exit__)
        return peer

    def assert_refused(self, outcome, code, *words):
        self.assertEqual(code, outcome[0], outcome)
        for word in words:
            self.assertIn(word, urllib.parse.unquote(outcome[1]))

    def open(self, peer, **options):
        return peer.unary(_ALGORITHM + "Open", _open_request(**options).SerializeToString())

    def ingest(self, peer, session, rows):
        block = algorithm_pb2.IngestRequest(session_id=session, rows=rows)
        block.keys = block.values = http2_peer.ones(_DIMS * rows)
        stream = peer.call(_ALGORITHM + "Ingest")
        peer.send(stream, http2_peer.framed(block.SerializeToString()), end=True)
        return peer.outcome(stream)

    def test_compressed_messages_are_refused_on_every_port(self):
        bomb = gzip.compress(bytes(64 << 20))
        with programs.services() as running:
            for endpoint, method in (
                    (running.alice.listening, _ALICE + "Generate"),
                    (running.bob.listening, _BOB + "GetLedger"),
                    (running.bob.channel, _CHANNEL + "Send"),
                    (running.alice_algorithm.listening, _ALGORITHM + "Open")):
                with self.subTest(method=method), http2_peer.Peer(endpoint) as peer:
                    outcome = peer.unary(method, bomb, ("grpc-encoding", "gzip"), compressed=True)
                    self.assert_refused(outcome, _UNIMPLEMENTED, "gzip", "disabled")

    def test_a_message_over_8_mib_is_refused(self):
        peer = self.peer(self.algorithm().listening)
        stream = peer.call(_ALGORITHM + "Ingest")
        peer.send(stream, http2_peer.framed(bytes((8 << 20) + 1)))
        self.assert_refused(peer.outcome(stream), _RESOURCE_EXHAUSTED, "larger than max", "8388608")

    def test_long_headers_are_refused(self):
        peer = self.peer(self.algorithm().listening)
        outcome = peer.unary(_ALGORITHM + "Describe", b"", ("x-long", "x" * 12000))
        self.assert_refused(outcome, _RESOURCE_EXHAUSTED, "metadata")

    def test_a_connection_has_so_many_streams_and_others_are_served_all_the_same(self):
        service = self.algorithm("--streams-per-connection", 3)
        peer = self.peer(service.listening)
        for _ in range(3):
            peer.call(_ALGORITHM + "Ingest")
        with self.assertRaisesRegex(Exception, "[Mm]ax"):
            peer.call(_ALGORITHM + "Ingest")
        self.assertEqual(0, self.open(self.peer(service.listening))[0])

    def test_a_caller_that_keeps_a_call_waiting_is_cut_off(self):
        service = self.algorithm("--idle-timeout", "300ms", "--metrics", "127.0.0.1:0")
        peer = self.peer(service.listening)
        stream = peer.call(_ALGORITHM + "Ingest")
        self.assert_refused(peer.outcome(stream), _CANCELLED)
        self.assertEqual(1, _gauge(service, "kvwire_calls_cut_off"))

    def test_sessions_that_nobody_uses_are_dropped(self):
        service = self.algorithm("--idle-timeout", "100ms", "--metrics", "127.0.0.1:0")
        self.assertEqual(0, self.open(self.peer(service.listening))[0])
        self.assertEqual(1, _gauge(service, "kvwire_sessions_open"))
        deadline = time.monotonic() + programs.LIMIT_SECONDS
        while _gauge(service, "kvwire_sessions_open") and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(0, _gauge(service, "kvwire_sessions_open"))
        self.assertEqual(0, _gauge(service, "kvwire_memory_booked_bytes"))

    def test_a_connection_that_says_nothing_is_closed(self):
        service = self.algorithm("--handshake-timeout", "300ms")
        host, _, port = service.listening.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=programs.LIMIT_SECONDS) as silent:
            while silent.recv(1 << 16):
                pass

    def test_one_caller_has_so_many_sessions(self):
        peer = self.peer(self.algorithm("--sessions-per-peer", 2).listening)
        for _ in range(2):
            self.assertEqual(0, self.open(peer)[0])
        self.assert_refused(self.open(peer), _RESOURCE_EXHAUSTED, "--sessions-per-peer")

    def test_sessions_share_one_budget_of_memory(self):
        service = self.algorithm("--memory-budget", "1MiB", "--metrics", "127.0.0.1:0")
        peer = self.peer(service.listening)
        for _ in range(2):
            self.assertEqual(0, self.open(peer)[0])
        outcomes = [self.ingest(peer, 1 + k % 2, rows=256) for k in range(16)]
        self.assertEqual(0, outcomes[0][0], outcomes)
        self.assert_refused(outcomes[-1], _RESOURCE_EXHAUSTED, "--memory-budget")
        booked = _gauge(service, "kvwire_memory_booked_bytes")
        self.assertTrue(1 << 18 < booked <= 1 << 20, booked)

    def test_readers_that_do_not_read_keep_nobody_waiting(self):
        service = self.algorithm()
        peer = self.peer(service.listening)
        self.assertEqual(0, self.open(peer)[0])
        for _ in range(4):
            self.assertEqual(0, self.ingest(peer, 1, rows=2048)[0])
        wanted = algorithm_pb2.SnapshotRequest(session_id=1).SerializeToString()
        stalled = []
        for _ in range(10):
            slow = self.peer(service.listening)
            slow.reads = False
            for _ in range(4):  # threads are 32
                stalled.append(slow.call(_ALGORITHM + "Snapshot"))
                slow.send(stalled[-1], http2_peer.framed(wanted), end=True)
        self.assertEqual(0, peer.unary(_ALGORITHM + "Snapshot", wanted)[0])
        # The cache is not locked either: what they have not read is stored elsewhere.
        self.assertEqual(0, self.ingest(peer, 1, rows=1)[0])
        slow.read_on()
        self.assertEqual([0] * 4, [slow.outcome(stream)[0] for stream in stalled[-4:]])

    def test_one_caller_has_so_many_runs_at_alice(self):
        with self.alice("--runs-per-peer", 1) as alice:
            opening = self.opening()
            first, second = self.peer(alice.listening), self.peer(alice.listening)
            stream = first.call(_ALICE + "Speak")
            first.send(stream, http2_peer.framed(opening))
            outcome = None
            while not outcome or outcome[0] == 3:  # INVALID_ARGUMENT: no bits came
                again = second.call(_ALICE + "Speak")
                second.send(again, http2_peer.framed(opening), end=True)
                outcome = second.outcome(again)
            self.assert_refused(outcome, _RESOURCE_EXHAUSTED, "--runs-per-peer")

    def test_alice_takes_no_more_bits_than_she_has_memory_for(self):
        with self.alice("--memory-budget", "1KiB") as alice:
            peer = self.peer(alice.listening)
            stream = peer.call(_ALICE + "Speak")
            peer.send(stream, http2_peer.framed(self.opening(n=4096)), end=True)
            self.assert_refused(peer.outcome(stream), _RESOURCE_EXHAUSTED, "--memory-budget")

    def test_bob_answers_no_more_than_he_has_memory_for(self):
        with programs.services(bob=("--memory-budget", "64KiB")) as running:
            at = ("--alice", running.alice.listening, "--bob", running.bob.listening)
            result = programs.judged("run", "--n", 32, "--d", 64, *at, expected_code=72)
            self.assertIn("--memory-budget", result["error"]["message"])

    def alice(self, *arguments):
        nowhere = ("--algorithm-endpoint", "127.0.0.1:1")
        return programs.Service("kvwire-alice", *nowhere, "--log-level", "off", *arguments)

    @staticmethod
    def opening(n=8):
        request = alice_pb2.SpeakRequest()
        opening = request.opening
        opening.protocol_version = 1
        opening.run_id = 1
        opening.channel_endpoint = "127.0.0.1:1"
        opening.connect_timeout_seconds = 1
        parameters = opening.parameters
        parameters.dims = 64
        parameters.sharpness = 1
        parameters.algorithm = "exact"
        parameters.problem = "index"
        parameters.frame = 1
        parameters.n = n
        return request.SerializeToString()


if __name__ == "__main__":
    programs.main()
