"""Runs the programs under test, and sees to it that none of their processes outlives them."""

import collections
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

BIN = pathlib.Path(os.environ["KVWIRE_BIN"])

# Ends what hangs. No test depends on how long anything takes below it.
LIMIT_SECONDS = 240

# What CTest is told to read as "skipped".
SKIPPED = 77

# Every process inherits it from the program that started it, so that its descendants are
# known, and those of other tests that run at the same time are not mistaken for them.
_MARK = "KVWIRE_E2E_MARK"

Outcome = collections.namedtuple("Outcome", "code stdout stderr")


def _marked_processes(mark):
    """The command lines of the processes that carry `mark`."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in process.joinpath("environ").read_bytes():
                found.append(process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has just ended, or is another user's
            continue
    return found


def _expect_no_process(mark):
    # A killed process is gone a moment after its parent, not with it.
    deadline = time.monotonic() + 30
    while left := _marked_processes(mark):
        if time.monotonic() > deadline:
            raise AssertionError(f"processes were left behind: {left}")
        time.sleep(0.01)


class Program:
    """A program that runs until it ends by itself or `stop` ends it."""

    def __init__(self, name, *arguments, prefix=(), stdin=None, environment=None):
        self._mark = uuid.uuid4().hex
        self._stderr = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [*prefix, str(BIN / name), *map(str, arguments)],
            stdin=stdin or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            bufsize=0,  # so that read_line leaves what follows the line to wait()
            env={**os.environ, **(environment or {}), _MARK: self._mark},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        if self._process.stdin:
            self._process.stdin.close()
        self._stderr.close()
        _expect_no_process(self._mark)

    @property
    def pid(self):
        return self._process.pid

    def read_line(self):
        return self._process.stdout.readline().decode().rstrip("\n")

    def write_line(self, line):
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def descendants(self):
        """The command lines of this program and of what it has started."""
        return _marked_processes(self._mark)

    def send_signal(self, number):
        self._process.send_signal(number)

    def ended(self):
        return self._process.poll() is not None

    def wait(self):
        """Returns the outcome, once it has ended and nothing that it started is left."""
        try:
            stdout, _ = self._process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self._process.args} hangs") from None
        self._stderr.seek(0)
        stderr = self._stderr.read().decode(errors="replace")
        _expect_no_process(self._mark)
        return Outcome(self._process.returncode, stdout.decode(), stderr)

    @property
    def running(self):
        return self._process.poll() is None

    def kill_one(self, name):
        """Kills a process that this program has started and that is called `name`."""
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                # The system keeps 15 characters of a name.
                ours = process.joinpath("comm").read_text().strip() == name[:15]
                if ours and self._mark.encode() in process.joinpath("environ").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
                    return
            except OSError:  # it has just ended, or is another user's
                continue
        raise AssertionError(f"{self._process.args} has started no {name}")

    def kill(self):
        self.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self):
        self.send_signal(signal.SIGTERM)
        return self.wait()


class Service(Program):
    """A service that is serving: `listening` is where, `channel` where Alice finds Bob, `metrics`
    where Prometheus finds it."""

    def __init__(self, name, *arguments, **options):
        super().__init__(name, *arguments, **options)
        self.channel = None
        self.metrics = None
        self.listening = None
        while self.listening is None:
            line = self.read_line()
            label, _, endpoint = line.partition(" ")
            if label not in ("listening", "channel", "metrics"):
                outcome = self.wait()
                self.__exit__()
                raise AssertionError(f"{name} said {line!r} and ended: {outcome}")
            setattr(self, label, endpoint)


def kvwire(*arguments, prefix=()):
    """Runs the command line to its end."""
    with Program("kvwire", *arguments, prefix=prefix) as program:
        return program.wait()


def judged(*arguments, expected_code=0, prefix=()):
    """What `kvwire ... --json -` says; stdout must be one JSON object and nothing else."""
    outcome = kvwire(*arguments, "--json", "-", prefix=prefix)
    if outcome.code != expected_code:
        raise AssertionError(f"kvwire {arguments}: {outcome}")
    return json.loads(outcome.stdout)


Services = collections.namedtuple("Services", "alice bob alice_algorithm bob_algorithm")


@contextlib.contextmanager
def services(channel_listen=True, alice=(), bob=(), quiet=False):
    """The four services, started by hand, with further flags for Alice and Bob; quiet ones report
    nothing."""
    log = ("--log-level", "off") if quiet else ()
    channel = ("--channel-listen", "127.0.0.1:0") if channel_listen else ()
    with contextlib.ExitStack() as stack:
        algorithms = [stack.enter_context(Service("kvwire-algorithm", *log)) for _ in range(2)]
        to_algorithm = [("--algorithm-endpoint", one.listening) for one in algorithms]
        alice = stack.enter_context(Service("kvwire-alice", *to_algorithm[0], *log, *alice))
        bob = stack.enter_context(Service("kvwire-bob", *to_algorithm[1], *log, *channel, *bob))
        yield Services(alice, bob, *algorithms)


def main():
    """Runs the tests of the calling script; says so by its exit code if all were skipped."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.skipped and len(result.skipped) >= result.testsRun:
        for _, reason in result.skipped:
            print("Skipped:", reason)
        sys.exit(SKIPPED)
