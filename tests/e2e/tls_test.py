"""Who may speak to whom: every way in which a certificate can be wrong has its code."""

import os
import stat
import unittest

import books
import certificates
import programs

_RUN = ("run", "--n", 16, "--d", 48)
_BRIEF = ("--timeout", "300ms")

_USAGE = 2
_DENIED = 71
_UNAVAILABLE = 78


def _at(running):
    return "--alice", running.alice.listening, "--bob", running.bob.listening


class TlsTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(certificates.Folder())

    def enterContext(self, context):  # unittest has it from Python 3.11 on
        entered = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return entered

    def refused(self, running, code, text, *arguments):
        result = programs.judged(*_RUN, *_at(running), *_BRIEF, *arguments, expected_code=code)
        self.assertIn(text, result["error"]["message"])

    def test_a_run_over_mutual_tls_has_the_same_books(self):
        with certificates.services(self.folder) as running:
            result = programs.judged(*_RUN, *_at(running), *self.folder.dials("driver"))
            self.assertEqual(0, result["bit_errors"])
            books.check(self, result)
            plain = programs.judged(*_RUN)
            for layer in ("snapshot_bytes", "message_bytes", "grpc_bytes"):
                self.assertEqual(plain["alice"][layer], result["alice"][layer])
            # The handshake and 22 bytes a record.
            more = result["alice"]["tcp_payload_bytes_sent"] - plain["alice"]["tcp_payload_bytes_sent"]
            self.assertTrue(500 < more < 8000, more)

    def test_own_services_speak_mutual_tls_if_asked(self):
        result = programs.judged(*_RUN, "--tls")
        self.assertEqual(0, result["bit_errors"])
        books.check(self, result)

    def test_who_has_no_right_certificate_is_refused(self):
        with certificates.services(self.folder) as running, certificates.Folder() as stranger:
            driver = self.folder.dials("driver")
            with self.subTest("none"):
                self.refused(running, _UNAVAILABLE, "Alice at", *self.folder.dials())
            with self.subTest("of another CA"):
                wrong = (*self.folder.dials(), *stranger.dials("driver")[2:])
                self.refused(running, _UNAVAILABLE, "Alice at", *wrong)
            with self.subTest("a server of another CA"):
                self.refused(running, _UNAVAILABLE, "verify failed", *stranger.dials("driver"))
            with self.subTest("a name that is not the server's"):
                self.refused(running, _UNAVAILABLE, "ostname", *driver, "--servername", "carol")
            with self.subTest("plaintext to TLS"):
                self.refused(running, _UNAVAILABLE, "TLS or neither")
            with self.subTest("another party's"):
                self.refused(running, _DENIED, "kvwire-driver", *self.folder.dials("alice"))
            with self.subTest("health needs one, of any party"):
                health = ("health", running.bob.listening)
                self.assertEqual(0, programs.kvwire(*health, *self.folder.dials("alice")).code)
                self.assertEqual(_UNAVAILABLE, programs.kvwire(*health).code)
            with self.subTest("the right one is still served"):
                programs.judged(*_RUN, *_at(running), *driver)

    def test_an_expired_certificate_is_refused_on_either_side(self):
        with certificates.Folder() as expired:
            for name in ("crt", "key"):
                os.replace(self.folder.file("ca", name), expired.file("ca", name))
            self.folder = expired
            expired.make("--expired")
            with certificates.services(expired) as running:
                dials = expired.dials("driver")
                self.refused(running, _UNAVAILABLE, "verify failed", *dials)
                # New ones for the services; the caller keeps what has run out.
                old = [open(expired.file("driver", kind), "rb").read() for kind in ("crt", "key")]
                expired.make()
                for kind, bytes_of in zip(("crt", "key"), old):
                    with open(expired.file("old", kind), "wb") as file:
                        file.write(bytes_of)
                programs.judged(*_RUN, *_at(running), *dials)
                self.refused(running, _UNAVAILABLE, "Alice at", *expired.dials("old"))

    def test_tls_to_plaintext_is_refused(self):
        with programs.services() as running:
            self.refused(running, _UNAVAILABLE, "TLS or neither", *self.folder.dials("driver"))

    def test_bob_hears_no_one_but_alice_on_the_channel(self):
        with certificates.services(self.folder, bob=("--alice-san", "kvwire-carol")) as running:
            result = programs.judged(*_RUN, *_at(running), *self.folder.dials("driver"),
                                     expected_code=_DENIED)
            self.assertIn("kvwire-carol", result["error"]["message"])
            self.assertIn("kvwire-alice", result["error"]["message"])

    def test_certificates_are_renewed_under_way(self):
        with certificates.services(self.folder) as running:
            dials = self.folder.dials("driver")
            before = programs.judged(*_RUN, *_at(running), *dials)
            long = programs.Program("kvwire", "run", "--n", 256, "--d", 64, *_at(running), *dials,
                                    "--json", "-")
            with long:
                self.folder.make()
                self.assertEqual(0, long.wait().code)
            after = programs.judged(*_RUN, *_at(running), *dials)
            self.assertEqual(before["bit_errors"], after["bit_errors"])

    def test_tls_without_client_certificates_serves_anyone_and_hides_all(self):
        with certificates.services(self.folder, mutual=False) as running:
            programs.judged(*_RUN, *_at(running), *self.folder.dials())

    def test_flags_that_do_not_go_together_are_refused(self):
        certificate, key = self.folder.file("bob"), self.folder.file("bob", "key")
        wrong = {
            "go together": ("--tls-cert", certificate),
            "cannot be read": ("--tls-cert", "missing.crt", "--tls-key", key),
            "is not the key of": ("--tls-cert", certificate, "--tls-key",
                                  self.folder.file("alice", "key")),
            "holds no certificate": ("--tls-cert", key, "--tls-key", key),
            "needs --tls-cert": ("--tls-client-ca", self.folder.file("ca")),
            "without encryption": ("--listen", "0.0.0.0:0"),
        }
        for text, flags in wrong.items():
            with self.subTest(text), programs.Program("kvwire-algorithm", *flags) as service:
                outcome = service.wait()
                self.assertEqual(_USAGE, outcome.code)
                self.assertIn(text, outcome.stderr)
        with programs.Service("kvwire-algorithm", "--listen", "0.0.0.0:0",
                              *self.folder.listens("bob")):
            pass
        for text, flags in {"need --cacert": ("--cert", certificate, "--key", key),
                            "with --tls": ("--cacert", self.folder.file("ca"))}.items():
            with self.subTest(text):
                result = programs.judged(*_RUN, *flags, expected_code=_USAGE)
                self.assertIn(text, result["error"]["message"])

    def test_keys_can_be_read_by_their_owner_only(self):
        for name in ("ca", "driver", "bob"):
            mode = stat.S_IMODE(os.stat(self.folder.file(name, "key")).st_mode)
            self.assertEqual(0o600, mode)


if __name__ == "__main__":
    programs.main()
