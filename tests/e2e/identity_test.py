"""What one caller opens no other one reaches, though both may call the service."""

import contextlib
import hashlib
import os
import shutil
import ssl
import unittest

import certificates
import http2_peer
import programs

algorithm_pb2, _, bob_pb2, channel_pb2 = http2_peer.messages(os.environ["KVWIRE_PLUGIN_MODULES"])

_OK, _NOT_FOUND, _PERMISSION_DENIED = 0, 5, 7
_ALGORITHM = "/kvwire.v1.AlgorithmService/"
_BOB = "/kvwire.v1.BobService/"
_RUN = 7


def _crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def _whole_message(data):
    request = channel_pb2.SendRequest(run_id=_RUN, parameters_digest=bytes(16), data=data)
    request.crc32c = _crc32c(data)
    request.finish_write.total_bytes = len(data)
    request.finish_write.sha256 = hashlib.sha256(data).digest()
    return request.SerializeToString()


class IdentityTest(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.folder = stack.enter_context(certificates.Folder())
        # Another driver: the same name, and one more.
        for kind in ("crt", "key"):
            shutil.copy(self.folder.file("driver", kind), self.folder.file("first", kind))
        self.folder.make("--host", "second.example")
        self.stack = stack

    def peer(self, name, endpoint):
        context = ssl.create_default_context(cafile=self.folder.file("ca"))
        context.load_cert_chain(self.folder.file(name), self.folder.file(name, "key"))
        return self.stack.enter_context(http2_peer.Peer(endpoint, tls=context))

    def service(self, name, *arguments):
        party = name.removeprefix("kvwire-").replace("algorithm", "bob-algorithm")
        return self.stack.enter_context(
            programs.Service(name, *self.folder.listens(party), *arguments))

    def test_a_session_is_there_for_who_opened_it_only(self):
        endpoint = self.service("kvwire-algorithm").listening
        alice, driver = self.peer("alice", endpoint), self.peer("driver", endpoint)
        request = algorithm_pb2.OpenRequest(protocol_version=1)
        request.parameters.algorithm, request.parameters.dims = "exact", 8
        self.assertEqual(_OK, alice.unary(_ALGORITHM + "Open", request.SerializeToString())[0])
        block = algorithm_pb2.IngestRequest(session_id=1, rows=1).SerializeToString()
        close = algorithm_pb2.CloseRequest(session_id=1).SerializeToString()
        self.assertEqual(_NOT_FOUND, driver.unary(_ALGORITHM + "Ingest", block)[0])
        self.assertEqual(_OK, driver.unary(_ALGORITHM + "Close", close)[0])
        self.assertEqual(_OK, alice.unary(_ALGORITHM + "Ingest", block)[0])

    def test_a_run_is_asked_about_by_one_driver_only(self):
        bob = self.service("kvwire-bob", "--algorithm-endpoint", "127.0.0.1:1")
        alice = self.peer("alice", bob.listening)
        sent = alice.unary("/kvwire.v1.OneWayChannelService/Send", _whole_message(b"message"))
        self.assertEqual(_OK, sent[0], sent)
        first, second = self.peer("first", bob.listening), self.peer("driver", bob.listening)
        wanted = bob_pb2.GetMessageRequest(run_id=_RUN).SerializeToString()
        close = bob_pb2.CloseRunRequest(run_id=_RUN).SerializeToString()
        self.assertEqual(_OK, first.unary(_BOB + "GetMessage", wanted)[0])
        self.assertEqual(_PERMISSION_DENIED, second.unary(_BOB + "GetMessage", wanted)[0])
        self.assertEqual(_PERMISSION_DENIED, second.unary(_BOB + "CloseRun", close)[0])
        self.assertEqual(_PERMISSION_DENIED, alice.unary(_BOB + "GetMessage", wanted)[0])
        self.assertEqual(_OK, first.unary(_BOB + "CloseRun", close)[0])


if __name__ == "__main__":
    programs.main()
