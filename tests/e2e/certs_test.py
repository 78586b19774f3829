"""kvwire certs: a folder for each party, looking after them, and checking what is there."""

import os
import pathlib
import tempfile
import time
import unittest

import programs

_PARTIES = ("driver", "alice", "bob", "alice-algorithm", "bob-algorithm")


class CertsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.arguments = ("certs", "--output", self.folder, "--party-folders")

    def tls(self, party, flags):
        own = self.folder / party
        return [part for flag, file in flags for part in (flag, own / file)]

    def test_a_partys_folder_holds_all_that_it_needs_and_nothing_of_others(self):
        self.assertEqual(0, programs.kvwire(*self.arguments).code)
        for party in _PARTIES:
            files = sorted(file.name for file in (self.folder / party).iterdir())
            self.assertEqual(["ca.crt", "tls.crt", "tls.key"], files)
            self.assertEqual(0o600, (self.folder / party / "tls.key").stat().st_mode & 0o777)
        listens = self.tls("bob-algorithm", (
            ("--tls-cert", "tls.crt"), ("--tls-key", "tls.key"), ("--tls-client-ca", "ca.crt"),
        ))
        dials = self.tls("bob", (("--cacert", "ca.crt"), ("--cert", "tls.crt"), ("--key", "tls.key")))
        with programs.Service("kvwire-algorithm", *listens) as service:
            self.assertEqual(0, programs.kvwire("health", service.listening, *dials).code)
            self.assertEqual(78, programs.kvwire("health", service.listening).code)

    def test_check_says_what_is_missing_or_does_not_go_together(self):
        check = (*self.arguments, "--check")
        empty = programs.kvwire(*check)
        self.assertEqual(2, empty.code, empty)
        self.assertIn("driver/tls.crt", empty.stderr)
        self.assertEqual([], list(self.folder.iterdir()))
        programs.kvwire(*self.arguments)
        self.assertEqual((0, "", ""), programs.kvwire(*check))
        os.replace(self.folder / "alice/tls.key", self.folder / "bob/tls.key")
        mixed = programs.kvwire(*check)
        self.assertEqual(2, mixed.code, mixed)
        self.assertIn("alice/tls.key", mixed.stderr)

    def test_renewing_signs_new_ones_by_the_same_authority_and_a_signal_leaves_none_half_done(self):
        certificate, authority = self.folder / "bob/tls.crt", self.folder / "bob/ca.crt"
        authorities = set()
        for _ in range(8):  # each time stopped while it writes, most likely
            with programs.Program("kvwire", *self.arguments, "--renew", "1ms") as keeper:
                seen = set()
                deadline = time.monotonic() + programs.LIMIT_SECONDS
                while len(seen) < 3:
                    self.assertLess(time.monotonic(), deadline)
                    if certificate.exists():
                        seen.add(certificate.read_text())
                authorities.add(authority.read_text())
                self.assertEqual(143, keeper.stop().code)
            self.assertEqual((0, "", ""), programs.kvwire(*self.arguments, "--check"))
        self.assertEqual(1, len(authorities))

    def test_renewing_must_come_before_the_end(self):
        for pause in ("0s", "soon", "-1h", "24h"):
            with self.subTest(pause=pause):
                outcome = programs.kvwire(*self.arguments, "--days", 1, "--renew", pause)
                self.assertEqual(2, outcome.code, outcome)
                self.assertIn("--renew is a duration", outcome.stderr)


if __name__ == "__main__":
    programs.main()
