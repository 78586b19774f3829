"""`kvwire generate --algorithm tokenlog`: the initial token in place of a cache."""

import json
import pathlib
import tempfile
import unittest

import pictures
import programs
import safetensors_file

_SMALL = ("--scales", "1,2,3,4", "--d", 16)
_LOG = ("--algorithm", "tokenlog")
# The container of an exact cache of no tokens (FORMAT.md): a header of 16 bytes and a section
# of 6, which is its content, the length of a body of nothing and a checksum.
_CONTAINER = 22


def run_of(*arguments, **options):
    """The one run of a generation."""
    result = programs.judged("generate", *arguments, **options)
    (run,) = result["runs"]
    return run


class TokenLogTest(unittest.TestCase):
    def test_bob_generates_every_map_from_it_and_the_last_is_the_same_to_the_bit(self):
        run = run_of(*_SMALL, *_LOG)
        self.assertEqual("tokenlog", run["algorithm"])
        self.assertEqual((0, 1 + 4 + 9 + 16), (run["alice_tokens"], run["bob_tokens"]))
        self.assertIs(True, run["identical"])
        zero = {"mean": 0, "median": 0, "quantile_99": 0, "largest": 0}
        self.assertEqual(zero, run["relative_error"])
        self.assertEqual({"ok": True, "reasons": []}, run["verdict"])

    def test_the_message_is_32_d_bits_an_empty_container_and_framing(self):
        for dims in (1, 16, 64, 1024):
            with self.subTest(dims=dims):
                run = run_of("--scales", "1,2,3", "--d", dims, *_LOG)
                self.assertEqual(0, run["state_bits"])
                self.assertEqual(32 * dims, 8 * run["token_map_bytes"])
                # d is a varint.
                self.assertEqual(_CONTAINER + (dims > 127), run["snapshot_bytes"])
                payload = run["token_map_bytes"] + run["snapshot_bytes"]
                self.assertTrue(0 < run["message_bytes"] - payload < 100, run)
                framing = run["tcp_payload_bytes_sent"] - run["message_bytes"]
                self.assertTrue(200 < framing < 800, framing)

    def test_the_message_does_not_grow_with_the_scales(self):
        sizes = {
            run_of("--scales", scales, "--d", 16, *_LOG)["message_bytes"]
            for scales in ("1,2", "1,2,3,4", "1,2,3,4,5,6,8,10,13,16")
        }
        self.assertEqual(1, len(sizes))

    def test_it_is_identical_under_every_option_of_the_model(self):
        for more in (("--score-scale", 1), ("--positions", 0), ("--interpolation", "area"),
                     ("--seed", 9), ("--threads", 3), ("--scales", "1,1")):
            with self.subTest(more=more):
                arguments = ("--d", 16, *more) if "--scales" in more else (*_SMALL, *more)
                self.assertIs(True, run_of(*arguments, *_LOG)["identical"])

    def test_it_goes_with_other_rows_in_the_order_given(self):
        names = ("tokenlog", "streaming", "tokenlog", "exact")
        arguments = [word for name in names for word in ("--algorithm", name)]
        result = programs.judged("generate", *_SMALL, "--secret-seed", "00", *arguments)
        self.assertEqual(list(names), [run["algorithm"] for run in result["runs"]])
        self.assertEqual([0, 14, 0, 14], [run["alice_tokens"] for run in result["runs"]])
        messages = [run["message_sha256"] for run in result["runs"]]
        self.assertEqual(messages[0], messages[2])
        self.assertEqual(3, len(set(messages)))

    def test_its_picture_is_that_of_one_piece(self):
        with tempfile.TemporaryDirectory() as folder:
            run_of(*_SMALL, *_LOG, "--output", folder)
            whole, own = (
                pictures.png_pixels(pathlib.Path(folder, name).read_bytes())
                for name in ("whole.png", "tokenlog.png")
            )
            self.assertEqual(whole, own)

    def test_weights_and_initial_token_of_a_file_are_used(self):
        tensors = safetensors_file.weights(16, seed=7)
        tensors["X_init"] = ("F32", [1, 16], [0.5] * 16)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "model.safetensors")
            file.write_bytes(safetensors_file.tensors_bytes(tensors))
            run = run_of("--scales", "1,2,3", "--weights", file, *_LOG)
            self.assertIs(True, run["identical"])


