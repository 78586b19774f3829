"""Sweeps over real services: sharded, killed and resumed, they find what one process finds."""

import json
import pathlib
import tempfile
import unittest

import programs
import sweeps

# 40 trials: among them one algorithm whose memory is for other problems, and one sharpness
# at which keys cannot be told apart.
_SPEC = {
    "secret_seed": "5eed",
    "grids": [
        {"n": 8, "d": 32, "algorithm": ["bitplane", "exact", "streaming:window={n/4-1}"],
         "seeds": 10},
        {"problem": ["index", "multi-index"], "n": 16, "d": 32, "algorithm": "q8_0",
         "frame": ["unit", "gaussian"], "seeds": {"first": 5, "count": 2}},
        {"n": 8, "d": 32, "algorithm": "subgen4"},
        {"n": 8, "d": 32, "algorithm": "exact", "sharpness": 0.01},
    ],
}
_TRIALS = 40
_SHARDS = 4
_VERDICT = 3  # the exit code of a failed verdict
_MISSING = 73


def _slurm(task):
    variables = {"ID": task, "MIN": 0, "MAX": _SHARDS - 1, "STEP": 1, "COUNT": _SHARDS}
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in variables.items()}


class SweepTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls._folder.cleanup)
        cls.folder = pathlib.Path(cls._folder.name)
        cls.plan = sweeps.write_plan(cls.folder, _SPEC)
        cls.serial = cls.folder / "serial.db"
        cls.serial_outcome = programs.kvwire("sweep", "run", cls.plan, "--results", cls.serial)
        cls.serial_dump = sweeps.dump(cls.serial)

    def assert_same_results(self, *files):
        self.assertEqual(self.serial_dump, sweeps.dump(*files))

    def test_one_process_finds_them_all(self):
        self.assertEqual(_VERDICT, self.serial_outcome.code, self.serial_outcome)
        self.assertIn("40 trials: 38 ok, 1 failed, 1 refused, 0 broken, 0 missing",
                      self.serial_outcome.stdout)
        self.assertEqual(1 + _TRIALS, len(self.serial_dump.splitlines()))
        rows = sweeps.measured(self.serial)
        self.assertEqual(["exact"], [r["algorithm"] for r in rows if r["outcome"] == "failed"])
        refused = [row for row in rows if row["outcome"] == "refused"]
        self.assertEqual(["subgen4"], [row["algorithm"] for row in refused])
        self.assertEqual("INVALID_ARGUMENT", refused[0]["refusal"])
        for row in rows:
            if row["outcome"] != "refused":
                self.assertGreater(row["wire_bytes"], row["snapshot_bytes"])
            self.assertEqual(1, row["attempts"])

    def test_a_trial_is_a_run(self):
        row = next(row for row in sweeps.measured(self.serial)
                   if row["algorithm"] == "streaming:window=4" and row["seed"] == 7)
        result = programs.judged(
            "run", "--n", 8, "--d", 32, "--algorithm", "streaming:window=4", "--seed", 7,
            "--secret-seed", "5eed" + f"{7:016x}")
        for key in ("payload_bits", "asked_bits", "asked_errors", "bit_errors", "floor_bits",
                    "soft_floor_bits", "state_bits", "snapshot_bytes", "snapshot_sha256"):
            self.assertEqual(result[key], row[key], key)
        self.assertEqual(result["alice"]["message_bytes"], row["message_bytes"])

    def test_shards_of_a_scheduler_find_the_same_killed_and_resumed(self):
        files = [self.folder / f"slurm-{shard}.db" for shard in range(1, _SHARDS + 1)]
        pattern = self.folder / "slurm-{shard}.db"
        run = ("sweep", "run", self.plan, "--results", pattern)
        for task, file in enumerate(files):
            with programs.Program("kvwire", *run, environment=_slurm(task)) as program:
                sweeps.wait_for_results(file, 2, program)
                program.kill()
            self.assertLess(sweeps.results_in(file), _TRIALS // _SHARDS)
        status = programs.kvwire("sweep", "status", self.plan, *files)
        self.assertEqual(_MISSING, status.code, status)
        merge = ("sweep", "merge", self.plan, *files, "--output", self.folder / "merged.db")
        self.assertEqual(_MISSING, programs.kvwire(*merge).code)
        self.assertFalse((self.folder / "merged.db").exists())

        for task in range(_SHARDS):
            with programs.Program("kvwire", *run, environment=_slurm(task)) as program:
                outcome = program.wait()
            self.assertIn(outcome.code, (0, _VERDICT), outcome)
            self.assertIn(f"shard {task + 1}/{_SHARDS} (SLURM_ARRAY_TASK_ID)", outcome.stdout)
            self.assertNotIn("; 0 were done before", outcome.stdout)
        self.assertEqual(_VERDICT, programs.kvwire("sweep", "status", self.plan, *files).code)
        merged = programs.kvwire(*merge)
        self.assertEqual(0, merged.code, merged)
        self.assert_same_results(self.folder / "merged.db")
        self.assert_same_results(*reversed(files))

    def test_a_killed_service_is_started_again(self):
        for name in ("kvwire-bob", "kvwire-algorithm"):
            with self.subTest(name=name):
                file = self.folder / f"{name}.db"
                run = ("sweep", "run", self.plan, "--results", file)
                with programs.Program("kvwire", *run) as program:
                    sweeps.wait_for_results(file, 5, program)
                    program.kill_one(name)
                    outcome = program.wait()
                self.assertEqual(_VERDICT, outcome.code, outcome)
                self.assertIn("has ended; it is started again", outcome.stderr)
                self.assert_same_results(file)

    def test_given_services_find_the_same(self):
        file = self.folder / "given.db"
        with programs.services() as services:
            outcome = programs.kvwire(
                "sweep", "run", self.plan, "--results", file,
                "--alice", services.alice.listening, "--bob", services.bob.listening)
        self.assertEqual(_VERDICT, outcome.code, outcome)
        self.assert_same_results(file)

    def test_progress_without_a_terminal_is_plain_lines(self):
        self.assertNotIn("\r", self.serial_outcome.stderr)

    def test_the_status_is_json_if_asked_for(self):
        outcome = programs.kvwire("sweep", "status", self.plan, self.serial, "--json", "-")
        self.assertEqual(
            {"planned": 40, "ok": 38, "failed": 1, "refused": 1, "broken": 0, "missing": 0},
            json.loads(outcome.stdout))

    def test_a_larger_plan_goes_on_from_a_smaller_ones_results(self):
        spec = {"grids": [{"n": 8, "d": 32, "algorithm": "mean", "seeds": 3}]}
        file = self.folder / "grown.db"
        for seeds, before in ((3, 0), (5, 3)):
            spec["grids"][0]["seeds"] = seeds
            plan = sweeps.write_plan(self.folder, spec, f"grown-{seeds}.jsonl")
            outcome = programs.kvwire("sweep", "run", plan, "--results", file)
            self.assertEqual(0, outcome.code, outcome)
            self.assertIn(f"{before} were done before", outcome.stdout)


class BadSweepTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def assert_refused(self, words, *arguments, code=2):
        outcome = programs.kvwire("sweep", *arguments)
        self.assertEqual((code, ""), (outcome.code, outcome.stdout), outcome)
        for word in words:
            self.assertIn(str(word), outcome.stderr)

    def test_equal_specs_make_equal_plans(self):
        plans = [sweeps.write_plan(self.folder, _SPEC, f"{k}.jsonl") for k in range(2)]
        self.assertEqual(*(plan.read_bytes() for plan in plans))

    def test_a_spec_that_is_none_is_refused_with_its_file(self):
        spec = self.folder / "spec.json"
        self.assert_refused([spec], "plan", spec)
        spec.write_text("{")
        self.assert_refused([spec, "grids"], "plan", spec)
        spec.write_text('{"grids": [{"n": 8, "algorithm": "h3o"}]}')
        self.assert_refused(["h3o"], "plan", spec)

    def test_services_that_are_not_there_end_it_at_once(self):
        plan = sweeps.write_plan(self.folder, _SPEC)
        self.assert_refused(
            ["127.0.0.1:1"], "run", plan, "--results", self.folder / "r.db", "--alice",
            "127.0.0.1:1", "--bob", "127.0.0.1:1", "--timeout", "100ms", code=78)

    def test_what_is_no_plan_is_refused(self):
        plan = self.folder / "plan.jsonl"
        for text in ("", "x", '{"kvwire_sweep_plan":1,"trials":1}\n'):
            plan.write_text(text)
            self.assert_refused(["line 1"], "run", plan, "--results", self.folder / "r.db")

    def test_what_holds_no_results_is_refused(self):
        file = self.folder / "r.db"
        self.assert_refused([file], "dump", file)
        file.write_text("x" * 5000)
        self.assert_refused([file], "dump", file, code=4)

    def test_a_shard_that_is_none_is_refused(self):
        plan = sweeps.write_plan(self.folder, _SPEC)
        for shard in ("0/4", "5/4", "x"):
            self.assert_refused([shard], "run", plan, "--shard", shard, "--results", "-")


if __name__ == "__main__":
    programs.main()
