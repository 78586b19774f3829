"""The demo in containers: what it shows, and that its exit code is compose's."""

import json
import pathlib
import sys
import tempfile
import unittest

import project

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import books  # pylint: disable=wrong-import-position
import pictures

_STARVED = pathlib.Path(__file__).resolve().parent / "starved.yaml"


class DemoTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.output = pathlib.Path(folder.name)

    def up(self, *variants):
        with project.Project(self.output, *variants) as demo:
            return demo.up()

    def pixels(self, name):
        return pictures.png_pixels((self.output / name).read_bytes())

    def results(self):
        return json.loads((self.output / "results.json").read_text())

    def test_pictures_cross_between_containers_unharmed(self):
        outcome = self.up()
        self.assertEqual(0, outcome.returncode, outcome.stdout + outcome.stderr)
        original = self.pixels("original.png")
        for name in ("exact", "float16", "bitplane"):
            self.assertRegex(outcome.stdout, rf"{name} .* ok +identical")
            self.assertEqual(original, self.pixels(f"{name}.png"))
        self.assertNotEqual(original, self.pixels("streaming-sinks-4-window-680.png"))
        results = self.results()
        self.assertEqual(20, len(results["scaling"]))
        for result in results["pictures"] + results["scaling"]:
            with self.subTest(**result["parameters"]):
                self.assertTrue(result["verdict"]["ok"], result["verdict"])
                # Where many bits are wrong the books take seconds.
                if result["bit_errors"] == 0:
                    books.check(self, result)

    def test_a_starved_cache_that_is_expected_to_match_fails_compose(self):
        outcome = self.up(_STARVED)
        self.assertEqual(3, outcome.returncode, outcome.stdout + outcome.stderr)
        bitplane, starved = self.results()["pictures"]
        self.assertEqual(0, bitplane["bit_errors"])
        self.assertGreater(starved["bit_errors"], 0)
        self.assertTrue(starved["verdict"]["ok"], "honest, only starved")
