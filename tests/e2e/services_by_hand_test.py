"""The services in their own processes, as the README starts them."""

import unittest

import books
import programs

_RUN = ("run", "--n", 8, "--d", 64, "--algorithm", "bitplane")


def _addresses(services):
    return ("--alice", services.alice.listening, "--bob", services.bob.listening)


class ServicesByHandTest(unittest.TestCase):
    def test_a_run_against_them_is_good_with_a_port_for_the_channel_and_without(self):
        for channel_listen in (True, False):
            with self.subTest(channel_listen=channel_listen):
                with programs.services(channel_listen) as services:
                    result = programs.judged(*_RUN, *_addresses(services))
                self.assertEqual(0, result["bit_errors"])
                books.check(self, result)

    def test_a_channel_may_be_named(self):
        with programs.services() as services:
            address = services.bob.channel
            result = programs.judged(*_RUN, *_addresses(services), "--channel", address)
            self.assertEqual(0, result["bit_errors"])

    def test_many_runs_share_them_each_with_a_connection_of_its_own(self):
        with programs.services() as services:
            results = [programs.judged(*_RUN, *_addresses(services)) for _ in range(5)]
        self.assertEqual(5, len({result["run_id"] for result in results}))
        for result in results:
            self.assertEqual(1, len(result["connections"]))
            books.check(self, result)

    def test_runs_at_the_same_time_are_told_apart(self):
        arguments = ("run", "--n", 16, "--d", 64, "--json", "-")
        with programs.services() as services:
            running = [
                programs.Program("kvwire", *arguments, *_addresses(services)) for _ in range(6)
            ]
            outcomes = [program.wait() for program in running]
            for program in running:
                program.__exit__()
        for outcome in outcomes:
            self.assertEqual(0, outcome.code, outcome)

    def test_health_is_0_for_one_that_serves_and_78_for_one_that_does_not(self):
        with programs.services() as services:
            for service in services:
                self.assertEqual(0, programs.kvwire("health", service.listening).code)
            gone = services.bob.listening
        outcome = programs.kvwire("health", gone)
        self.assertEqual(78, outcome.code)
        self.assertIn(gone, outcome.stderr)

    def test_one_algorithm_process_for_both_is_refused_unless_allowed(self):
        with programs.Service("kvwire-algorithm") as shared:
            algorithm = ("--algorithm-endpoint", shared.listening)
            with programs.Service("kvwire-alice", *algorithm) as alice:
                with programs.Service("kvwire-bob", *algorithm) as bob:
                    where = ("--alice", alice.listening, "--bob", bob.listening)
                    refused = programs.judged(*_RUN, *where, expected_code=3)
                    programs.judged(*_RUN, *where, "--allow-shared-algorithm")
        self.assertEqual(1, len(refused["verdict"]["reasons"]))
        self.assertIn("one algorithm process", refused["verdict"]["reasons"][0])


if __name__ == "__main__":
    programs.main()
