"""What outside scripts may rely on: the defaults of `kvwire run` and the keys of its JSON."""

import hashlib
import json
import math
import pathlib
import tempfile
import unittest

import books
import programs

_KEYS = {
    "run_id": str,
    "version": str,
    "parameters": dict,
    "payload_bits": int,
    "asked_bits": int,
    "asked_errors": int,
    "queries": int,
    "changed_bits": int,
    "peak_memory_bytes": dict,
    "bit_errors": int,
    "bit_error_rate": float,
    "floor_bits": int,
    "soft_floor_bits": float,
    "leak_bits": float,
    "soft_leak_bits": float,
    "state_bits": int,
    "snapshot_bytes": int,
    "snapshot_sha256": str,
    "efficiency": float,
    "alice": dict,
    "bob": dict,
    "connections": list,
    "seconds": dict,
    "verdict": dict,
}


class DefaultRunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.result = programs.judged("run")

    def test_every_key_of_the_contract_is_there_with_its_type(self):
        for key, kind in _KEYS.items():
            with self.subTest(key=key):
                self.assertIs(kind, type(self.result[key]))

    def test_the_parameters_are_the_documented_defaults(self):
        parameters = dict(self.result["parameters"])
        self.assertGreater(parameters.pop("sharpness"), 1.0)
        self.assertEqual(
            {
                "problem": "var",
                "n": 64,
                "scales": [1, 2, 4, 8, 16, 32, 64],
                "tokens": 1365,
                "queries": 4096,
                "replays": 1,
                "d": 256,
                "frame": "unit",
                "seed": 1,
                "encoding": "bits",
                "eta": 0,
                "eta_mode": "worst",
                "algorithm": "exact",
                "mask": "private",
            },
            parameters,
        )

    def test_exact_makes_no_error_in_any_of_the_bits(self):
        self.assertEqual(1365 * 256, self.result["payload_bits"])
        self.assertEqual(self.result["payload_bits"], self.result["asked_bits"])
        self.assertEqual(0, self.result["asked_errors"])
        self.assertEqual(0, self.result["bit_errors"])
        self.assertEqual(self.result["payload_bits"], self.result["floor_bits"])

    def test_the_verdict_is_ok_and_gives_no_reasons(self):
        self.assertEqual({"ok": True, "reasons": []}, self.result["verdict"])

    def test_one_message_takes_one_connection(self):
        self.assertEqual(1, len(self.result["connections"]))

    def test_the_books_follow_from_each_other(self):
        books.check(self, self.result)

    def test_times_are_numbers(self):
        seconds = self.result["seconds"]
        self.assertEqual(
            {"ingest", "snapshot", "transfer", "restore", "attend", "total"}, set(seconds)
        )
        self.assertEqual({float}, {type(value) for value in seconds.values()})

    def test_ip_bytes_are_null_where_nothing_was_captured(self):
        self.assertIsNone(self.result["alice"]["ip_bytes"])
        self.assertIsNone(self.result["bob"]["ip_bytes"])


class OutputTest(unittest.TestCase):
    def test_without_json_the_books_are_text_on_stdout(self):
        outcome = programs.kvwire("run", "--n", 8, "--d", 16)
        self.assertEqual(0, outcome.code)
        self.assertIn("verdict: ok", outcome.stdout)
        self.assertEqual("", outcome.stderr)

    def test_json_can_go_to_a_file_and_the_text_is_still_printed(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "result.json")
            outcome = programs.kvwire("run", "--n", 8, "--d", 16, "--json", file)
            self.assertEqual(0, outcome.code)
            self.assertIn("verdict: ok", outcome.stdout)
            books.check(self, json.loads(file.read_text()))

    def test_the_saved_snapshot_is_the_one_in_the_books(self):
        for algorithm in ("exact", "float16", "bitplane", "streaming"):
            with self.subTest(algorithm=algorithm), tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder, "snapshot")
                result = programs.judged(
                    "run", "--n", 16, "--d", 48, "--algorithm", algorithm, "--save-snapshot", file
                )
                snapshot = file.read_bytes()
                self.assertEqual(len(snapshot), result["snapshot_bytes"])
                self.assertEqual(hashlib.sha256(snapshot).hexdigest(), result["snapshot_sha256"])
                books.check(self, result)


class ParametersTest(unittest.TestCase):
    def test_a_scale_list_whose_last_scale_is_short_of_queries_is_replayed(self):
        scales = [1, 2, 3, 4, 5, 6, 8, 10, 13, 16]
        result = programs.judged("run", "--scales", ",".join(map(str, scales)), "--d", 64)
        self.assertEqual(scales, result["parameters"]["scales"])
        self.assertEqual(424, result["parameters"]["tokens"])
        self.assertEqual(2, result["parameters"]["replays"])
        self.assertEqual(424 * 64, result["asked_bits"])
        self.assertEqual(0, result["bit_errors"])
        books.check(self, result)

    def test_every_frame_of_keys_serves(self):
        for frame, dims in (("unit", 128), ("gaussian", 128), ("code", 128), ("packed", 8)):
            with self.subTest(frame=frame):
                result = programs.judged("run", "--n", 16, "--d", dims, "--frame", frame)
                self.assertEqual(frame, result["parameters"]["frame"])
                self.assertEqual(0, result["bit_errors"])
                books.check(self, result)

    def test_sharpness_is_solved_the_papers_or_given(self):
        def sharpness(*arguments):
            result = programs.judged("run", "--n", 32, "--d", 256, *arguments)
            self.assertEqual(0, result["bit_errors"])
            return result["parameters"]["sharpness"]

        # Theorem 4.5's own, with epsilon = 0.1: 2 ln(L + n^2 - 1) / (1 - epsilon).
        self.assertAlmostEqual(2 * math.log(341 + 1023) / 0.9, sharpness("--sharpness", "paper"))
        self.assertEqual(21.5, sharpness("--sharpness", "21.5"))
        self.assertEqual(sharpness(), sharpness("--sharpness", "solve"))

    def test_a_file_can_be_the_payload(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "payload")
            file.write_bytes(bytes(range(256)))
            result = programs.judged("run", "--n", 16, "--d", 64, "--payload", file)
        # What the file leaves free is padding, and counts.
        self.assertEqual(85 * 64, result["payload_bits"])
        self.assertEqual(0, result["bit_errors"])
        books.check(self, result)

    def test_bitplane_is_at_the_floor_and_its_wire_bytes_close_to_it(self):
        result = programs.judged("run", "--n", 128, "--d", 128, "--algorithm", "bitplane")
        payload_bytes = 5461 * 128 // 8
        self.assertEqual(0, result["bit_errors"])
        self.assertTrue(0 <= result["snapshot_bytes"] - payload_bytes <= 64)
        wire_bytes = result["alice"]["tcp_payload_bytes_sent"]
        self.assertTrue(payload_bytes < wire_bytes <= 1.008 * payload_bytes, wire_bytes)
        books.check(self, result)


if __name__ == "__main__":
    programs.main()
