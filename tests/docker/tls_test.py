"""Mutual TLS between containers, with certificates that one of them makes at the start."""

import json
import pathlib
import tempfile
import unittest

import addresses
import project

_PARTIES = ("alice", "alice-algorithm", "bob", "bob-algorithm")
_DIAL = ("--cacert", "/tls/ca.crt", "--cert", "/tls/tls.crt", "--key", "/tls/tls.key")
# A handshake with both certificates takes more, however little it carries.
_HANDSHAKE_BYTES = 500


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.output = pathlib.Path(folder.name)
        cls.demo = cls.enterClassContext(project.Project(folder.name, "tls"))
        cls.demo.start("alice", "bob")

    def test_the_picture_crosses_encrypted(self):
        outcome = self.demo.drive(
            "kvwire", "demo", *addresses.SERVICES, *_DIAL, "--identical", "bitplane",
            "--output", "/output", "--json", "/output/results.json",
        )
        self.assertEqual(0, outcome.returncode, outcome)
        (run,) = json.loads((self.output / "results.json").read_text())["pictures"]
        self.assertEqual(0, run["bit_errors"])
        for end in ("alice", "bob"):
            overhead = run[end]["tcp_payload_bytes_sent"] - run[end]["grpc_bytes"] * (end == "alice")
            self.assertGreater(overhead, _HANDSHAKE_BYTES)

    def test_who_has_no_certificate_or_anothers_is_refused(self):
        bob = addresses.endpoint(addresses.BOB)
        for dial, code in ((_DIAL, 0), (_DIAL[:2], 78), ((), 78)):
            with self.subTest(dial=dial):
                outcome = self.demo.drive("kvwire", "health", bob, *dial)
                self.assertEqual(code, outcome.returncode, outcome)

    def test_each_party_sees_its_own_key_and_nobody_the_authoritys(self):
        for party in _PARTIES:
            with self.subTest(party=party):
                inspected = self.demo.docker("inspect", self.demo.container(party)).stdout
                mounts = json.loads(inspected)[0]["Mounts"]
                volumes = {mount["Name"].split("_")[1] for mount in mounts if "Name" in mount}
                self.assertIn(f"tls-{party}", volumes)
                self.assertEqual([], [name for name in volumes if "tls" in name
                                      and name != f"tls-{party}"])

    def test_nothing_is_bound_without_encryption(self):
        config = self.demo.compose("config").stdout
        self.assertNotIn("insecure", config)
