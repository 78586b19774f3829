"""A sweep of 200 trials as a job array of a real Slurm, whose node dies in the middle."""

import pathlib
import tempfile
import time
import unittest

import programs
import slurm
import sweeps

_SCRIPT = pathlib.Path(__file__).parents[2] / "docker/cluster/slurm/sweep.sbatch"
_SHARDS = 20
_TRIALS = 200
_SPEC = {"grids": [
    {"n": 8, "d": 32, "seeds": 50,
     "algorithm": ["bitplane", "exact", "turboquant:bits=2", "streaming:window={n/4}"]}]}


class SlurmTest(unittest.TestCase):
    def setUp(self):
        # Beside the socket of munge, whose path must be short.
        folder = tempfile.TemporaryDirectory(prefix="kvwire-slurm-", dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.results = self.folder / "results"
        self.results.mkdir()
        self.plan = sweeps.write_plan(self.folder, _SPEC)
        engine = self.folder / "slurm"
        engine.mkdir()
        self.slurm = slurm.Slurm(engine)
        self.slurm.__enter__()
        self.addCleanup(self.slurm.__exit__)

    def files(self):
        return sorted(self.results.glob("shard-*.db"))

    def found(self):
        return sum(map(sweeps.results_in, self.files()))

    def submit(self, array, *options):
        self.slurm.submit(
            f"--array={array}", _SCRIPT, self.plan, self.results, *options,
            cwd=self.folder, environment={"KVWIRE": str(programs.BIN / "kvwire")})

    def submit_all_and_wait(self):
        self.submit(f"0-{_SHARDS - 1}")
        self.slurm.wait()

    def test_a_node_that_dies_costs_nothing_that_was_found(self):
        serial = self.folder / "serial.db"
        begin = time.monotonic()
        outcome = programs.kvwire("sweep", "run", self.plan, "--results", serial)
        self.assertEqual(0, outcome.code, outcome)
        serial_seconds = time.monotonic() - begin

        self.submit(f"0-{_SHARDS - 1}")
        slurm.wait_until(lambda: self.found() >= _TRIALS // 4, "a quarter of the results", 600)
        self.slurm.stop_node()
        at_kill = self.found()
        self.assertLess(at_kill, _TRIALS)
        self.slurm.run("scancel", "--user=root")
        self.slurm.start_node()
        self.slurm.wait()
        self.assertLess(self.found(), _TRIALS)
        self.assertGreaterEqual(self.found(), at_kill)

        self.submit_all_and_wait()
        merged = self.folder / "merged.db"
        outcome = programs.kvwire("sweep", "merge", self.plan, self.results, "--output", merged)
        self.assertEqual(0, outcome.code, outcome)
        dumps = sweeps.dump(serial), sweeps.dump(merged)
        self.assertEqual(*dumps)
        self.assertEqual(1 + _TRIALS, len(dumps[0].splitlines()))
        print(f"Slurm: {_TRIALS} trials in {_SHARDS} tasks, node killed with {at_kill} results; "
              f"merged, {len(dumps[0])} bytes of dump are those of one process "
              f"({serial_seconds:.1f} s)")

        self.check_part_of_the_array(dumps[0])

    def check_part_of_the_array(self, wanted):
        """Two tasks whose files are lost are submitted again, alone."""
        lost = [self.results / f"shard-{index}.db" for index in (4, 8)]
        for file in lost:
            file.unlink()
        self.submit("3,7")  # an array with holes does not say which shards these are
        self.slurm.wait()
        self.assertFalse(any(file.exists() for file in lost))
        self.submit("3,7", "--shards", _SHARDS)
        self.slurm.wait()
        self.assertEqual(wanted, sweeps.dump(self.results))


if __name__ == "__main__":
    programs.main()
