"""The demo, and payloads that are anything but random."""

import json
import pathlib
import re
import tempfile
import unittest

import books
import pictures
import programs

_EXPONENT = re.compile(r"(bitplane|exact) +grows as (.*)")


class DemoTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name) / "pictures"

    def pixels(self, name):
        return pictures.png_pixels((self.folder / name).read_bytes())

    def test_it_ends_well_and_its_pictures_are_as_its_table_says(self):
        outcome = programs.kvwire("demo", "--output", self.folder)
        self.assertEqual(0, outcome.code, outcome)
        original = self.pixels("original.png")
        for name in ("exact", "float16", "bitplane"):
            self.assertRegex(outcome.stdout, rf"{name} .* ok +identical")
            self.assertEqual(original, self.pixels(f"{name}.png"))
        self.assertRegex(outcome.stdout, r"streaming .* ok +damaged")
        self.check_starved(original[-1], self.pixels("streaming-sinks-4-window-680.png")[-1])
        self.check_slopes(outcome.stdout)

    def test_chosen_algorithms_are_shown_alone_and_must_match_where_that_is_asked(self):
        for choice, code in (("--algorithm", 0), ("--identical", 3)):
            with self.subTest(choice=choice):
                results = self.folder / "results.json"
                outcome = programs.kvwire(
                    "demo", "--output", self.folder, "--json", results,
                    "--identical", "bitplane", choice, "streaming:window=680",
                )
                self.assertEqual(code, outcome.code, outcome)
                runs = json.loads(results.read_text())
                self.assertEqual([], runs["scaling"])
                errors = {one["parameters"]["algorithm"]: one["bit_errors"]
                          for one in runs["pictures"]}
                self.assertEqual({"bitplane", "streaming:window=680"}, set(errors))
                self.assertEqual(0, errors["bitplane"])
                self.assertGreater(errors["streaming:window=680"], 0)

    def test_results_are_not_mixed_with_the_tables(self):
        outcome = programs.kvwire("demo", "--output", self.folder, "--json", "-")
        self.assertEqual(2, outcome.code, outcome)
        self.assertIn("--json names a file", outcome.stderr)

    def check_starved(self, original, arrived):
        # 8 bytes a token of d = 64: the first 4 and the last 680 of 1365 tokens are kept.
        evicted = slice(4 * 8, (1365 - 680) * 8)
        self.assertEqual(original[: 4 * 8], arrived[: 4 * 8])
        self.assertEqual(original[evicted.stop :], arrived[evicted.stop :])
        wrong = sum(
            (a ^ b).bit_count() for a, b in zip(original[evicted], arrived[evicted])
        )
        # Half of 43,584 bits; ten standard deviations are 0.024.
        share = wrong / (8 * len(original[evicted]))
        self.assertTrue(0.476 < share < 0.524, share)

    def check_slopes(self, text):
        slopes = _EXPONENT.findall(text)
        self.assertEqual(["bitplane", "exact"], [name for name, _ in slopes])
        for _, fits in slopes:
            for letter, exponent in re.findall(r"([nd])\^([\d.]+)", fits):
                expected = {"n": 2, "d": 1}[letter]
                self.assertAlmostEqual(expected, float(exponent), delta=0.05)


class PayloadTest(unittest.TestCase):
    """The floor is about uniform bits, and these are not: the mask makes them so."""

    def send(self, payload, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "payload"
            path.write_bytes(payload)
            output = pathlib.Path(folder) / "arrived"
            return programs.judged("send", path, "--d", 64, "--output", output, *arguments)

    def test_white_and_black_with_a_starved_cache_are_not_called_leaks(self):
        for byte in (b"\xff", b"\x00"):
            for mask in ("private", "none"):
                with self.subTest(byte=byte, mask=mask):
                    result = self.send(
                        2728 * byte, "--algorithm", "streaming:window=8", "--mask", mask
                    )
                    self.assertTrue(result["verdict"]["ok"])
                    books.check(self, result)

    def test_unmasked_black_is_read_without_an_error_from_a_starved_cache(self):
        # Which is why an unmasked run proves nothing: an evicted bit is read as 0.
        result = self.send(2728 * b"\x00", "--algorithm", "streaming:window=8", "--mask", "none")
        self.assertEqual(0, result["bit_errors"])
        self.assertEqual("not applicable", result["leak_test"])


if __name__ == "__main__":
    programs.main()
