"""Bob's container is killed while his message comes, and started again."""

import json
import pathlib
import sys
import tempfile
import time
import unittest

import project

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import books  # pylint: disable=wrong-import-position

_LONG_RUN = pathlib.Path(__file__).resolve().parent / "long_run.yaml"
_MESSAGE_BYTES = 5461 * 2 * 64 * 4  # tokens, keys and values, d, float32


class RestartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.output = pathlib.Path(folder.name)
        self.demo = project.Project(
            self.output, "slow", _LONG_RUN, environment={"KVWIRE_LINK_RATE": "3mbit"}
        )
        self.addCleanup(self.demo.down)
        self.demo.clear()

    def wait_until_passed(self, share):
        deadline = time.monotonic() + project.LIMIT_SECONDS
        while self.demo.shaped_bytes() < share * _MESSAGE_BYTES:
            self.assertLess(time.monotonic(), deadline, "the message does not come")
            time.sleep(0.2)

    def test_a_run_completes_although_bob_was_killed_in_the_middle_of_the_message(self):
        self.demo.compose("up", "--no-build", "-d")
        self.wait_until_passed(0.55)  # the first chunk, of 1 MiB, and a part of the second
        bob = self.demo.container("bob")
        self.demo.docker("kill", "--signal", "KILL", bob)
        passed = self.demo.shaped_bytes()
        self.demo.docker("start", bob)
        driver = self.demo.container("driver")
        code = self.demo.docker("wait", driver).stdout.strip()
        said = self.demo.docker("logs", driver, check=False)
        self.assertEqual("0", code, said.stdout + said.stderr)
        result = json.loads((self.output / "run.json").read_text())
        self.assertEqual(0, result["bit_errors"])
        self.assertGreater(len(result["connections"]), 1)
        # It went on where it was, and did not begin again.
        again = self.demo.shaped_bytes() - passed
        self.assertTrue(0.2 * _MESSAGE_BYTES < again < 0.95 * _MESSAGE_BYTES, (passed, again))
        books.check(self, result)
