"""A sweep of 2,000 trials by GNU parallel, killed twice with all that it runs."""

import pathlib
import tempfile
import time
import unittest

import process_tree
import programs
import sweeps

_SCRIPT = pathlib.Path(__file__).parents[2] / "docker/cluster/parallel/sweep.sh"
_SHARDS = 100
_TRIALS = 2000
_SPEC = {"grids": [
    {"n": 8, "d": 32, "seeds": 250,
     "algorithm": ["bitplane", "exact", "mean", "float16", "turboquant:bits=2", "q8_0",
                   "uniform:budget={n/4}", "streaming:window={n/4}"]}]}


class ParallelTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.results = self.folder / "results"
        self.plan = sweeps.write_plan(self.folder, _SPEC)

    def found(self):
        return sum(map(sweeps.results_in, self.results.glob("shard-*.db")))

    def sweep(self):
        return process_tree.ProcessTree(
            _SCRIPT, self.plan, self.results, _SHARDS, log=self.folder / "log",
            environment={"KVWIRE": str(programs.BIN / "kvwire")})

    def kill_at(self, count):
        with self.sweep() as running:
            while self.found() < count:
                self.assertTrue(running.running, "it has ended by itself")
                time.sleep(0.05)
        return self.found()

    def test_killed_twice_it_finds_what_one_process_finds(self):
        serial = self.folder / "serial.db"
        begin = time.monotonic()
        outcome = programs.kvwire("sweep", "run", self.plan, "--results", serial)
        self.assertEqual(0, outcome.code, outcome)
        serial_seconds = time.monotonic() - begin

        killed = [self.kill_at(count) for count in (_TRIALS // 10, _TRIALS // 2)]
        self.assertLess(killed[1], _TRIALS)
        with self.sweep() as running:
            code = running.wait(3000)
        self.assertEqual(0, code, (self.folder / "log").read_text()[-4000:])
        self.assertEqual(_TRIALS, self.found())
        dumps = sweeps.dump(serial), sweeps.dump(self.results / "merged.db")
        self.assertEqual(*dumps)
        self.assertEqual(1 + _TRIALS, len(dumps[0].splitlines()))

        # Again, it has nothing to do.
        before = sweeps.measured(*sorted(self.results.glob("shard-*.db")))
        with self.sweep() as running:
            self.assertEqual(0, running.wait(600))
        self.assertEqual(before, sweeps.measured(*sorted(self.results.glob("shard-*.db"))))
        print(f"GNU parallel: {_TRIALS} trials in {_SHARDS} shards, killed with "
              f"{killed[0]} and {killed[1]} results; merged, {len(dumps[0])} bytes of dump are "
              f"those of one process ({serial_seconds:.1f} s)")


if __name__ == "__main__":
    programs.main()
