"""Running services: what they report, and what Prometheus finds."""

import base64
import json
import pathlib
import re
import tempfile
import unittest
import urllib.request

import certificates
import http2_peer
import programs

_RUN = ("run", "--n", 64, "--d", 64)


def _at(running):
    return "--alice", running.alice.listening, "--bob", running.bob.listening


def _metrics(service):
    with urllib.request.urlopen(f"http://{service.metrics}/metrics") as answer:
        return answer.read().decode()


def _events(outcome):
    """The reports of a service that has ended."""
    return [json.loads(line) for line in outcome.stderr.splitlines()]


class OperationTest(unittest.TestCase):
    def test_prometheus_finds_calls_runs_and_the_process(self):
        flags = ("--metrics", "127.0.0.1:0")
        with programs.services(alice=flags, bob=flags) as running:
            result = programs.judged(*_RUN, *_at(running))
            self.assertEqual(0, result["bit_errors"])
            for service, method in ((running.alice, "AliceService/Speak"),
                                    (running.bob, "OneWayChannelService/Send"),
                                    (running.bob, "BobService/Decode")):
                text = _metrics(service)
                ended = re.escape(f'method="/kvwire.v1.{method}"')
                self.assertRegex(text, rf'kvwire_calls_total{{.*code="OK".*{ended}.*}} [1-9]')
                self.assertRegex(text, rf"kvwire_call_seconds_count{{{ended}}} [1-9]")
                self.assertRegex(text, rf"kvwire_calls_open{{{ended}}} 0\n")
                self.assertRegex(text, r"\nprocess_resident_memory_bytes [1-9]")
                self.assertRegex(text, r"\nprocess_threads [1-9]")
            self.assertIn("\nkvwire_runs_open 0\n", _metrics(running.alice))
            self.assertIn("\nkvwire_messages_held 0\n", _metrics(running.bob))

    def test_reports_are_json_lines_that_name_the_run(self):
        with programs.services() as running:
            result = programs.judged(*_RUN, *_at(running))
            programs.judged(*_RUN, *_at(running), "--algorithm", "nosuch", expected_code=2)
            alice, bob = running.alice.stop(), running.bob.stop()
        events = _events(alice)
        self.assertEqual({"kvwire-alice"}, {event["service"] for event in events})
        runs = [event for event in events if event["event"] == "run"]
        self.assertIn((result["run_id"], "OK"), [(run["run"], run["code"]) for run in runs])
        self.assertIn("listening", [event["event"] for event in events])
        self.assertEqual(["draining", "drained"], [event["event"] for event in _events(bob)][-2:])

    def test_requests_that_are_none_leave_reports_alone(self):
        no_utf8 = b"\x12\x03\x0a\x01\xff"  # OpenRequest.parameters.algorithm
        with programs.Service("kvwire-algorithm", "--log-level", "off") as service:
            with http2_peer.Peer(service.listening) as peer:
                outcome = peer.unary("/kvwire.v1.AlgorithmService/Open", no_utf8)
            self.assertEqual("", service.stop().stderr)
        self.assertEqual(3, outcome[0], outcome)

    def test_no_secret_is_reported(self):
        secret = "5ec7e75eed" * 4
        payload = bytes(range(1, 201))
        with tempfile.TemporaryDirectory() as folder, certificates.Folder() as certs:
            file = pathlib.Path(folder, "payload")
            file.write_bytes(payload)
            all_of_it = ("--log-level", "debug")
            key_log = pathlib.Path(folder, "keys")
            with certificates.services(certs, alice=(*all_of_it, "--tls-key-log", key_log),
                                       bob=all_of_it) as running:
                at = (*_at(running), *certs.dials("driver"))
                run = ("run", "--n", 16, "--d", 64, "--payload", file, "--secret-seed", secret)
                programs.judged(*run, *at, "--mask", "none", "--ask", "3.1,4.1,5.9")
                programs.kvwire(*run, *_at(running), *certs.dials("alice"))
                reports = [one.stop().stderr for one in (running.alice, running.bob)]
            keys = [line.split()[2] for line in key_log.read_text().splitlines()]
            private = "".join(pathlib.Path(certs.file("alice", "key")).read_text().split()[4:8])
        self.assertTrue(all(reports))
        self.assertIn("denied", reports[1])
        for report in reports:
            for name, text in {
                "payload in hexadecimal": payload[:16].hex(),
                "payload in base64": base64.b64encode(payload[:15]).decode(),
                "payload as text": repr(payload[40:60].decode())[1:-1],
                "secret seed": secret,
                "session key": keys[0],
                "private key": private,
                "question": "3.1",
            }.items():
                self.assertNotIn(text, report, name)


if __name__ == "__main__":
    programs.main()
