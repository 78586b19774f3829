"""Folders of test certificates, and services that speak TLS with them."""

import contextlib
import pathlib
import tempfile

import programs


class Folder:
    """What `kvwire certs` makes, in a folder that goes away."""

    def __init__(self, path=None):
        self._own = None if path else tempfile.TemporaryDirectory()
        self.path = pathlib.Path(path or self._own.name)

    def __enter__(self):
        self.make()
        return self

    def __exit__(self, *_):
        if self._own:
            self._own.cleanup()

    def make(self, *arguments):
        outcome = programs.kvwire("certs", "--output", self.path, *arguments)
        if outcome.code != 0:
            raise AssertionError(outcome)
        return outcome.stdout

    def file(self, name, kind="crt"):
        return str(self.path / f"{name}.{kind}")

    def listens(self, name, mutual=True):
        """The flags with which `name` listens."""
        pair = ("--tls-cert", self.file(name), "--tls-key", self.file(name, "key"))
        return (*pair, "--tls-client-ca", self.file("ca")) if mutual else pair

    def dials(self, name=None):
        """The flags with which `name` dials; without one it shows no certificate."""
        trust = ("--cacert", self.file("ca"))
        return (*trust, "--cert", self.file(name), "--key", self.file(name, "key")) if name else trust


@contextlib.contextmanager
def services(folder, alice=(), bob=(), mutual=True):
    """The four services, all over TLS, with further flags for Alice and Bob."""
    with contextlib.ExitStack() as stack:
        def start(program, name, *arguments):
            flags = folder.listens(name, mutual)
            return stack.enter_context(programs.Service(program, *flags, *arguments))

        algorithms = [start("kvwire-algorithm", f"{party}-algorithm") for party in ("alice", "bob")]
        to_algorithm = [("--algorithm-endpoint", one.listening, *folder.dials()) for one in algorithms]
        yield programs.Services(
            start("kvwire-alice", "alice", *to_algorithm[0], *alice),
            start("kvwire-bob", "bob", *to_algorithm[1], "--channel-listen", "127.0.0.1:0", *bob),
            *algorithms,
        )
