"""The slow link: what crosses it takes at least as long as its rate says."""

import json
import tempfile
import unittest

import addresses
import project

_BITS_PER_SECOND = 4_000_000
_BURST_BYTES = 128 * 1024  # of docker/slow_link.sh


class SlowTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        output = tempfile.TemporaryDirectory()
        cls.addClassCleanup(output.cleanup)
        cls.demo = cls.enterClassContext(
            project.Project(output.name, "slow", environment={"KVWIRE_LINK_RATE": "4mbit"})
        )
        cls.demo.start("slow-link")
        cls.demo.start("bob")

    def test_the_message_passes_the_shaper_and_takes_its_time(self):
        before = self.demo.shaped_bytes()
        outcome = self.demo.drive(
            "kvwire", "run", *addresses.SERVICES, "--n", "64", "--d", "64", "--json", "-"
        )
        self.assertEqual(0, outcome.returncode, outcome)
        run = json.loads(outcome.stdout)
        wire_bytes = run["alice"]["tcp_payload_bytes_sent"]
        self.assertEqual(0, run["bit_errors"])
        passed = self.demo.shaped_bytes() - before
        self.assertTrue(wire_bytes < passed < 1.1 * wire_bytes, (wire_bytes, passed))
        # No bound from above: a machine may be as slow as it likes.
        least = 8 * (wire_bytes - _BURST_BYTES) / _BITS_PER_SECOND
        self.assertGreaterEqual(run["seconds"]["transfer"], least)

    def test_the_demo_passes_over_the_slow_link(self):
        outcome = self.demo.drive(
            "kvwire", "demo", *addresses.SERVICES, "--identical", "bitplane",
            "--output", "/output",
        )
        self.assertEqual(0, outcome.returncode, outcome)
        self.assertRegex(outcome.stdout, "bitplane .* ok +identical")
