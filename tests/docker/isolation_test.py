"""Who reaches whom, tried from inside the containers, and what the containers may do."""

import itertools
import json
import tempfile
import unittest

import addresses
import images
import project

_PARTIES = ("alice", "alice-algorithm", "bob", "bob-algorithm")


class IsolationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        output = tempfile.TemporaryDirectory()
        cls.addClassCleanup(output.cleanup)
        cls.demo = cls.enterClassContext(project.Project(output.name))
        cls.demo.start("alice", "bob")
        cls.inspected = {
            name: json.loads(cls.demo.docker("inspect", cls.demo.container(name)).stdout)[0]
            for name in _PARTIES
        }

    def attempts(self, party, targets):
        """Tries TCP connections from the network of a party's container; what was said of each."""
        # All at once, because where nobody answers each takes its time.
        script = " ".join(
            f"(echo {host} {port} $(nc -w 3 {host} {port} -e busybox true 2>&1 && echo open)) &"
            for host, port in targets
        )
        said = {}
        for line in self.demo.look(party, "sh", "-c", f"{script} wait").stdout.splitlines():
            host, port, outcome = line.split(" ", 2)
            said[host, int(port)] = outcome
        self.assertEqual(set(targets), set(said))
        return said

    def check(self, party, reached=(), not_reached=()):
        for address, said in self.attempts(party, (*reached, *not_reached)).items():
            with self.subTest(party=party, address=address):
                expected = "^open$" if address in reached else "unreachable|refused|timed out"
                self.assertRegex(said, expected)

    def test_alice_reaches_her_algorithm_and_bobs_channel_only(self):
        channel, _ = addresses.CHANNEL
        at_bob, algorithm_port = addresses.BOB_ALGORITHM
        _, decode_port = addresses.BOB
        self.check(
            "alice",
            reached=(addresses.CHANNEL, addresses.ALICE_ALGORITHM),
            not_reached=(
                addresses.BOB, addresses.BOB_ALGORITHM,
                (channel, decode_port), (channel, algorithm_port), (at_bob, decode_port),
            ),
        )

    def test_what_alice_cannot_reach_is_open_to_bob_and_nothing_of_hers_is(self):
        self.check(
            "bob",
            reached=(addresses.BOB, addresses.BOB_ALGORITHM),
            not_reached=(addresses.ALICE, addresses.ALICE_ALGORITHM),
        )

    def test_the_algorithms_reach_nobody_on_the_other_side(self):
        self.check(
            "alice-algorithm",
            reached=(addresses.ALICE_ALGORITHM,),
            not_reached=(addresses.CHANNEL, addresses.BOB, addresses.BOB_ALGORITHM),
        )
        self.check(
            "bob-algorithm",
            reached=(addresses.BOB_ALGORITHM,),
            not_reached=(addresses.CHANNEL, addresses.ALICE, addresses.ALICE_ALGORITHM),
        )

    def test_alices_own_program_is_refused_where_the_driver_is_answered(self):
        for address, code in ((addresses.CHANNEL, 0), (addresses.BOB, 78),
                              (addresses.BOB_ALGORITHM, 78)):
            with self.subTest(address=address):
                health = self.demo.docker(
                    "exec", self.demo.container("alice"),
                    "kvwire", "health", addresses.endpoint(address), check=False,
                )
                self.assertEqual(code, health.returncode, health)

    def test_alices_side_and_bobs_share_the_channel_and_no_volume(self):
        shared = {
            pair: set.intersection(*(
                set(self.inspected[name]["NetworkSettings"]["Networks"]) for name in pair
            ))
            for pair in itertools.product(_PARTIES[:2], _PARTIES[2:])
        }
        self.assertEqual(1, len(shared.pop(("alice", "bob"))))
        self.assertEqual([set()] * 3, list(shared.values()))
        for alices, bobs in itertools.product(_PARTIES[:2], _PARTIES[2:]):
            sources = [
                {mount["Source"] for mount in self.inspected[name]["Mounts"]}
                for name in (alices, bobs)
            ]
            self.assertFalse(set.intersection(*sources))

    def test_parties_are_no_root_cannot_write_and_have_no_shell(self):
        for name, container in self.inspected.items():
            with self.subTest(name=name):
                self.assertEqual("10001:10001", container["Config"]["User"])
                self.assertTrue(container["HostConfig"]["ReadonlyRootfs"])
                self.assertEqual(["ALL"], container["HostConfig"]["CapDrop"])
        shell = self.demo.docker("run", "--rm", images.KVWIRE, "sh", check=False)
        self.assertEqual(127, shell.returncode, shell)
