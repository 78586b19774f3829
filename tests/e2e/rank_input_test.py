"""Bad input of `kvwire rank`: each has its exit code and a message that names it."""

import json
import pathlib
import tempfile
import unittest

import programs
import safetensors_file


class RankInputTest(unittest.TestCase):
    def assert_fails(self, exit_code, grpc_code, words, *arguments):
        """Checks the exit code, the message on stderr, and the same as JSON on stdout."""
        with self.subTest(arguments=arguments):
            outcome = programs.kvwire("rank", "--quick", *arguments, "--json", "-")
            self.assertEqual(exit_code, outcome.code, outcome)
            result = json.loads(outcome.stdout)
            self.assertEqual(["error"], list(result))
            message = result["error"].pop("message")
            self.assertEqual({"exit": exit_code, "code": grpc_code}, result["error"])
            for word in words:
                self.assertIn(str(word), message)

    def assert_refused(self, words, *arguments):
        self.assert_fails(2, "INVALID_ARGUMENT", words, *arguments)

    def test_unknown_workloads_are_answered_with_the_known_ones(self):
        self.assert_refused(["round", "flat", "needle", "random", "var"], "--workload", "round")
        self.assert_refused(["--dump"], "--workload", "dump")

    def test_unknown_algorithms_are_answered_with_the_known_ones(self):
        self.assert_refused(["nope", "exact", "streaming"], "--algorithm", "nope")
        self.assert_refused(["nope"], "--algorithm", "exact", "--algorithm", "exact+nope")

    def test_bad_specs_are_refused(self):
        for text in ("", ":", "EXACT", "streaming:window=-1", "streaming:depth=1"):
            self.assert_refused(["algorithm"], "--algorithm", text)
        for text in ("streaming:window={n}", "streaming:window={n/0}", "streaming:window={n/4"):
            self.assert_refused([text, "{n/K}"], "--algorithm", text)
        self.assert_refused(["--scale"], "--algorithm", "exact:scale=2")

    def test_a_single_point_is_refused(self):
        for text in (1, 0, -1, 1001, "many"):
            self.assert_refused(["--seeds"], "--seeds", text)

    def test_sizes_must_be_in_range(self):
        flat = ("--workload", "flat")
        self.assert_refused(["39 tokens", "40 queries"], *flat, "--tokens", 39)
        self.assert_refused(["0 queries"], *flat, "--queries", 0)
        self.assert_refused(["n d"], *flat, "--tokens", 1 << 62)
        self.assert_refused(["scales of 0"], *flat, "--scale-tokens", 0)
        self.assert_refused(["d must be"], *flat, "--d", 0)
        self.assert_refused(["d must be from 1 to 4096"], "--workload", "var", "--d", 4097)
        self.assert_refused(["--d 0"], "--workload", "random", "--d", 0)
        self.assert_refused(["power of two"], "--workload", "random", "--n", 3)

    def test_factors_and_seeds_must_be_in_range(self):
        for text in ("0", "-1", "x", "1e3"):
            self.assert_refused(["scale"], f"--scale={text}")
        self.assert_refused(["seed"], "--seed", -1)
        self.assert_refused(["seeds are over"], "--seed", (1 << 53) - 1)

    def test_dumps_that_are_none_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            missing = pathlib.Path(folder, "missing")
            dump = ("--workload", "dump", "--dump")
            below = pathlib.Path(folder, "empty", "below")
            for path in (missing, folder, below):
                self.assert_refused(["--dump", path], *dump, path)
            empty = pathlib.Path(folder, "empty")
            empty.touch()
            self.assert_fails(4, "DATA_LOSS", [empty], *dump, empty)
            keys = pathlib.Path(folder, "keys")
            keys.write_bytes(safetensors_file.tensors_bytes({"keys": ("F32", [1, 2], [1, 2])}))
            self.assert_refused([keys, "values"], *dump, keys)

    def test_a_dump_that_is_none_is_named_before_any_service_starts(self):
        # Services that cannot be reached would come first otherwise.
        nobody = ("--algorithm-endpoint", "127.0.0.1:1", "--timeout", "200ms")
        self.assert_refused(["--dump", "/missing"], "--dump", "/missing", *nobody)
        outcome = programs.kvwire("rank", "--quick", "--dump", "/missing")
        self.assertEqual((2, ""), (outcome.code, outcome.stdout))
        # Where it is not asked for, it need not be there.
        flat = ("--workload", "flat", "--tokens", 64, "--algorithm", "exact")
        programs.judged("rank", "--quick", "--dump", "/missing", *flat)

    def test_bad_secret_seeds_are_refused(self):
        for text in ("xyz", "0", "0x12", "00" * 65):
            self.assert_refused(["secret seed", "hexadecimal"], "--secret-seed", text)
        # 16 digits are added for each seed of the comparison, to 128 in all.
        self.assert_refused(["too long", "16 digits", 114], "--secret-seed", "00" * 57)
        random = ("--workload", "random", "--algorithm", "exact")
        (table,) = programs.judged(
            "rank", "--quick", "--secret-seed", "00" * 56, *random
        )["workloads"]
        (exact,) = (row for row in table["rows"] if row["algorithm"] == "exact")
        self.assertEqual("measured", exact["outcome"])

    def test_outputs_that_cannot_be_written_are_named_before_anything_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "file", "below")
            for flag in ("--csv", "--json"):
                outcome = programs.kvwire("rank", "--quick", flag, path)
                self.assertEqual((2, ""), (outcome.code, outcome.stdout))
                self.assertIn(str(path), outcome.stderr)
        self.assert_refused(["stdout"], "--csv", "-")

    def test_servers_that_cannot_be_reached_are_named(self):
        arguments = ("--algorithm-endpoint", "127.0.0.1:1", "--timeout", "200ms")
        self.assert_fails(78, "UNAVAILABLE", ["127.0.0.1:1"], *arguments)
        for text in ("127.0.0.1", "127.0.0.1:1,", ",127.0.0.1:1", "a:b"):
            self.assert_refused(["HOST:PORT"], "--algorithm-endpoint", text)

    def test_a_second_word_is_no_second_name(self):
        self.assert_refused(["flat"], "--workload", "needle", "flat")


if __name__ == "__main__":
    programs.main()
