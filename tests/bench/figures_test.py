"""Rows from results of benchmarks, on made-up results."""

import unittest

import figures


def run(name, **fields):
    return {"name": name, "run_name": name, "run_type": "iteration", "iterations": 3,
            "real_time": 2.5, "cpu_time": 2.5, "time_unit": "ms", "threads": 1, **fields}


def rows(*runs):
    return figures.rows({"programs": {"p": {"context": {}, "benchmarks": list(runs)}}})


class RowsTest(unittest.TestCase):
    def test_a_ratio_meets_a_limit_from_above_and_at_most_from_below(self):
        for ratio, met in ((0.96, False), (0.97, True), (1.2, True)):
            self.assertIs(rows(run("a", ratio=ratio, limit=0.97))[0].met, met)
        for ratio, met in ((1.4, True), (1.5, True), (1.51, False)):
            self.assertIs(rows(run("a", ratio=ratio, at_most=1.5))[0].met, met)

    def test_nothing_is_to_be_met_without_a_limit(self):
        self.assertIsNone(rows(run("a"))[0].met)
        self.assertIsNone(rows(run("a", ratio=0.5))[0].met)

    def test_the_figure_is_a_counter_named_by_its_unit_or_bytes_or_items_or_the_time(self):
        cases = (({"GFLOP/s": 93.5, "bytes_per_second": 1.0}, 93.5, "GFLOP/s"),
                 ({"bytes_per_second": 7.0, "items_per_second": 5.0}, 7.0, "B/s"),
                 ({"items_per_second": 5.0}, 5.0, "1/s"),
                 ({"ratio": 2.0, "limit": 1.0}, 2.5, "ms"))
        for fields, figure, unit in cases:
            row = rows(run("a", **fields))[0]
            self.assertEqual((row.figure, row.unit), (figure, unit))

    def test_repetitions_are_one_row_of_medians(self):
        runs = [run("a", ratio=ratio, limit=1, bytes_per_second=10 * ratio)
                for ratio in (0.2, 1.5, 1.1)]
        runs.append(run("a_mean", ratio=9, run_type="aggregate") | {"run_name": "a"})
        found = rows(*runs)
        self.assertEqual(len(found), 1)
        self.assertEqual((found[0].ratio, found[0].figure, found[0].met), (1.1, 11, True))

    def test_a_benchmark_that_failed_meets_nothing(self):
        row = rows(run("a", error_occurred=True, error_message="no veth"))[0]
        self.assertIs(row.met, False)
        self.assertEqual(row.error, "no veth")

    def test_names_are_without_what_the_library_adds(self):
        name = rows(run("exact/d:8/iterations:1/manual_time/threads:2"))[0].name
        self.assertEqual(name, "exact/d:8/threads:2")

    def test_programs_and_benchmarks_keep_their_order(self):
        found = figures.rows({"programs": {
            "z": {"context": {}, "benchmarks": [run("b"), run("a")]},
            "y": {"context": {}, "benchmarks": [run("c")]}}})
        self.assertEqual([(row.program, row.name) for row in found],
                         [("z", "b"), ("z", "a"), ("y", "c")])


class TextTest(unittest.TestCase):
    def test_each_row_says_its_ratio_its_limit_and_whether_it_is_met(self):
        results = {"programs": {"p": {"context": {"kernel": "avx2", "num_cpus": 2},
                                      "benchmarks": [
            run("fast", ratio=0.975, limit=0.97, label="oneDNN", bytes_per_second=12.34e9),
            run("slow", ratio=1.75, at_most=1.5),
            run("broken", error_occurred=True, error_message="no veth"),
            run("plain")]}}}
        text = figures.text(results, figures.rows(results))
        lines = [line.split() for line in text.splitlines()]
        self.assertIn(["p", "kernel:", "avx2"], lines)
        self.assertIn("p fast 12.34 GB/s 0.975 >= 0.97 met oneDNN".split(), lines)
        self.assertIn("p slow 2.5 ms 1.75 <= 1.5 NOT MET".split(), lines)
        self.assertIn("p broken - - - FAILED no veth".split(), lines)
        self.assertIn("p plain 2.5 ms - - -".split(), lines)
        self.assertIn("1 of 3 limits met".split(), lines)
        self.assertNotIn("num_cpus", text)

    def test_quantities_have_four_digits_and_a_prefix(self):
        for value, unit, text in ((12340000000, "B/s", "12.34 GB/s"), (999, "B/s", "999 B/s"),
                                  (1e6, "bit/s", "1 Mbit/s"), (17.123456, "ms", "17.12 ms")):
            self.assertEqual(figures.quantity(value, unit), text)


if __name__ == "__main__":
    unittest.main()
