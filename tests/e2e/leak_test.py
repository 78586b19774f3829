"""The leak test calls no honest run a leak, however one-sided the payload is."""

import pathlib
import tempfile
import unittest

import books
import pictures
import programs


class LeakTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def send_picture(self, shade, *arguments):
        """Sends a picture of one shade, 64 x 64, through a cache that keeps little of it."""
        picture = self.folder / "picture.pgm"
        picture.write_bytes(pictures.pgm(64, 64, bytes([shade]) * 4096))
        result = programs.judged(
            "send", picture, "--as", "picture", "--d", 64, "--output", self.folder / "arrived.pgm",
            *arguments
        )
        books.check(self, result)
        arrived = self.folder.joinpath("arrived.pgm").read_bytes()
        return result, pictures.netpbm_pixels(arrived)[-1]

    def test_a_white_or_black_picture_and_a_starved_cache_are_no_leak(self):
        for shade in (0, 255):
            for algorithm in ("streaming", "streaming:sinks=0,window=1"):
                with self.subTest(shade=shade, algorithm=algorithm):
                    result, _ = self.send_picture(shade, "--algorithm", algorithm)
                    self.assertTrue(result["verdict"]["ok"])
                    self.assertEqual("passed", result["leak_test"])
                    self.assertLess(result["leak_bits"], 40)

    def test_behind_the_mask_what_was_evicted_is_a_guess_even_if_all_bits_are_the_same(self):
        result, arrived = self.send_picture(0, "--algorithm", "streaming")
        # Of its 1365 tokens of 64 bits each, 68 are kept.
        guessed = result["payload_bits"] - 64 * 68
        self.assertAlmostEqual(guessed / 2, result["bit_errors"], delta=6 * (guessed / 4) ** 0.5)
        self.assertGreater(len(set(arrived)), 200)

    def test_without_a_mask_a_lucky_guess_is_not_called_a_leak(self):
        # Zeros are what an evicted row reads as, so the whole picture is right without a message.
        arguments = ("--algorithm", "streaming:sinks=0,window=1", "--mask", "none")
        result, arrived = self.send_picture(0, *arguments)
        self.assertEqual((0, bytes(4096)), (result["bit_errors"], arrived))
        # It would have been: far more bits were read than the state holds.
        self.assertGreater(result["payload_bits"], result["state_bits"] + 40)
        self.assertEqual("not applicable", result["leak_test"])
        self.assertEqual({"ok": True, "reasons": []}, result["verdict"])

    def test_without_a_mask_a_white_picture_is_all_wrong_where_it_was_evicted(self):
        result, arrived = self.send_picture(255, "--algorithm", "streaming", "--mask", "none")
        self.assertEqual(b"\xff" * 32 + bytes(4096 - 32), arrived)
        self.assertEqual(8 * (4096 - 32), result["bit_errors"])
        self.assertTrue(result["verdict"]["ok"])

    def test_the_honest_minimum_is_no_leak(self):
        result, _ = self.send_picture(255, "--algorithm", "bitplane")
        # Its claim is the payload to the bit, and the test's own margin is 2 bits.
        self.assertEqual(result["payload_bits"], result["state_bits"])
        self.assertEqual(-2, result["state_leak_bits"])


if __name__ == "__main__":
    programs.main()
