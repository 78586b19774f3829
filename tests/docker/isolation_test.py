"""Who reaches whom, tried from inside the containers, and what the containers may do."""

import itertools
import json
import unittest
from concurrent import futures

import addresses
import images
import project

_PARTIES = ("alice", "alice-algorithm", "bob", "bob-algorithm")


_CHANNEL_HOST, _ = addresses.CHANNEL
_AT_BOB, _ALGORITHM_PORT = addresses.BOB_ALGORITHM
_, _DECODE_PORT = addresses.BOB

# Whom each party must reach, and must not.
_REACHED = {
    "alice": (addresses.CHANNEL, addresses.ALICE_ALGORITHM),
    "alice-algorithm": (addresses.ALICE_ALGORITHM,),
    # What Alice cannot reach is open: the attempts from her container fail for no other reason.
    "bob": (addresses.BOB, addresses.BOB_ALGORITHM),
    "bob-algorithm": (addresses.BOB_ALGORITHM,),
}
_NOT_REACHED = {
    "alice": (
        addresses.BOB, addresses.BOB_ALGORITHM, (_CHANNEL_HOST, _DECODE_PORT),
        (_CHANNEL_HOST, _ALGORITHM_PORT), (_AT_BOB, _DECODE_PORT),
    ),
    "alice-algorithm": (addresses.CHANNEL, addresses.BOB, addresses.BOB_ALGORITHM),
    "bob": (addresses.ALICE, addresses.ALICE_ALGORITHM),
    "bob-algorithm": (addresses.CHANNEL, addresses.ALICE, addresses.ALICE_ALGORITHM),
}


class IsolationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = project.standing()
        cls.inspected = {
            name: json.loads(cls.demo.docker("inspect", cls.demo.container(name)).stdout)[0]
            for name in _PARTIES
        }

    def attempts(self, party):
        """Tries TCP connections from the network of a party's container; what was said of each."""
        # All at once, because where nobody answers each takes its time.
        script = " ".join(
            f"(echo {host} {port} $(nc -w 2 {host} {port} -e busybox true 2>&1 && echo open)) &"
            for host, port in (*_REACHED[party], *_NOT_REACHED[party])
        )
        said = {}
        for line in self.demo.look(party, "sh", "-c", f"{script} wait").stdout.splitlines():
            host, port, outcome = line.split(" ", 2)
            said[host, int(port)] = outcome
        return said

    def test_each_party_reaches_whom_it_must_and_nobody_else(self):
        with futures.ThreadPoolExecutor() as pool:
            outcomes = dict(zip(_PARTIES, pool.map(self.attempts, _PARTIES)))
        for party, said in outcomes.items():
            for expected, where in (
                ("^open$", _REACHED[party]), ("unreachable|refused|timed out", _NOT_REACHED[party])
            ):
                for address in where:
                    with self.subTest(party=party, address=address):
                        self.assertRegex(said[address], expected)

    def test_alices_own_program_is_refused_where_the_driver_is_answered(self):
        def health(address):
            return self.demo.docker(
                "exec", self.demo.container("alice"),
                "kvwire", "health", addresses.endpoint(address), check=False,
            ).returncode

        where = (addresses.CHANNEL, addresses.BOB, addresses.BOB_ALGORITHM)
        with futures.ThreadPoolExecutor() as pool:
            self.assertEqual([0, 78, 78], list(pool.map(health, where)))

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
