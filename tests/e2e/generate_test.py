"""`kvwire generate`: a transformer's last map from a cache that crossed the channel."""

import pathlib
import tempfile
import unittest

import pictures
import programs

_SMALL = ("--scales", "1,2,3,4", "--d", 16)
_PYRAMID = [1, 2, 3, 4, 5, 6, 8, 10, 13, 16]
_TOKENS = 424  # before the last map


def runs(*arguments, **options):
    """The runs of one generation, by algorithm."""
    result = programs.judged("generate", *arguments, **options)
    return {run["algorithm"]: run for run in result["runs"]}


class ReleasedPyramidTest(unittest.TestCase):
    """The scales of the released VAR at d = 64, which are the defaults."""

    @classmethod
    def setUpClass(cls):
        cls.result = programs.judged("generate", "--secret-seed", "0b17")
        cls.runs = {run["algorithm"]: run for run in cls.result["runs"]}

    def test_the_parameters_are_the_documented_defaults(self):
        self.assertEqual(
            {
                "scales": _PYRAMID,
                "d": 64,
                "interpolation": "bicubic",
                "score_scale": 0.125,
                "position_amplitude": 1.0,
                "seed": 1,
                "weights_sha256": "",
            },
            self.result["parameters"],
        )

    def test_every_verdict_is_ok(self):
        self.assertEqual(
            ["exact", "float16", "streaming:window=340", "streaming", "tokenlog"],
            [run["algorithm"] for run in self.result["runs"]],
        )
        for run in self.result["runs"]:
            self.assertEqual({"ok": True, "reasons": []}, run["verdict"])

    def test_from_an_exact_cache_or_a_token_log_the_map_is_the_same_to_the_bit(self):
        zero = {"mean": 0, "median": 0, "quantile_99": 0, "largest": 0}
        for algorithm, run in self.runs.items():
            exact = algorithm in ("exact", "tokenlog")
            self.assertIs(exact, run["identical"])
            self.assertIs(exact, run["relative_error"] == zero)

    def test_bob_generates_the_last_map_and_from_a_token_log_all_of_them(self):
        for algorithm, run in self.runs.items():
            made = (0, _TOKENS + 256) if algorithm == "tokenlog" else (_TOKENS, 256)
            self.assertEqual(made, (run["alice_tokens"], run["bob_tokens"]))

    def assert_error(self, algorithm, low, high):
        errors = self.runs[algorithm]["relative_error"]
        self.assertTrue(low < errors["median"] < high, errors)
        self.assertTrue(low < errors["mean"] < high, errors)
        self.assertLessEqual(errors["median"], errors["quantile_99"])
        self.assertLessEqual(errors["quantile_99"], errors["largest"])
        self.assertLess(errors["largest"], 5 * high)

    def test_half_precision_errs_in_the_fourth_digit(self):
        # 11 bits of significand: 2^-12 = 2.4e-4 a number.
        self.assert_error("float16", 5e-5, 3e-3)

    def test_eviction_errs_by_what_it_evicted(self):
        self.assert_error("streaming:window=340", 0.01, 1.5)
        self.assert_error("streaming", 0.1, 2.5)
        median = {name: run["relative_error"]["median"] for name, run in self.runs.items()}
        self.assertLess(median["float16"], median["streaming:window=340"] / 10)

    def test_the_sizes_are_those_of_what_each_keeps(self):
        kept = {"exact": _TOKENS, "streaming:window=340": 344, "streaming": 68, "tokenlog": 0}
        for algorithm, tokens in kept.items():
            self.assertEqual(tokens * 2 * 64 * 32, self.runs[algorithm]["state_bits"])
        self.assertEqual(_TOKENS * 2 * 64 * 16, self.runs["float16"]["state_bits"])
        for run in self.result["runs"]:
            # A header and one section; the map of side 13, or X_init, goes before it.
            container = run["snapshot_bytes"] - run["state_bits"] // 8
            self.assertTrue(22 <= container <= 37, container)
            map_tokens = 1 if run["algorithm"] == "tokenlog" else 13 * 13
            self.assertEqual(map_tokens * 64 * 4, run["token_map_bytes"])
            payload = run["snapshot_bytes"] + run["token_map_bytes"]
            self.assertTrue(0 < run["message_bytes"] - payload < 200)
            framing = run["tcp_payload_bytes_sent"] - run["message_bytes"]
            self.assertTrue(200 < framing < 2000, framing)

    def test_times_are_positive_numbers(self):
        for run in self.result["runs"]:
            self.assertEqual({"alice", "transfer", "bob"}, set(run["seconds"]))
            for seconds in run["seconds"].values():
                self.assertGreater(seconds, 0)

    def test_the_initial_token_follows_from_the_secret_seed_and_nothing_else_is_drawn(self):
        again = runs("--secret-seed", "0b17")
        for algorithm, run in self.runs.items():
            self.assertEqual(run["message_sha256"], again[algorithm]["message_sha256"])
            self.assertEqual(run["relative_error"], again[algorithm]["relative_error"])
            self.assertNotEqual(run["run_id"], again[algorithm]["run_id"])


