"""Where services are: ports, families of addresses, names, and who is not taken for whom."""

import contextlib
import os
import socket
import unittest

import books
import programs

_RUN = ("run", "--n", 16, "--d", 48)


def _at(running):
    return "--alice", running.alice.listening, "--bob", running.bob.listening


class EndpointsTest(unittest.TestCase):
    def assert_good(self, *arguments):
        result = programs.judged(*_RUN, *arguments)
        self.assertEqual(0, result["bit_errors"])
        books.check(self, result)

    def test_the_channels_port_serves_the_channel_alone(self):
        with programs.services() as running:
            crossed = ("--alice", running.alice.listening, "--bob", running.bob.channel)
            # UNIMPLEMENTED is 12.
            result = programs.judged(*_RUN, *crossed, expected_code=76)
            self.assertEqual("UNIMPLEMENTED", result["error"]["code"])
            wrong = (*_at(running), "--channel", running.bob.listening)
            self.assertIn("error", programs.judged(*_RUN, *wrong, expected_code=76))
            self.assert_good(*_at(running), "--channel", running.bob.channel)

    def test_alice_and_bob_are_not_taken_for_each_other(self):
        with programs.services() as running:
            crossed = ("--alice", running.bob.listening, "--bob", running.alice.listening)
            result = programs.judged(*_RUN, *crossed, expected_code=76)
            self.assertEqual("UNIMPLEMENTED", result["error"]["code"])

    def test_ipv6_serves_too(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError as error:
            self.skipTest(f"this machine has no IPv6 loopback: {error}")
        here = ("--listen", "[::1]:0")
        with contextlib.ExitStack() as stack:
            def start(*arguments):
                return stack.enter_context(programs.Service(*arguments, *here)).listening

            algorithms = [start("kvwire-algorithm") for _ in range(2)]
            alice = start("kvwire-alice", "--algorithm-endpoint", algorithms[0])
            bob = start("kvwire-bob", "--algorithm-endpoint", algorithms[1])
            self.assertTrue(bob.startswith("[::1]:"), bob)
            self.assert_good("--alice", alice, "--bob", bob)

    def test_an_endpoint_may_be_a_name(self):
        with programs.services() as running:
            named = [one.listening.replace("127.0.0.1", "localhost") for one in running[:2]]
            self.assert_good("--alice", named[0], "--bob", named[1])


class SharedAlgorithmTest(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        shared = stack.enter_context(programs.Service("kvwire-algorithm")).listening
        self.own = ("--alice-algorithm", shared, "--bob-algorithm", shared)
        parties = [
            stack.enter_context(programs.Service(party, "--algorithm-endpoint", shared)).listening
            for party in ("kvwire-alice", "kvwire-bob")
        ]
        self.by_hand = ("--alice", parties[0], "--bob", parties[1])

    def test_one_algorithm_process_for_both_ends_fails_the_verdict(self):
        for where in (self.by_hand, self.own):
            with self.subTest(where=where):
                result = programs.judged(*_RUN, *where, expected_code=3)
                self.assertFalse(result["verdict"]["ok"])
                self.assertEqual(1, len(result["verdict"]["reasons"]))
                self.assertIn("one algorithm process", result["verdict"]["reasons"][0])
                self.assertIn("--allow-shared-algorithm", result["verdict"]["reasons"][0])
                # All else is in order, and there.
                books.check(self, result)

    def test_it_may_be_allowed(self):
        for where in (self.by_hand, self.own):
            with self.subTest(where=where):
                result = programs.judged(*_RUN, *where, "--allow-shared-algorithm")
                self.assertTrue(result["verdict"]["ok"])


class HealthTest(unittest.TestCase):
    def test_every_port_of_every_service_is_serving(self):
        with programs.services() as running:
            for endpoint in (*[one.listening for one in running], running.bob.channel):
                with self.subTest(endpoint=endpoint):
                    outcome = programs.kvwire("health", endpoint)
                    self.assertEqual((0, f"{endpoint} is serving\n", ""), outcome)

    def test_without_an_endpoint_it_asks_the_one_in_the_environment(self):
        with programs.Service("kvwire-algorithm") as service:
            named = {"KVWIRE_HEALTH_ENDPOINT": service.listening}
            with programs.Program("kvwire", "health", environment=named) as health:
                self.assertEqual((0, f"{service.listening} is serving\n", ""), health.wait())

    def test_nobody_is_not_serving_however_long_it_waits(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            endpoint = f"127.0.0.1:{taken.getsockname()[1]}"
            for wait in ((), ("--wait", "0.1")):
                outcome = programs.kvwire("health", endpoint, *wait)
                self.assertEqual((78, ""), (outcome.code, outcome.stdout))
                self.assertIn(f"{endpoint} is not serving", outcome.stderr)

    def test_it_waits_for_a_service_that_is_still_to_come(self):
        # An address of our own, so that no test that runs at the same time takes the port.
        address = f"127.77.{os.getpid() >> 8 & 255}.{os.getpid() & 255 | 1}"
        with socket.socket() as taken:
            taken.bind((address, 0))
            endpoint = f"{address}:{taken.getsockname()[1]}"
        waiting = programs.Program("kvwire", "health", endpoint, "--wait", 200)
        with waiting, programs.Service("kvwire-algorithm", "--listen", endpoint):
            self.assertEqual((0, f"{endpoint} is serving\n", ""), waiting.wait())


if __name__ == "__main__":
    programs.main()
