"""Snapshots of real runs, taken apart to the byte; damaged ones are told from sound ones."""

import json
import pathlib
import tempfile
import unittest

import programs


class InspectTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.snapshot = pathlib.Path(folder.name, "message.kvws")
        self.json = pathlib.Path(folder.name, "message.json")

    def run_and_save(self, *arguments):
        return programs.judged("run", "--n", 16, "--d", 16, *arguments,
                               "--save-snapshot", self.snapshot)

    def assert_fails(self, exit_code, words, path):
        outcome = programs.kvwire("inspect", path)
        self.assertEqual((exit_code, ""), (outcome.code, outcome.stdout), outcome)
        for word in (path, *words):
            self.assertIn(str(word), outcome.stderr)

    def test_every_byte_of_a_message_has_its_place(self):
        for algorithm in ("exact", "float16", "bitplane", "streaming:window=9,sinks=2"):
            with self.subTest(algorithm=algorithm):
                run = self.run_and_save("--algorithm", algorithm)
                found = programs.judged("inspect", self.snapshot)
                size = self.snapshot.stat().st_size
                self.assertEqual(run["snapshot_bytes"], size)
                self.assertEqual(size, found["bytes"])
                self.assertEqual(run["parameters"]["algorithm"], found["algorithm"])
                self.assertEqual((16, 85), (found["d"], found["tokens"]))
                self.assertEqual(run["state_bits"], found["payload_bits"])
                self.assertEqual(run["state_bits"], sum(c["bits"] for c in found["contents"]))
                end = 0
                for part in (*found["header"]["fields"], *found["sections"]):
                    self.assertEqual(end, part["offset"])
                    end += part["bytes"]
                self.assertEqual(size, end)
                bodies = sum(section["body_bytes"] for section in found["sections"])
                self.assertEqual(size, bodies + found["container_bytes"])
                self.assertAlmostEqual(
                    run["state_bits"] / (2 * 85 * 16), found["bits_per_element"])

    def test_the_text_is_for_people_and_the_json_beside_it(self):
        self.run_and_save("--algorithm", "bitplane", "--problem", "tensor4")
        outcome = programs.kvwire("inspect", self.snapshot, "--json", self.json)
        self.assertEqual((0, ""), (outcome.code, outcome.stderr))
        size = self.snapshot.stat().st_size
        for words in (f"{self.snapshot}: a snapshot of bitplane, tensor attention",
                      "section 1: codes", f"{size}  the file's size", "bits per element"):
            self.assertIn(words, outcome.stdout)
        self.assertEqual("tensor", json.loads(self.json.read_text())["attention"])

    def test_damage_is_found_and_located(self):
        self.run_and_save("--algorithm", "float16")
        sound = self.snapshot.read_bytes()
        for at in (0, 4, 6, len(sound) // 2, len(sound) - 1):
            damaged = bytearray(sound)
            damaged[at] ^= 0x10
            self.snapshot.write_bytes(damaged)
            self.assert_fails(4, ["at byte "], self.snapshot)
        self.snapshot.write_bytes(sound[:1000])
        self.assert_fails(4, ["ends too early: at byte 1000"], self.snapshot)
        self.snapshot.write_bytes(sound + b"x")
        self.assert_fails(4, [f"at byte {len(sound)}: bytes after the end"], self.snapshot)

    def test_what_is_not_a_snapshot_is_refused(self):
        self.snapshot.write_bytes(b"")
        self.assert_fails(4, ["at byte 0"], self.snapshot)
        self.assert_fails(4, ["at byte 0", "not a snapshot"], pathlib.Path(__file__))

    def test_a_missing_file_is_bad_usage(self):
        self.assert_fails(2, ["there is no file"], self.snapshot)
        self.assert_fails(2, ["there is no file"], self.snapshot.parent)
        self.assertEqual(2, programs.kvwire("inspect").code)
        outcome = programs.kvwire("inspect", self.snapshot, "--json", "/nonexistent/result")
        self.assertEqual(2, outcome.code)


if __name__ == "__main__":
    programs.main()
