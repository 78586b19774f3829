"""Servers with one fault each: the case of that fault fails, and no other that does not rest on it."""

import unittest

import plug_ins
import programs

# What each fault of tests/plugins/broken_server.py must be found by.
_FOUND_BY = {
    "claims-1-percent": {"claim-explains-snapshot"},
    "loses-its-state": {"state-round-trip"},
    "rolls-dice": {"same-setup-same-bytes"},
    "leaves-its-state-behind": {"another-process-takes-over"},
    "forgets-inside-the-scale": {"open-scale-visible"},
    "one-scale-a-block": {
        "blocks-equal-rows",
        "streams-equal-one-stream",
        "empty-blocks-do-nothing",
    },
    "attend-appends": {
        "attend-repeatable",
        "reads-leave-no-trace",
        "one-answer-a-request",
        "sessions-independent",
    },
    "no-memory-limit": {
        "memory-limit-holds",
        "memory-limit-holds-restoring",
        "announced-rows-take-no-memory",
    },
    "snapshot-counts": {
        "same-setup-same-bytes",
        "attend-repeatable",
        "claim-explains-snapshot",
        "snapshot-repeatable",
        "snapshot-pieces-bounded",
        "state-round-trip",
        "cancelled-reads-no-trace",
    },
    "no-checksum": {"flipped-bit-refused"},
    "takes-bytes-after-the-end": {"extended-refused"},
    "not-finite": {"not-finite-refused", "refused-block-leaves-no-trace", "bad-queries-refused"},
    "any-version": {"other-version-refused"},
    "any-algorithm": {
        "unknown-algorithm-refused",
        "unknown-option-refused",
        "malformed-algorithm-refused",
    },
    "one-session": {"equal-opens-two-sessions", "same-setup-same-bytes"},
    "close-is-strict": {"close-never-fails", "closed-session-gone"},
    "close-does-nothing": {"closed-session-gone"},
    "new-id-each-time": {"process-id-stable"},
    "says-nothing-of-itself": {"describe-complete"},
    "one-stream-at-a-time": {"idle-stream-stops-nobody"},
    "restore-opens-any-time": {"restore-order-kept"},
}

# And what may find it too: whether a cancelled request was taken before is a matter of chance.
_MAY_BE_FOUND_BY = {"attend-appends": {"cancelled-reads-no-trace"}}

# What is skipped because it rests on a case that failed.
_SKIPS = {"loses-its-state", "rolls-dice", "snapshot-counts", "one-session"}


class BrokenPlugInTest(unittest.TestCase):
    def test_each_fault_is_found_by_its_cases_only(self):
        for fault, found_by in _FOUND_BY.items():
            with self.subTest(fault=fault):
                with plug_ins.broken_server(fault) as one, plug_ins.broken_server(fault) as other:
                    report = plug_ins.conformance(one, other, expected_code=3)
                chance = _MAY_BE_FOUND_BY.get(fault, set())
                self.assertEqual(found_by, plug_ins.cases(report, "FAIL") - chance)
                self.assertEqual(fault in _SKIPS, bool(plug_ins.cases(report, "skip")))
                self.assertFalse(report["verdict"]["ok"])
                self.assertEqual(report["failed"], len(report["verdict"]["reasons"]))

    def test_a_failure_names_what_was_expected_and_what_came(self):
        with plug_ins.broken_server("claims-1-percent") as server:
            outcome = programs.kvwire("conformance", "--algorithm-endpoint", server.listening)
        self.assertEqual(3, outcome.code, outcome)
        # 5 tokens of d = 8 are 120 bytes; 1 % of their bits is 9.
        self.assertRegex(
            outcome.stdout,
            r"(?m)^  claim-explains-snapshot +FAIL  after 5 tokens: expected the size reported "
            r"to be that of the snapshot, got .* of 148 bytes for a claimed state of 9 bits",
        )
        self.assertRegex(outcome.stdout, r"1 failed, 0 skipped, \d+ not applicable\n  int8, claim-")


class BrokenPlugInInARunTest(unittest.TestCase):
    def test_the_verdict_catches_the_one_that_claims_1_percent(self):
        fault = "claims-1-percent"
        with plug_ins.broken_server(fault) as alice, plug_ins.broken_server(fault) as bob:
            result = programs.judged(
                "run", "--n", 16, "--d", 64, "--algorithm", "int8",
                "--alice-algorithm", alice.listening, "--bob-algorithm", bob.listening,
                expected_code=3,
            )
        self.assertEqual(0, result["bit_errors"])
        self.assertEqual(85 * 8 * (128 + 8) // 100, result["state_bits"])
        self.assertIn("Alice's algorithm", " ".join(result["verdict"]["reasons"]))


if __name__ == "__main__":
    programs.main()
