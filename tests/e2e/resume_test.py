"""Runs whose services are killed on the way come to the same end."""

import json
import os
import pathlib
import random
import signal
import tempfile
import time
import unittest

from programs import Program, Service, main

ARGUMENTS = ("run", "--n", "16", "--d", "256", "--sharpness", "20", "--json", "-")


def _children(pid, name):
    """Process ids of the children of `pid` that run the program `name`."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            stat = process.joinpath("stat").read_text()
            command = process.joinpath("cmdline").read_bytes().split(b"\0")[0].decode()
        except OSError:  # it has just ended
            continue
        if int(stat.rpartition(")")[2].split()[1]) == pid and command.endswith("/" + name):
            found.append(int(process.name))
    return found


class ResumeTest(unittest.TestCase):
    def check(self, outcome):
        self.assertEqual(outcome.code, 0, outcome)
        result = json.loads(outcome.stdout)
        self.assertTrue(result["verdict"]["ok"], result["verdict"])
        self.assertEqual(result["bit_errors"], 0)
        rows = result["connections"]
        self.assertEqual(rows[-1]["ended"], "clean")
        for row in rows[:-1]:
            self.assertIn(row["ended"], ("reset", "killed", "clean"))
        return result

    def test_services_of_the_commands_own_are_started_again(self):
        moments = random.Random(5)
        for name in ("kvwire-alice", "kvwire-bob", "kvwire-algorithm"):
            for _ in range(2):
                with Program("kvwire", *ARGUMENTS) as program:
                    # The last service that is started is Bob.
                    while not _children(program.pid, "kvwire-bob"):
                        time.sleep(0.001)
                    time.sleep(0.1 + 0.1 * moments.random())
                    for pid in _children(program.pid, name)[:1]:
                        os.kill(pid, signal.SIGKILL)
                    self.check(program.wait())

    def test_bob_keeps_a_sealed_message_in_his_spool(self):
        with tempfile.TemporaryDirectory() as spool:
            with Service("kvwire-algorithm") as algorithm:
                bob = ("--algorithm-endpoint", algorithm.listening, "--spool", spool)
                with Service("kvwire-bob", *bob) as first:
                    with Service("kvwire-algorithm") as other, Service(
                        "kvwire-alice", "--algorithm-endpoint", other.listening
                    ) as alice:
                        where = ("--alice", alice.listening, "--bob", first.listening)
                        with Program("kvwire", *ARGUMENTS, *where) as program:
                            self.check(program.wait())
                    # The run is closed: nothing of it stays.
                    self.assertEqual(os.listdir(spool), ["lock"])
                    second = Program("kvwire-bob", *bob)
                    with second:
                        outcome = second.wait()
                    self.assertNotEqual(outcome.code, 0)
                    self.assertIn("another process has the spool", outcome.stderr)

    def test_a_spool_that_cannot_be_used_is_named(self):
        arguments = ("--algorithm-endpoint", "127.0.0.1:1", "--spool", "/nowhere/spool")
        with Program("kvwire-bob", *arguments) as bob:
            outcome = bob.wait()
        self.assertNotEqual(outcome.code, 0)
        self.assertIn("/nowhere/spool", outcome.stderr)


if __name__ == "__main__":
    main()
