"""Two runs side by side, and the command that runs and compares, on made-up programs."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import comparison
from figures import Row

_BENCH = pathlib.Path(__file__).parent / "bench.py"

# Writes what Google Benchmark would.
_PROGRAM = """
import json, sys
out = [word.split("=", 1)[1] for word in sys.argv if word.startswith("--benchmark_out=")][0]
ratio = float(sys.argv[-1])
run = {"name": "a", "run_name": "a", "run_type": "iteration", "real_time": 1.0,
       "time_unit": "ns", "ratio": ratio, "limit": 1.0}
json.dump({"context": {}, "benchmarks": [run]}, open(out, "w"))
"""


def lines(old, new, old_machine=None, new_machine=None):
    text = comparison.text(old_machine or {}, new_machine or {}, old, new)
    return [line.split() for line in text.splitlines()]


class ComparisonTest(unittest.TestCase):
    def test_ratios_are_compared_where_both_have_one(self):
        old = [Row("p", "a", 100, "B/s", 0.8, 0.5)]
        new = [Row("p", "a", 50, "B/s", 0.88, 0.5)]
        self.assertIn("p a 0.8 0.88 +10.0 % ratio better".split(), lines(old, new))

    def test_less_time_and_a_lower_ratio_that_has_a_ceiling_are_better(self):
        self.assertIn("p a 10 ms 8 ms +25.0 % figure better".split(),
                      lines([Row("p", "a", 10, "ms")], [Row("p", "a", 8, "ms")]))
        self.assertIn("p a 2 4 -50.0 % ratio WORSE, limit NO LONGER MET".split(),
                      lines([Row("p", "a", 1, "s", 2, 3, at_most=True)],
                            [Row("p", "a", 1, "s", 4, 3, at_most=True)]))

    def test_a_limit_that_is_met_now_is_named(self):
        old, new = [Row("p", "a", 1, "B/s", 0.99, 1)], [Row("p", "a", 1, "B/s", 1.01, 1)]
        self.assertIn("p a 0.99 1.01 +2.0 % ratio limit now met".split(), lines(old, new))

    def test_rows_of_one_run_alone_are_named(self):
        found = lines([Row("p", "a", 1, "s")], [Row("p", "b", 2, "s")])
        self.assertIn("p a 1 s - - only in OLD".split(), found)
        self.assertIn("p b - 2 s - only in NEW".split(), found)

    def test_what_the_machines_differ_in_is_said(self):
        found = lines([], [], {"kernel": "6.1", "cores": "2"}, {"kernel": "6.5", "cores": "2"})
        self.assertIn("kernel: 6.1 -> 6.5".split(), found)
        self.assertNotIn("cores: 2 -> 2".split(), found)


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.program = self.folder / "made_up_bench.py"
        self.program.write_text(_PROGRAM, encoding="utf-8")

    def bench(self, *words):
        return subprocess.run([sys.executable, "-B", _BENCH, *words], capture_output=True,
                              text=True, check=False, cwd=self.folder)

    def test_a_run_is_shown_written_and_compared_with_another(self):
        for name, ratio in (("old", "1.5"), ("new", "0.9")):
            done = self.bench("--json", f"{name}.json", self.program, "--", ratio)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r"made_up a +1 ns +" + ratio)
            self.assertRegex(done.stdout, r"processor +\S")
        written = json.loads((self.folder / "new.json").read_text(encoding="utf-8"))
        self.assertEqual(written["programs"]["made_up"]["benchmarks"][0]["ratio"], 0.9)
        done = self.bench("--compare", "old.json", "new.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"made_up a +1.5 +0.9 +-40.0 % +ratio.*NO LONGER MET")

    def test_strict_ends_with_3_where_a_limit_is_missed(self):
        self.assertEqual(self.bench("--strict", self.program, "--", "1").returncode, 0)
        self.assertEqual(self.bench("--strict", self.program, "--", "0.99").returncode, 3)

    def test_bad_arguments_and_broken_programs_and_files_are_refused(self):
        (self.folder / "broken.json").write_text("{}", encoding="utf-8")
        for words, said in (((), "--compare OLD NEW"),
                            (("--compare", "no.json", "no.json"), "no.json is no file of"),
                            (("--compare", "broken.json", "broken.json"), "broken.json is no"),
                            ((self.program, "--", "x"), "made_up_bench.py ended with 1")):
            done = self.bench(*words)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()
