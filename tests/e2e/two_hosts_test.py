"""Alice and Bob on two hosts: network namespaces joined by a pair of virtual interfaces."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import books
import programs

_RUN = ("run", "--n", 16, "--d", 64, "--secret-seed", "5eed")
_BIND = "--insecure-bind"


def _ip(*arguments):
    subprocess.run(["ip", *map(str, arguments)], check=True, capture_output=True, text=True)


class Host:
    """A network namespace with a loopback and one address."""

    def __init__(self, stack, name, address):
        self.name, self.address = name, address
        _ip("netns", "add", name)
        stack.callback(_ip, "netns", "delete", name)
        self.prefix = ("ip", "netns", "exec", name)

    def ip(self, *arguments):
        _ip("-n", self.name, *arguments)

    def bring_up(self, interface):
        self.ip("address", "add", f"{self.address}/24", "dev", interface)
        self.ip("link", "set", interface, "up")
        self.ip("link", "set", "lo", "up")

    def service(self, stack, name, *arguments):
        service = programs.Service(name, *arguments, prefix=self.prefix)
        return stack.enter_context(service)


def _joined_hosts(stack):
    """Alice's and Bob's hosts; deleting either deletes the link between them."""
    tag = f"kvwire{os.getpid()}"
    alice = Host(stack, f"{tag}-a", "10.77.0.1")
    bob = Host(stack, f"{tag}-b", "10.77.0.2")
    _ip("link", "add", "name", "to-bob", "netns", alice.name, "type", "veth",
        "peer", "name", "to-alice", "netns", bob.name)
    alice.bring_up("to-bob")
    bob.bring_up("to-alice")
    return alice, bob


class TwoHostsTest(unittest.TestCase):
    def setUp(self):
        if shutil.which("ip") is None:
            self.skipTest("iproute2 is not installed")
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        try:
            self.alice, self.bob = _joined_hosts(self.stack)
        except subprocess.CalledProcessError as error:
            self.skipTest(f"network namespaces are not permitted here: {error.stderr}")

    def start(self, host, program, *channel):
        """A party on `host`, with an algorithm that only this host can reach."""
        algorithm = host.service(self.stack, "kvwire-algorithm")
        return host.service(
            self.stack, program, "--listen", f"{host.address}:0", _BIND,
            "--algorithm-endpoint", algorithm.listening, *channel,
        )

    def test_the_same_bits_and_message_bytes_as_on_loopback(self):
        alice = self.start(self.alice, "kvwire-alice")
        bob = self.start(self.bob, "kvwire-bob", "--channel-listen", f"{self.bob.address}:0")
        addresses = ("--alice", alice.listening, "--bob", bob.listening)
        for algorithm in ("exact", "bitplane"):
            with self.subTest(algorithm=algorithm):
                arguments = (*_RUN, "--algorithm", algorithm)
                apart = programs.judged(*arguments, *addresses, prefix=self.alice.prefix)
                together = programs.judged(*arguments)
                self.assertEqual(0, apart["bit_errors"])
                books.check(self, apart)
                self.assertEqual(together["snapshot_sha256"], apart["snapshot_sha256"])
                for key in ("messages", "message_bytes", "grpc_bytes"):
                    self.assertEqual(together["alice"][key], apart["alice"][key])

    def test_what_alices_own_host_drops_was_not_sent(self):
        alice = self.start(self.alice, "kvwire-alice")
        bob = self.start(self.bob, "kvwire-bob", "--channel-listen", f"{self.bob.address}:0")
        # A queue of a few packets: it overflows, and the kernel counts what it drops as sent.
        shaper = ("tc", "qdisc", "add", "dev", "to-bob", "root", "tbf",
                  "rate", "40mbit", "burst", "70kb", "limit", "80kb")
        subprocess.run([*self.alice.prefix, *shaper], check=True, capture_output=True)
        result = programs.judged(
            "run", "--n", 32, "--d", 256, "--alice", alice.listening, "--bob", bob.listening,
            prefix=self.alice.prefix)
        books.check(self, result)
        shown = subprocess.run([*self.alice.prefix, "tc", "-s", "qdisc", "show", "dev", "to-bob"],
                               check=True, capture_output=True, text=True).stdout
        self.assertGreater(int(re.search(r"dropped (\d+)", shown)[1]), 0, shown)

    def test_a_partition_delays_the_message_and_no_more(self):
        alice = self.start(self.alice, "kvwire-alice")
        bob = self.start(self.bob, "kvwire-bob", "--channel-listen", f"{self.bob.address}:0")
        # The driver asks Bob over the link too, so it is patient.
        arguments = (
            *("run", "--n", 32, "--d", 256, "--sharpness", 20, "--json", "-", "--timeout", "60s"),
            *("--alice", alice.listening, "--bob", bob.listening),
        )
        with programs.Program("kvwire", *arguments, prefix=self.alice.prefix) as program:
            for _ in range(3):
                time.sleep(0.2)
                self.alice.ip("link", "set", "to-bob", "down")
                time.sleep(0.3)
                self.alice.ip("link", "set", "to-bob", "up")
            outcome = program.wait()
        self.assertEqual(0, outcome.code, outcome)
        result = json.loads(outcome.stdout)
        self.assertEqual(0, result["bit_errors"])
        self.assertTrue(result["verdict"]["ok"], result["verdict"])


if __name__ == "__main__":
    programs.main()
