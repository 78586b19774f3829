"""Algorithm servers that are not ours: an honest one serves, and each kind of lie is caught."""

import contextlib
import subprocess
import unittest

import books
import programs

# Large enough that 1 % of the state is far below what Bob reads.
_RUN = ("run", "--n", 16, "--d", 64)


@contextlib.contextmanager
def plug_in(*lies):
    """The address of a server that passes calls on to an honest algorithm, but for `lies`."""
    with contextlib.ExitStack() as stack:
        honest = stack.enter_context(programs.Service("kvwire-algorithm"))
        yield stack.enter_context(
            programs.Service("lying_algorithm", "--honest", honest.listening, *lies)
        ).listening


class ForeignAlgorithmTest(unittest.TestCase):
    def judged(self, *lies, expected_code=0, algorithm="bitplane", mask="private"):
        arguments = (*_RUN, "--algorithm", algorithm, "--mask", mask)
        with plug_in(*lies) as address:
            return programs.judged(
                *arguments, "--alice-algorithm", address, expected_code=expected_code
            )

    def assert_rejected(self, words, result):
        verdict = result["verdict"]
        self.assertFalse(verdict["ok"])
        self.assertEqual(sorted(set(verdict["reasons"])), sorted(verdict["reasons"]))
        for word in words:
            self.assertIn(word, " ".join(verdict["reasons"]))

    def test_an_honest_one_is_accepted_at_either_end_or_both(self):
        for ends in (("alice",), ("bob",), ("alice", "bob")):
            with self.subTest(ends=ends), contextlib.ExitStack() as stack:
                flags = []
                for end in ends:
                    flags += [f"--{end}-algorithm", stack.enter_context(plug_in())]
                result = programs.judged(*_RUN, *flags)
                self.assertEqual(0, result["bit_errors"])
                books.check(self, result)

    def test_one_that_reports_1_percent_of_its_state_is_caught(self):
        for algorithm in ("exact", "float16", "bitplane"):
            with self.subTest(algorithm=algorithm):
                result = self.judged(
                    "--claim-percent", 1, expected_code=3, algorithm=algorithm
                )
                # Everything that a result has is still there.
                self.assertEqual(0, result["bit_errors"])
                self.assertGreaterEqual(result["state_bits"], 54)
                self.assert_rejected(["Alice's algorithm", str(result["state_bits"])], result)
        # For bitplane: 1 % of 5440 bits is 54, and 5440 were read.
        self.assertEqual("failed", result["leak_test"])
        self.assertEqual(5440 - 54 - 2, result["state_leak_bits"])
        self.assert_rejected(["5384"], result)

    def test_one_that_reports_1_percent_of_its_state_is_caught_without_a_mask_too(self):
        result = self.judged("--claim-percent", 1, expected_code=3, mask="none")
        self.assertEqual("not applicable", result["leak_test"])
        self.assert_rejected(["Alice's algorithm sent a snapshot"], result)

    def test_one_that_claims_more_than_its_snapshot_has_is_caught(self):
        result = self.judged("--claim-percent", 200, expected_code=3)
        excess = 2 * 5440 - 8 * result["snapshot_bytes"]
        self.assert_rejected([str(excess), "more than its snapshot has"], result)

    def test_one_that_passes_the_state_beside_the_message_is_caught(self):
        with plug_in("--smuggle") as address:
            result = programs.judged(
                *_RUN, "--alice-algorithm", address, "--bob-algorithm", address, expected_code=3
            )
        # Bob reads every bit of a message that has no room for them.
        self.assertEqual((64, 0), (result["snapshot_bytes"], result["bit_errors"]))
        leak = 5440 - 8 * result["alice"]["message_bytes"] - 2
        self.assertEqual(leak, result["leak_bits"])
        self.assertEqual("failed", result["leak_test"])
        self.assert_rejected(["Bob knows more", str(leak)], result)

    def test_an_altered_snapshot_is_corrupt(self):
        for algorithm in ("exact", "float16", "bitplane", "streaming"):
            with self.subTest(algorithm=algorithm):
                result = self.judged("--alter", expected_code=4, algorithm=algorithm)
                self.assertEqual("DATA_LOSS", result["error"]["code"])
                self.assertIn("Bob", result["error"]["message"])

    def test_a_truncated_snapshot_is_corrupt(self):
        for algorithm in ("exact", "float16", "bitplane", "streaming"):
            with self.subTest(algorithm=algorithm):
                result = self.judged("--truncate", expected_code=4, algorithm=algorithm)
                self.assertEqual("DATA_LOSS", result["error"]["code"])

    def test_one_of_another_protocol_version_is_refused_and_both_are_named(self):
        with plug_in("--protocol-version", 7) as address:
            for end in ("--alice-algorithm", "--bob-algorithm"):
                with self.subTest(end=end):
                    # FAILED_PRECONDITION is 9.
                    result = programs.judged(*_RUN, end, address, expected_code=73)
                    self.assertEqual("FAILED_PRECONDITION", result["error"]["code"])
                    self.assertIn("version 7", result["error"]["message"])
                    self.assertIn("version 1", result["error"]["message"])

    def test_what_it_does_not_know_it_refuses_itself(self):
        with plug_in() as address:
            result = programs.judged(
                *_RUN, "--alice-algorithm", address, "--algorithm", "theirs", expected_code=2
            )
        self.assertIn("theirs", result["error"]["message"])

    def test_one_that_dies_during_the_run_fails_the_run(self):
        with contextlib.ExitStack() as stack:
            honest = stack.enter_context(programs.Service("kvwire-algorithm"))
            holding = stack.enter_context(
                programs.Service(
                    "lying_algorithm", "--honest", honest.listening, "--hold", "snapshot",
                    stdin=subprocess.PIPE,
                )
            )
            arguments = (*_RUN, "--alice-algorithm", holding.listening)
            run = stack.enter_context(programs.Program("kvwire", *arguments))
            self.assertEqual("holding snapshot", holding.read_line())
            holding.kill()
            outcome = run.wait()
        self.assertEqual(78, outcome.code, outcome)
        self.assertIn("Alice", outcome.stderr)


if __name__ == "__main__":
    programs.main()
