"""The link between Alice's and Bob's containers counts what the ledger says crossed it.

An interface counts the frames that the stack hands to it, of up to 64 KiB each: a frame is an
Ethernet header of 14 bytes, an IPv4 header of 20, and a TCP header of 20 with 12 of options. A
SYN has 8 bytes more of options; an acknowledgement may have 12 more for each block that it
reports out of order. Besides there are address lookups of 42 bytes a frame.
"""

import collections
import json
import re
import unittest

import addresses
import project

_HEADERS, _SYN_OPTIONS, _SACK_OPTIONS, _ARP = 66, 8, 12, 42
_FRAME_PAYLOAD = 65536 - 52
# More of either than ever seen, and few enough that they hide less than one full packet.
_MOST_LOOKUPS, _MOST_SACKS = 10, 40
# The longest of the frames by which the bridge asks who listens to what.
_MULTICAST = 120

Counters = collections.namedtuple("Counters", "rx_bytes rx_frames tx_bytes tx_frames")


class LinkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = project.standing()

    def counters(self, party):
        """What the kernel counted at a party's end of the channel's network."""
        network = addresses.CHANNEL[0].rpartition(".")[0]
        said = self.demo.look(party, "sh", "-c", "ip -o -4 addr; cat /proc/net/dev").stdout
        # "3: eth1    inet 172.30.73.3/24 ..", and then "  eth1:  bytes frames ..".
        interface = re.search(rf"^\d+: (\S+) +inet {re.escape(network)}\.", said, re.MULTILINE)[1]
        row = re.search(rf"^ *{interface}: *(.*)", said, re.MULTILINE)[1].split()
        return Counters(*(int(row[column]) for column in (0, 1, 8, 9)))

    def run_between_readings(self, *arguments):
        """The ledger of one run, and what the counters of both ends advanced by."""
        before = [self.counters(party) for party in ("alice", "bob")]
        outcome = self.demo.drive("kvwire", "run", *addresses.SERVICES, *arguments, "--json", "-")
        self.assertEqual(0, outcome.returncode, outcome)
        after = [self.counters(party) for party in ("alice", "bob")]
        advances = [
            Counters(*(new - old for new, old in zip(*pair))) for pair in zip(after, before)
        ]
        return json.loads(outcome.stdout), *advances

    def check_frames(self, payload, connections, frames, total):
        """`total` bytes in so many frames is this payload with its headers, and nothing else."""
        expected = payload + _HEADERS * frames + _SYN_OPTIONS * connections
        # Where a frame was a lookup, it had no headers of TCP and IP.
        self.assertGreaterEqual(total, expected - (_HEADERS - _ARP) * _MOST_LOOKUPS)
        self.assertLessEqual(total, expected + _SACK_OPTIONS * _MOST_SACKS)
        self.assertGreaterEqual(frames, payload / _FRAME_PAYLOAD)

    def test_the_interfaces_count_the_ledgers_bytes_and_their_headers(self):
        for size in (("--n", 64, "--d", 128), ("--n", 16, "--d", 64)):
            with self.subTest(size=size):
                run, alice, bob = self.run_between_readings(*map(str, size))
                sent = [
                    run[end]["tcp_payload_bytes_sent"] + run[end]["retransmitted_bytes"]
                    for end in ("alice", "bob")
                ]
                connections = len(run["connections"])
                print(f"\n{size}: ledger {sent}, interfaces {alice} {bob}")
                self.check_frames(sent[0], connections, alice.tx_frames, alice.tx_bytes)
                self.check_frames(sent[1], connections, bob.tx_frames, bob.tx_bytes)

    def test_both_ends_of_the_link_count_the_same_but_for_the_bridges_own_frames(self):
        _, alice, bob = self.run_between_readings("--n", "64", "--d", "64")
        for there, here in (
            ((alice.tx_bytes, alice.tx_frames), (bob.rx_bytes, bob.rx_frames)),
            ((bob.tx_bytes, bob.tx_frames), (alice.rx_bytes, alice.rx_frames)),
        ):
            # Lookups may fall between the readings of the two ends.
            extra_bytes, extra_frames = (got - sent for got, sent in zip(here, there))
            self.assertLessEqual(abs(extra_frames), _MOST_LOOKUPS)
            self.assertLessEqual(abs(extra_bytes), _MOST_LOOKUPS * _MULTICAST)

    def test_a_link_that_nobody_uses_counts_next_to_nothing(self):
        before = self.counters("alice")
        outcome = self.demo.drive("kvwire", "health", addresses.endpoint(addresses.BOB))
        self.assertEqual(0, outcome.returncode, outcome)
        after = self.counters("alice")
        self.assertLessEqual(after.tx_bytes - before.tx_bytes, _ARP * _MOST_LOOKUPS)
