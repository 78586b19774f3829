"""A service that is asked to end finishes what is under way, and begins nothing new."""

import contextlib
import os
import signal
import time
import unittest

import drains
import http2_peer
import programs

algorithm_pb2, _, _, _ = http2_peer.messages(os.environ["KVWIRE_PLUGIN_MODULES"])

_OK, _UNAVAILABLE = 0, 14
_ALGORITHM = "/kvwire.v1.AlgorithmService/"
_HEALTH = "/grpc.health.v1.Health/Check"
_NOT_SERVING = b"\x08\x02"
_DRAINS = 12


def _open_request():
    request = algorithm_pb2.OpenRequest(protocol_version=1)
    request.parameters.algorithm, request.parameters.dims = "exact", 8
    return request.SerializeToString()


class DrainTest(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.service = stack.enter_context(programs.Service("kvwire-algorithm"))
        self.peer = stack.enter_context(http2_peer.Peer(self.service.listening, keeps=True))

    def drain(self):
        """Asks the service to end and waits until it knows."""
        self.service.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + programs.LIMIT_SECONDS
        health = None
        while health != [_NOT_SERVING] and time.monotonic() < deadline:
            stream = self.peer.call(_HEALTH)
            self.peer.send(stream, http2_peer.framed(b""), end=True)
            self.assertEqual(_OK, self.peer.outcome(stream)[0])
            health = http2_peer.unframed(self.peer.take_data(stream))
        self.assertEqual([_NOT_SERVING], health)

    def test_a_session_goes_on_to_its_end_and_no_other_is_opened(self):
        self.assertEqual(_OK, self.peer.unary(_ALGORITHM + "Open", _open_request())[0])
        self.drain()
        code, message = self.peer.unary(_ALGORITHM + "Open", _open_request())
        self.assertEqual(_UNAVAILABLE, code)
        self.assertIn("begins nothing new", message)
        restore = algorithm_pb2.RestoreRequest()
        restore.open.ParseFromString(_open_request())
        code, message = self.peer.unary(_ALGORITHM + "Restore", restore.SerializeToString())
        self.assertEqual(_UNAVAILABLE, code)
        self.assertIn("begins nothing new", message)
        block = algorithm_pb2.IngestRequest(session_id=1, rows=1).SerializeToString()
        self.assertEqual(_OK, self.peer.unary(_ALGORITHM + "Ingest", block)[0])
        wanted = algorithm_pb2.SnapshotRequest(session_id=1).SerializeToString()
        self.assertEqual(_OK, self.peer.unary(_ALGORITHM + "Snapshot", wanted)[0])
        close = algorithm_pb2.CloseRequest(session_id=1).SerializeToString()
        self.assertEqual(_OK, self.peer.unary(_ALGORITHM + "Close", close)[0])
        # Else it would wait until this end has taken note.
        self.peer.__exit__()
        self.assertEqual(143, self.service.wait().code)

    def test_a_second_signal_ends_it_at_once(self):
        self.assertEqual(_OK, self.peer.unary(_ALGORITHM + "Open", _open_request())[0])
        self.drain()
        self.service.send_signal(signal.SIGINT)
        self.assertEqual(130, self.service.wait().code)


class LoadTest(unittest.TestCase):
    def test_runs_get_through_while_services_are_drained_in_turn(self):
        self.assertEqual([], drains.measure(_DRAINS))


if __name__ == "__main__":
    programs.main()
