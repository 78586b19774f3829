"""The Python plug-in as both algorithms, in containers of its own image."""

import json
import pathlib
import sys
import tempfile
import unittest

import project

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import pictures  # pylint: disable=wrong-import-position


class PythonTest(unittest.TestCase):
    def test_the_picture_crosses_a_compressor_in_another_language_unharmed(self):
        with tempfile.TemporaryDirectory() as folder:
            with project.Project(folder, "python") as demo:
                outcome = demo.up()
            self.assertEqual(0, outcome.returncode, outcome.stdout + outcome.stderr)
            output = pathlib.Path(folder)
            sent, arrived = (
                pictures.png_pixels((output / name).read_bytes())
                for name in ("original.png", "int8.png")
            )
            (result,) = json.loads((output / "results.json").read_text())["pictures"]
        self.assertEqual(sent, arrived)
        self.assertEqual(0, result["bit_errors"])
        # A token is keys and values of 64 numbers at 8 bits, with a scale of 32 bits each.
        self.assertEqual(1365 * 2 * (64 * 8 + 32), result["state_bits"])
