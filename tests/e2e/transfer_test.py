"""What a message costs beyond its snapshot: bytes on the wire, and memory of either end."""

import unittest

import programs

MIB = 1 << 20

# (arguments, bytes of the snapshot, least and most bytes on the wire beyond it). The most is
# 480 up to 1 MiB and 64 millionths at 16 MiB; below the least there is no HTTP/2.
_SIZES = (
    (("--n", 2, "--d", 16), 100, 250, 480),
    (("--n", 32, "--d", 64), 174_000, 300, 480),
    (("--n", 64, "--d", 96), 1_048_000, 300, 480),
    (("--n", 128, "--d", 384), 16_776_000, 500, 64 * 16.8),
)


class OverheadTest(unittest.TestCase):
    def test_the_wire_carries_little_beyond_the_snapshot(self):
        for arguments, size, least, most in _SIZES:
            with self.subTest(arguments=arguments):
                result = programs.judged("run", *arguments)
                self.assertGreater(result["snapshot_bytes"], size)
                self.assertLess(result["snapshot_bytes"], 1.3 * size + 100)
                beyond = result["alice"]["tcp_payload_bytes_sent"] - result["snapshot_bytes"]
                self.assertGreaterEqual(beyond, least)
                self.assertLessEqual(beyond, most)


class MemoryTest(unittest.TestCase):
    def test_neither_end_holds_the_snapshot(self):
        small = programs.judged("run", "--n", 8, "--d", 64)["peak_memory_bytes"]
        result = programs.judged("run", "--n", 128, "--d", 512)
        large = result["peak_memory_bytes"]
        self.assertEqual({"alice", "bob", "alice_algorithm", "bob_algorithm", "driver"}, set(large))
        self.assertGreater(result["snapshot_bytes"], 21 * MIB)
        # Alice's bits and the keys that she makes of the public coin are not the snapshot's.
        keys = 5461 * 512 * 4
        self.assertLess(large["alice"] - small["alice"], 32 * MIB + keys)
        self.assertLess(large["bob"] - small["bob"], 96 * MIB + keys)
        # The algorithms do hold it: the measurement is one.
        for role in ("alice_algorithm", "bob_algorithm"):
            self.assertGreater(large[role] - small[role], 21 * MIB)


if __name__ == "__main__":
    programs.main()
