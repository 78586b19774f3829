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

algorithm_pb2, alice_pb2, bob_pb2, channel_pb2 = http2_peer.messages(os.environ["KVWIRE_PLUGIN_MODULES"])

_OK, _INVALID_ARGUMENT, _NOT_FOUND, _PERMISSION_DENIED, _DATA_LOSS = 0, 3, 5, 7, 15
_ALGORITHM = "/kvwire.v1.AlgorithmService/"
_BOB = "/kvwire.v1.BobService/"
_CHANNEL = "/kvwire.v1.OneWayChannelService/"
_RUN = 7


def _crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def _part(data):
    digest = bytes(16)
    return channel_pb2.SendRequest(
        run_id=_RUN, parameters_digest=digest, data=data, crc32c=_crc32c(data))


def _whole_message(data):
    request = _part(data)
    request.finish_write.total_bytes = len(data)
    request.finish_write.sha256 = hashlib.sha256(data).digest()
    return request.SerializeToString()


class IdentityTest(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.folder = stack.enter_context(certificates.Folder())
        # Another driver, and another Alice: the same name, and one more.
        for kind in ("crt", "key"):
            shutil.copy(self.folder.file("driver", kind), self.folder.file("first", kind))
            shutil.copy(self.folder.file("alice", kind), self.folder.file("sender", kind))
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
        sent = alice.unary(_CHANNEL + "Send", _whole_message(b"message"))
        self.assertEqual(_OK, sent[0], sent)
        first, second = self.peer("first", bob.listening), self.peer("driver", bob.listening)
        wanted = bob_pb2.GetMessageRequest(run_id=_RUN).SerializeToString()
        close = bob_pb2.CloseRunRequest(run_id=_RUN).SerializeToString()
        self.assertEqual(_OK, first.unary(_BOB + "GetMessage", wanted)[0])
        self.assertEqual(_PERMISSION_DENIED, second.unary(_BOB + "GetMessage", wanted)[0])
        self.assertEqual(_PERMISSION_DENIED, second.unary(_BOB + "CloseRun", close)[0])
        self.assertEqual(_PERMISSION_DENIED, alice.unary(_BOB + "GetMessage", wanted)[0])
        self.assertEqual(_OK, first.unary(_BOB + "CloseRun", close)[0])

    def test_a_message_is_gone_on_with_by_its_sender_only(self):
        bob = self.service("kvwire-bob", "--algorithm-endpoint", "127.0.0.1:1")
        sender, other = self.peer("sender", bob.listening), self.peer("alice", bob.listening)
        part = _part(b"the beginning").SerializeToString()
        self.assertEqual(_DATA_LOSS, sender.unary(_CHANNEL + "Send", part)[0])
        query = channel_pb2.QueryWriteStatusRequest(run_id=_RUN).SerializeToString()
        refused = other.unary(_CHANNEL + "QueryWriteStatus", query)
        self.assertEqual(_PERMISSION_DENIED, refused[0], refused)
        self.assertEqual(_PERMISSION_DENIED, other.unary(_CHANNEL + "Send", part)[0])
        self.assertEqual(_OK, sender.unary(_CHANNEL + "QueryWriteStatus", query)[0])

    def test_a_run_is_spoken_by_one_driver_only(self):
        alice = self.service("kvwire-alice", "--algorithm-endpoint", "127.0.0.1:1")
        first, second = self.peer("first", alice.listening), self.peer("driver", alice.listening)
        request = alice_pb2.SpeakRequest()
        opening = request.opening
        opening.protocol_version, opening.run_id, opening.resume = 1, _RUN, True
        opening.channel_endpoint, opening.connect_timeout_seconds = "127.0.0.1:1", 1
        parameters = opening.parameters
        parameters.problem, parameters.n, parameters.dims = "index", 8, 64
        parameters.algorithm, parameters.frame, parameters.sharpness = "exact", 1, 1
        method, message = "/kvwire.v1.AliceService/Speak", request.SerializeToString()
        # It lacks the bits.
        self.assertEqual(_INVALID_ARGUMENT, first.unary(method, message)[0])
        self.assertEqual(_PERMISSION_DENIED, second.unary(method, message)[0])


if __name__ == "__main__":
    programs.main()
