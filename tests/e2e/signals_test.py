"""Signals: a command ends with its services, a service ends with its calls."""

import contextlib
import signal
import subprocess
import unittest

import programs

_RUN = ("run", "--n", 8, "--d", 16)


class HeldTest(unittest.TestCase):
    """Runs that stand still in the middle, at an algorithm that waits for a line."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def service(self, *arguments, **options):
        return self.stack.enter_context(programs.Service(*arguments, **options))

    def holding(self, call):
        honest = self.service("kvwire-algorithm").listening
        return self.service(
            "lying_algorithm", "--honest", honest, "--hold", call, stdin=subprocess.PIPE
        )

    def started(self, *arguments):
        return self.stack.enter_context(programs.Program("kvwire", *_RUN, *arguments))


class CommandTest(HeldTest):
    def held_run(self):
        """A run with services of its own, in the middle of Alice's part."""
        holding = self.holding("snapshot")
        run = self.started("--alice-algorithm", holding.listening)
        self.assertEqual("holding snapshot", holding.read_line())
        # Itself, Alice, Bob and his algorithm.
        self.assertEqual(4, len(run.descendants()))
        return run

    def test_a_run_ended_by_a_signal_says_so_and_leaves_no_service(self):
        for number, exit_code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=number):
                run = self.held_run()
                run.send_signal(number)
                self.assertEqual(exit_code, run.wait().code)
                self.assertEqual([], run.descendants())

    def test_a_killed_run_leaves_no_service(self):
        run = self.held_run()
        run.send_signal(signal.SIGKILL)
        self.assertEqual(-signal.SIGKILL, run.wait().code)
        self.assertEqual([], run.descendants())


class ServiceTest(HeldTest):
    def test_an_idle_service_ends_at_once_and_says_which_signal_it_was(self):
        algorithm = ("--algorithm-endpoint", "127.0.0.1:1")
        for number, exit_code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for program, *arguments in (("kvwire-algorithm",), ("kvwire-alice", *algorithm),
                                        ("kvwire-bob", *algorithm),
                                        ("kvwire-bob", *algorithm, "--channel-listen", "[::1]:0")):
                with self.subTest(program=program, signal=number):
                    service = self.service(program, *arguments, "--log-level", "off")
                    service.send_signal(number)
                    outcome = service.wait()
                    self.assertEqual((exit_code, ""), (outcome.code, outcome.stderr))

    def assert_drains(self, call, alice_algorithm, bob_algorithm, drained):
        alice = self.service("kvwire-alice", "--algorithm-endpoint", alice_algorithm.listening)
        bob = self.service("kvwire-bob", "--algorithm-endpoint", bob_algorithm.listening)
        draining = {"alice": alice, "bob": bob}[drained]
        holding = {"alice": alice_algorithm, "bob": bob_algorithm}[drained]
        run = self.started("--alice", alice.listening, "--bob", bob.listening)
        self.assertEqual(f"holding {call}", holding.read_line())
        draining.send_signal(signal.SIGTERM)
        # It takes no new calls, but does not drop the one that it has.
        while programs.kvwire("health", draining.listening).code == 0:
            pass
        holding.write_line("go on")
        outcome = run.wait()
        self.assertEqual(0, outcome.code, outcome)
        self.assertIn("verdict: ok", outcome.stdout)
        self.assertEqual(143, draining.wait().code)

    def test_alice_lets_a_message_finish_before_she_ends(self):
        algorithms = self.holding("snapshot"), self.service("kvwire-algorithm")
        self.assert_drains("snapshot", *algorithms, drained="alice")

    def test_bob_lets_an_answer_finish_before_he_ends(self):
        algorithms = self.service("kvwire-algorithm"), self.holding("attend")
        self.assert_drains("attend", *algorithms, drained="bob")

    def test_a_run_whose_service_is_killed_fails_with_unavailable(self):
        holding, other = self.holding("snapshot"), self.service("kvwire-algorithm")
        alice = self.service("kvwire-alice", "--algorithm-endpoint", holding.listening)
        bob = self.service("kvwire-bob", "--algorithm-endpoint", other.listening)
        run = self.started("--alice", alice.listening, "--bob", bob.listening)
        self.assertEqual("holding snapshot", holding.read_line())
        alice.kill()
        outcome = run.wait()
        self.assertEqual(78, outcome.code, outcome)
        self.assertIn("Alice", outcome.stderr)


if __name__ == "__main__":
    programs.main()
