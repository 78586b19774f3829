"""`kvwire rank`: what a comparison says, and that its forms say the same."""

import csv
import io
import json
import pathlib
import random
import re
import tempfile
import unittest

import programs
import safetensors_file
from rank_tables import mean, row_of, rows_of, tables

_QUICK = ("rank", "--quick")
_ATTENTION = ("clustered", "flat", "needle", "peaky", "var")
_SMALL = ("--tokens", 96, "--queries", 5)


class RankQuickTest(unittest.TestCase):
    """One comparison of everything, looked at from all sides."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, name) for name in ("rank.json", "rank.csv")]
            outcome = programs.kvwire(*_QUICK, "--json", paths[0], "--csv", paths[1])
            cls.outcome = outcome
            if outcome.code != 0:
                raise AssertionError(outcome)
            cls.result = json.loads(paths[0].read_text())
            cls.csv = list(csv.DictReader(io.StringIO(paths[1].read_text())))
        cls.tables = {table["workload"]: table for table in cls.result["workloads"]}

    def measured(self, workload):
        return [row for row in self.tables[workload]["rows"] if row["outcome"] == "measured"]

    def test_every_workload_that_needs_no_file_is_there(self):
        self.assertEqual(sorted((*_ATTENTION, "random")), sorted(self.tables))

    def test_every_built_in_algorithm_has_a_row_everywhere(self):
        listed = programs.kvwire("list").stdout.split("Options of all")[0]
        # A name stands at the beginning of its line, in a column of its own.
        listed = re.findall(r"^([a-z0-9_-]+) {2,}", listed, re.MULTILINE)
        self.assertIn("exact", listed)
        for workload, table in self.tables.items():
            names = {row["spec"].split(":")[0].split("+")[0] for row in table["rows"]}
            self.assertLessEqual(set(listed), names, workload)

    def test_nothing_fails_and_whoever_refuses_says_why(self):
        for workload, table in self.tables.items():
            for row in table["rows"]:
                with self.subTest(workload=workload, algorithm=row["algorithm"]):
                    self.assertEqual({"ok": True, "reasons": []}, row["verdict"])
                    self.assertIn(row["outcome"], ("measured", "refused"))
                    self.assertEqual(row["outcome"] == "refused", bool(row["refusal"]))
                    self.assertEqual(row["outcome"] == "refused", row["statistics"] == {})
        refusal = row_of(self.tables["flat"], "bitplane")["refusal"]
        self.assertIn("public frame", refusal)
        self.assertNotIn("127.0.0.1", refusal)

    def test_baselines_are_measured_on_every_workload_of_attention(self):
        for workload in _ATTENTION:
            table = self.tables[workload]
            self.assertEqual(1, mean(row_of(table, "zero"), "error_mean"))
            self.assertEqual(0, mean(row_of(table, "zero"), "state_bits"))
            self.assertLess(0.1, mean(row_of(table, "mean"), "error_mean"))
            self.assertLess(mean(row_of(table, "exact"), "error_worst"), 1e-5)
            self.assertLess(mean(row_of(table, "float16"), "error_worst"), 1e-2)

    def test_every_number_is_a_mean_of_its_samples_with_an_interval(self):
        for workload in self.tables:
            for row in self.measured(workload):
                for name, statistic in row["statistics"].items():
                    with self.subTest(workload=workload, algorithm=row["algorithm"], name=name):
                        samples = statistic["samples"]
                        self.assertEqual(2, len(samples))
                        self.assertAlmostEqual(
                            sum(samples) / 2, statistic["mean"], delta=1e-9 * max(map(abs, samples))
                        )
                        self.assertLessEqual(statistic["low"], statistic["mean"])
                        self.assertLessEqual(statistic["mean"], statistic["high"])

    def test_sizes_contain_each_other(self):
        for workload in self.tables:
            for row in self.measured(workload):
                with self.subTest(workload=workload, algorithm=row["algorithm"]):
                    samples = {k: v["samples"] for k, v in row["statistics"].items()}
                    triples = zip(
                        samples["state_bits"], samples["header_bits"], samples["wire_bytes"]
                    )
                    for state, header, wire in triples:
                        self.assertGreaterEqual(header, 0)
                        self.assertGreater(8 * wire, state + header)
                        # HTTP/2, gRPC and the opening: little besides the snapshot.
                        self.assertLess(8 * wire, 1.02 * (state + header) + 8 * 1024)

    def test_what_is_restored_goes_on_as_if_it_had_never_stopped(self):
        for workload in _ATTENTION:
            for row in self.measured(workload):
                with self.subTest(workload=workload, algorithm=row["algorithm"]):
                    self.assertIs(True, row["restore_equal"])

    def test_bits_that_are_read_are_paid_for(self):
        table = self.tables["random"]
        self.assertEqual(85, table["tokens"])
        for row in self.measured("random"):
            with self.subTest(algorithm=row["algorithm"]):
                self.assertEqual(85 * 64, mean(row, "payload_bits"))
                self.assertLessEqual(mean(row, "efficiency"), 1)
                self.assertLessEqual(mean(row, "floor_bits"), mean(row, "state_bits") + 41)
                self.assertAlmostEqual(
                    mean(row, "bits_per_payload_bit"), mean(row, "state_bits") / (85 * 64)
                )
        errorless = row_of(table, "bitplane")["statistics"]["bit_error_rate"]
        self.assertEqual((0, 0), (errorless["mean"], errorless["low"]))
        # No wrong row among 2 x 85.
        self.assertAlmostEqual(1 - 0.025 ** (1 / 170), errorless["high"], places=8)

    def test_the_csv_says_what_the_json_says(self):
        lines = {
            (line["workload"], line["spec"]): line
            for line in self.csv
        }
        count = 0
        for workload, table in self.tables.items():
            for row in table["rows"]:
                line = lines[(workload, row["spec"])]
                count += 1
                self.assertEqual(row["outcome"], line["outcome"])
                self.assertEqual(row["algorithm"], line["algorithm"])
                self.assertEqual(row["refusal"] or "", line["reason"])
                for name, statistic in row["statistics"].items():
                    for part in ("mean", "low", "high"):
                        expected = statistic[part]
                        self.assertAlmostEqual(
                            expected, float(line[f"{name}_{part}"]), delta=1e-7 * abs(expected)
                        )
        self.assertEqual(count, len(self.csv))

    def test_the_tables_are_sorted_by_bits(self):
        for workload, table in self.tables.items():
            bits = [mean(row, "state_bits") for row in self.measured(workload)]
            self.assertEqual(sorted(bits), bits, workload)
            outcomes = [row["outcome"] for row in table["rows"]]
            self.assertEqual(sorted(outcomes), outcomes, workload)  # measured, refused

    def test_the_text_has_the_rows_of_the_json(self):
        text = self.outcome.stdout
        for workload, table in self.tables.items():
            start = text.index(f"{workload}: {table['description']}\n")
            lines = text[start:].split("\n\n")[1].splitlines()[1:]
            self.assertEqual(
                [row["algorithm"] for row in table["rows"]], [line.split()[0] for line in lines]
            )
        self.assertIn("Means over 2 seeds", text)


class RankTest(unittest.TestCase):
    def test_named_algorithms_follow_the_stream_and_the_baselines_stay(self):
        found = tables(*_QUICK, "--workload", "flat", "--workload", "random",
                       "--algorithm", "streaming:window={n/4-4}", "--algorithm", "exact")
        names = {"zero", "mean", "exact", "streaming:window=124"}
        self.assertEqual({(name, "built-in") for name in names}, set(rows_of(found["flat"])))
        self.assertIn(("streaming:window=17", "built-in"), rows_of(found["random"]))
        self.assertEqual(512, found["flat"]["tokens"])

    def test_one_seed_is_one_comparison(self):
        arguments = ("rank", *_SMALL, "--seeds", 2, "--algorithm", "streaming", "--n", 16,
                     "--secret-seed", "0a", "--workload", "peaky", "--workload", "random")
        first, again = tables(*arguments), tables(*arguments)
        other = tables(*arguments, "--seed", 5)
        for workload, statistic in (("peaky", "error_mean"), ("random", "bit_errors")):
            samples = [
                row_of(one[workload], "streaming")["statistics"][statistic]["samples"]
                for one in (first, again, other)
            ]
            self.assertEqual(samples[0], samples[1])
            self.assertNotEqual(samples[0], samples[2])

    def test_more_seeds_make_smaller_intervals(self):
        arguments = ("rank", *_SMALL, "--workload", "flat", "--algorithm", "streaming")
        widths = []
        for seeds in (2, 40):
            row = row_of(tables(*arguments, "--seeds", seeds)["flat"], "streaming")
            error = row["statistics"]["error_mean"]
            self.assertEqual(seeds, len(error["samples"]))
            widths.append(error["high"] - error["low"])
        self.assertLess(widths[1], widths[0] / 3)

    def test_the_scale_is_the_algorithms_and_the_references(self):
        arguments = ("rank", *_SMALL, "--workload", "peaky", "--seeds", 2,
                     "--algorithm", "exact", "--algorithm", "float16")
        plain = tables(*arguments)["peaky"]
        scaled = tables(*arguments, "--scale", "rsqrt")["peaky"]
        self.assertIn(("exact:scale=rsqrt", "built-in"), rows_of(scaled))
        self.assertLess(mean(row_of(scaled, "exact:scale=rsqrt"), "error_worst"), 1e-5)
        # Rounded keys matter less where scores are smaller.
        self.assertLess(
            mean(row_of(scaled, "float16:scale=rsqrt"), "error_mean"),
            mean(row_of(plain, "float16"), "error_mean"),
        )

    def test_another_problem_can_carry_the_bits(self):
        arguments = ("rank", "--workload", "random", "--problem", "tensor4", "--n", 20, "--d", 16,
                     "--seeds", 2, "--algorithm", "exact")
        table = tables(*arguments)["random"]
        self.assertIn("tensor4", table["description"])
        self.assertEqual(0, mean(row_of(table, "exact"), "bit_errors"))
        # Two keys and two values a token.
        self.assertEqual(128, mean(row_of(table, "exact"), "bits_per_payload_bit"))


class RankDumpTest(unittest.TestCase):
    def dump(self, folder, tokens=50, dims=12, queries=50, **more):
        draw = random.Random(3)

        def tensor(rows, dtype):
            return (dtype, [rows, dims], [draw.gauss(0, 1) for _ in range(rows * dims)])

        path = pathlib.Path(folder, "head.safetensors")
        tensors = {"keys": tensor(tokens, "F32"), "values": tensor(tokens, "F16"),
                   "queries": tensor(queries, "BF16")}
        path.write_bytes(safetensors_file.tensors_bytes({**tensors, **more}))
        return path

    def test_a_dump_is_a_workload(self):
        with tempfile.TemporaryDirectory() as folder:
            path = self.dump(folder)
            found = tables("rank", "--dump", path, "--workload", "dump", "--algorithm", "exact",
                           "--algorithm", "streaming:window={n/5-4}", "--scale", "rsqrt",
                           "--seeds", 2)
        self.assertEqual(["dump"], list(found))
        table = found["dump"]
        self.assertEqual((50, 12), (table["tokens"], table["d"]))
        self.assertLess(mean(row_of(table, "exact:scale=rsqrt"), "error_worst"), 1e-5)
        streaming = row_of(table, "streaming:scale=rsqrt,window=6")
        self.assertEqual(10 * 2 * 12 * 32, mean(streaming, "state_bits"))
        # The data are the same for every seed, and so is what follows from them alone.
        error = streaming["statistics"]["error_mean"]
        self.assertEqual(error["low"], error["high"])

    def test_without_a_name_it_is_compared_with_the_others(self):
        with tempfile.TemporaryDirectory() as folder:
            arguments = ("--quick", "--dump", self.dump(folder), "--algorithm", "exact")
            found = tables("rank", *arguments)
        self.assertEqual(sorted((*_ATTENTION, "dump", "random")), sorted(found))


if __name__ == "__main__":
    programs.main()