class BadInputTest(unittest.TestCase):
    def assert_refused(self, words, *arguments):
        with self.subTest(arguments=arguments):
            outcome = programs.kvwire(*arguments)
            self.assertEqual((2, ""), (outcome.code, outcome.stdout))
            for word in words:
                self.assertIn(word, outcome.stderr)

    def test_it_has_no_options_and_no_wrappers(self):
        for text in ("tokenlog:scale=2", "tokenlog+zstd"):
            self.assert_refused(
                [text, "no options and no wrappers"], "generate", "--algorithm", text
            )

    def test_another_spelling_of_it_is_none(self):
        for text in ("TOKENLOG", "tokenlog:", "token-log", "tokenlogs"):
            self.assert_refused(["algorithm"], "generate", "--algorithm", text)

    def test_where_tokens_are_arbitrary_it_is_refused_with_the_reason(self):
        reason = ["tokenlog needs a model", "see kvwire generate"]
        for command in (
            ("run",), ("send", __file__, "--output", "/dev/null"), ("rank", "--quick")
        ):
            self.assert_refused(reason, *command, *_LOG)
        with programs.Service("kvwire-algorithm") as server:
            endpoint = ("--algorithm-endpoint", server.listening)
            self.assert_refused(reason, "conformance", *endpoint, *_LOG)
            self.assert_refused(reason, "rank", "--quick", *endpoint, *_LOG)

    def test_bobs_memory_limit_holds_for_all_tokens_and_alice_needs_none(self):
        # 14 tokens of 64 bytes.
        small = ("--scales", "1,2,3", "--d", 8, *_LOG, "--memory-limit")
        outcome = programs.kvwire("generate", *small, 895)
        self.assertEqual(72, outcome.code)
        self.assertIn("Bob: algorithm at", outcome.stderr)
        run_of(*small, 896)


class ListTest(unittest.TestCase):
    def test_the_list_says_that_it_is_not_there_and_why(self):
        table, _, rest = programs.kvwire("list").stdout.partition("\nNot in the table:\n")
        self.assertNotIn("tokenlog", table)
        for words in ("tokenlog ", "needs a model", "see kvwire generate --algorithm tokenlog"):
            self.assertIn(words, rest)

    def test_the_list_as_json_says_the_same(self):
        result = programs.judged("list")
        self.assertEqual(
            ["version", "algorithms", "common_options", "wrappers", "not_in_the_table"],
            list(result),
        )
        (absent,) = result["not_in_the_table"]
        self.assertEqual(["name", "summary", "reason", "shown"], list(absent))
        self.assertEqual("tokenlog", absent["name"])
        self.assertIn("needs a model", absent["reason"])
        self.assertEqual("kvwire generate --algorithm tokenlog", absent["shown"])
        text = programs.kvwire("list").stdout
        for row in result["algorithms"] + result["wrappers"] + result["not_in_the_table"]:
            self.assertIn(row["summary"], text)
        streaming = {row["name"]: row for row in result["algorithms"]}["streaming"]
        self.assertEqual((4, "evictor"), (streaming["code"], streaming["kind"]))
        self.assertEqual(["ordinary", "tensor"], streaming["attention"])
        self.assertIn("window", [option["key"] for option in streaming["options"]])
        self.assertEqual(["scale"], [option["key"] for option in result["common_options"]])
        self.assertIn("zstd", [row["name"] for row in result["wrappers"]])

    def test_a_file_that_cannot_be_written_is_named_before_anything_is_listed(self):
        outcome = programs.kvwire("list", "--json", "/proc/nowhere")
        self.assertEqual((2, ""), (outcome.code, outcome.stdout))
        self.assertIn("/proc/nowhere", outcome.stderr)


class LyingPartiesTest(unittest.TestCase):
    def generate(self, *lies, algorithm="tokenlog"):
        with programs.services() as honest:
            where = ("--alice", honest.alice.listening, "--bob", honest.bob.listening)
            with programs.Service("lying_parties", *where, *lies) as liars:
                both = ("--alice", liars.listening, "--bob", liars.listening)
                outcome = programs.kvwire(
                    "generate", *_SMALL, "--algorithm", algorithm, *both, "--json", "-"
                )
                return outcome.code, json.loads(outcome.stdout)["runs"][0]

    def assert_found_out(self, *lies):
        for algorithm in ("tokenlog", "exact"):
            with self.subTest(algorithm=algorithm):
                code, run = self.generate(*lies, algorithm=algorithm)
                self.assertEqual(3, code)
                self.assertIs(False, run["identical"])
                self.assertGreater(run["relative_error"]["largest"], 0)
                self.assertIs(False, run["verdict"]["ok"])
                (reason,) = run["verdict"]["reasons"]
                self.assertIn("not that of one piece, to the bit", reason)

    def test_parties_that_pass_everything_on_are_good(self):
        code, run = self.generate()
        self.assertEqual((0, True), (code, run["identical"]))

    def test_a_corrupted_initial_token_fails_the_verdict(self):
        self.assert_found_out("--initial-token")

    def test_other_weights_than_were_asked_for_fail_the_verdict(self):
        self.assert_found_out("--seed", 2)


if __name__ == "__main__":
    programs.main()