class SeedsTest(unittest.TestCase):
    def message(self, *arguments):
        return runs(*_SMALL, "--algorithm", "exact", *arguments)["exact"]["message_sha256"]

    def test_another_secret_seed_or_public_seed_is_another_message(self):
        messages = {
            self.message("--secret-seed", "00"),
            self.message("--secret-seed", "01"),
            self.message("--secret-seed", "00", "--seed", 2),
        }
        self.assertEqual(3, len(messages))

    def test_without_a_secret_seed_every_message_is_another(self):
        self.assertNotEqual(self.message(), self.message())

    def test_the_number_of_threads_does_not_matter(self):
        first, second = (
            self.message("--secret-seed", "00", "--threads", threads) for threads in (1, 3)
        )
        self.assertEqual(first, second)


class ModelTest(unittest.TestCase):
    def test_an_exact_split_is_identical_under_every_option_and_each_makes_another_message(self):
        # From side 2 to 5 no two interpolations are the same.
        scales = ("--scales", "1,2,5,4")
        options = [(*scales, "--d", 16, *more) for more in (
            (), ("--score-scale", 1), ("--positions", 0), ("--positions", 0.5),
            ("--interpolation", "nearest"), ("--interpolation", "bilinear"),
            ("--interpolation", "area"),
        )]
        options += [(*scales, "--d", 1), ("--scales", "1,1", "--d", 16)]
        messages = set()
        for arguments in options:
            with self.subTest(arguments=arguments):
                exact = runs("--secret-seed", "00", "--algorithm", "exact", *arguments)["exact"]
                self.assertIs(True, exact["identical"])
                messages.add(exact["message_sha256"])
        self.assertEqual(len(options), len(messages))

    def test_what_the_flags_say_is_in_the_json(self):
        arguments = ("--interpolation", "area", "--score-scale", 0.75, "--positions", 0.5)
        result = programs.judged("generate", *_SMALL, *arguments, "--seed", 9)
        self.assertEqual(
            {
                "scales": [1, 2, 3, 4],
                "d": 16,
                "interpolation": "area",
                "score_scale": 0.75,
                "position_amplitude": 0.5,
                "seed": 9,
                "weights_sha256": "",
            },
            result["parameters"],
        )

    def test_algorithms_are_run_in_the_order_given_and_in_their_one_spelling(self):
        names = ("float16", "streaming:window=64,sinks=2", "exact", "float16")
        arguments = [word for name in names for word in ("--algorithm", name)]
        result = programs.judged("generate", *_SMALL, *arguments)
        self.assertEqual(
            ["float16", "streaming:sinks=2", "exact", "float16"],
            [run["algorithm"] for run in result["runs"]],
        )


class OutputTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_without_json_there_is_a_table_with_a_row_an_algorithm(self):
        outcome = programs.kvwire("generate", *_SMALL)
        self.assertEqual((0, ""), (outcome.code, outcome.stderr))
        rows = outcome.stdout.splitlines()[-5:]
        self.assertEqual(
            ["exact", "float16", "streaming:window=340", "streaming", "tokenlog"],
            [row.split()[0] for row in rows],
        )
        # 14 tokens are before the last map, 16 in it.
        self.assertEqual(4 * ["14+16"] + ["0+30"], [row.split()[1] for row in rows])
        for row in rows:
            self.assertEqual("ok", row.split()[-1])
        for row in (rows[0], rows[-1]):
            self.assertIn("identical", row)

    def test_json_can_go_to_a_file_beside_the_table(self):
        file = self.folder / "result.json"
        outcome = programs.kvwire("generate", *_SMALL, "--json", file)
        self.assertEqual(0, outcome.code)
        self.assertIn("identical", outcome.stdout)
        self.assertIn('"identical": true', file.read_text())

    def test_pictures_of_the_maps_are_written_one_an_algorithm(self):
        folder = self.folder / "new" / "maps"
        names = ("exact", "streaming:sinks=1,window=2")
        algorithms = [word for name in names for word in ("--algorithm", name)]
        result = runs(*_SMALL, "--secret-seed", "0b17", *algorithms, "--output", folder)
        self.assertIs(True, result["exact"]["identical"])
        self.assertEqual(
            {"whole.png", "exact.png", "streaming-sinks-1-window-2.png"},
            {path.name for path in folder.iterdir()},
        )
        whole, exact, evicted = (
            pictures.png_pixels((folder / name).read_bytes())
            for name in ("whole.png", "exact.png", "streaming-sinks-1-window-2.png")
        )
        # Maps of 4 x 4 tokens, each 64 pixels wide.
        self.assertEqual((256, 256, 8, 2), whole[:4])
        self.assertEqual(whole, exact)
        self.assertNotEqual(whole, evicted)
        pixels = [whole[4][at : at + 3] for at in range(0, len(whole[4]), 3)]
        self.assertTrue(8 < len(set(pixels)) <= 16, set(pixels))
        self.assertEqual((0, 255), (min(whole[4]), max(whole[4])))


class ServicesTest(unittest.TestCase):
    def test_services_started_by_hand_do_as_well(self):
        with programs.services() as running:
            where = ("--alice", running.alice.listening, "--bob", running.bob.listening)
            seeded = (*_SMALL, "--secret-seed", "00", "--algorithm", "exact")
            by_hand = runs(*seeded, *where)["exact"]
        own = runs(*seeded)["exact"]
        self.assertIs(True, by_hand["identical"])
        self.assertEqual(own["message_sha256"], by_hand["message_sha256"])

    def test_one_algorithm_process_for_both_is_refused_unless_allowed(self):
        with programs.Service("kvwire-algorithm") as shared:
            both = ("--alice-algorithm", shared.listening, "--bob-algorithm", shared.listening)
            arguments = (*_SMALL, "--algorithm", "exact", *both)
            refused = runs(*arguments, expected_code=3)["exact"]["verdict"]
            self.assertIn("one algorithm process", refused["reasons"][0])
            runs(*arguments, "--allow-shared-algorithm")


class LyingAlgorithmTest(unittest.TestCase):
    def generate(self, *lies):
        with programs.Service("kvwire-algorithm") as honest:
            with programs.Service("lying_algorithm", "--honest", honest.listening, *lies) as liar:
                return programs.kvwire(
                    "generate", *_SMALL, "--algorithm", "exact", "--alice-algorithm",
                    liar.listening, "--json", "-"
                )

    def test_one_that_tells_the_truth_is_good(self):
        self.assertEqual(0, self.generate().code)

    def test_a_claim_that_its_snapshot_does_not_explain_is_found_out(self):
        for percent, words in ((1, "bits more than the claim"), (200, "more than its snapshot")):
            outcome = self.generate("--claim-percent", percent)
            self.assertEqual(3, outcome.code)
            self.assertIn(words, outcome.stdout)

    def test_a_snapshot_that_was_altered_or_cut_is_a_data_loss(self):
        for lie in ("--alter", "--truncate"):
            outcome = self.generate(lie)
            self.assertEqual(4, outcome.code, outcome)
            self.assertIn("Bob: ", outcome.stderr)


if __name__ == "__main__":
    programs.main()
