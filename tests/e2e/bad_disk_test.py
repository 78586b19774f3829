"""A spool on a disk that is full, or that fails, and clocks that jump."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest

from programs import Program, Service, judged, kvwire, main

# About 350 KB of message, and about 11 KB.
LARGE = ("run", "--n", "16", "--d", "512", "--sharpness", "20")
SMALL = ("run", "--n", "8", "--d", "64", "--sharpness", "20")

RESOURCE_EXHAUSTED = 64 + 8


class Parties:
    """Services by hand, Bob with a spool in `directory`."""

    def __init__(self, stack, directory, bob_environment=None, environment=None):
        def start(name, *arguments, extra=None):
            return stack.enter_context(
                Service(name, *arguments, environment={**(environment or {}), **(extra or {})})
            )

        algorithms = [start("kvwire-algorithm") for _ in range(2)]
        alice = start("kvwire-alice", "--algorithm-endpoint", algorithms[0].listening)
        bob = start(
            *("kvwire-bob", "--algorithm-endpoint", algorithms[1].listening),
            *("--spool", str(directory)),
            extra=bob_environment,
        )
        self.where = ("--alice", alice.listening, "--bob", bob.listening)


class BadDiskTest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.directory = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))

    def test_a_full_disk_is_said_and_what_fits_still_goes(self):
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(self.directory)],
            capture_output=True,
            check=False,
        )
        if mounted.returncode != 0:
            self.skipTest("mounting is not permitted here")
        self.stack.callback(subprocess.run, ["umount", str(self.directory)], check=True)
        parties = Parties(self.stack, self.directory)
        for _ in range(3):
            outcome = kvwire(*LARGE, *parties.where)
            self.assertEqual(outcome.code, RESOURCE_EXHAUSTED, outcome)
            self.assertIn("cannot be stored: No space left on device", outcome.stderr)
            result = judged(*SMALL, *parties.where)
            self.assertEqual(result["bit_errors"], 0)
        # Nothing of the runs that failed stays either.
        self.assertEqual(sorted(os.listdir(self.directory)), ["lock"])

    def test_calls_that_fail_now_and_then_cost_time_and_nothing_else(self):
        names = ("fiu_posix_preload.so", "fiu_run_preload.so")
        libraries = [
            found
            for found in pathlib.Path("/usr/lib").rglob("fiu_*_preload.so")
            if found.name in names
        ]
        if len(libraries) != 2:
            self.skipTest("fiu-utils is not installed")
        fail = "enable_random name=posix/io/{},probability=0.2"
        parties = Parties(
            self.stack,
            self.directory,
            bob_environment={
                "LD_PRELOAD": " ".join(map(str, libraries)),
                "FIU_ENABLE": "\n".join(
                    fail.format(call) for call in ("sync/fsync", "sync/fdatasync", "rw/pwritev")
                ),
            },
        )
        good, felt = 0, 0
        for _ in range(10):
            outcome = kvwire(*SMALL, *parties.where, "--json", "-")
            if outcome.code != 0:  # said, not lost
                self.assertGreaterEqual(outcome.code, 64, outcome)
                felt += 1
                continue
            result = json.loads(outcome.stdout)
            self.assertEqual(result["bit_errors"], 0)
            self.assertTrue(result["verdict"]["ok"], result["verdict"])
            good += 1
            felt += len(result["connections"]) > 1
        # Else this would show nothing.
        self.assertGreater(good, 0)
        self.assertGreater(felt, 0)

    def test_clocks_that_jump_change_nothing(self):
        if shutil.which("faketime") is None:
            self.skipTest("faketime is not installed")
        library = next(pathlib.Path("/usr/lib").rglob("libfaketime.so.1"))
        clock = self.directory / "clock"
        clock.write_text("+0d")
        parties = Parties(
            self.stack,
            self.directory / "spool",
            environment={
                "LD_PRELOAD": str(library),
                "FAKETIME_TIMESTAMP_FILE": str(clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            },
        )
        over = threading.Event()

        def jump():
            while not over.is_set():
                for shift in ("+1d", "-1d", "+0d"):
                    fresh = clock.with_suffix(".new")
                    fresh.write_text(shift)
                    fresh.rename(clock)
                    over.wait(0.02)

        jumper = threading.Thread(target=jump)
        jumper.start()
        try:
            for _ in range(5):
                with Program("kvwire", *LARGE, *parties.where, "--json", "-") as program:
                    outcome = program.wait()
                self.assertEqual(outcome.code, 0, outcome)
                self.assertEqual(json.loads(outcome.stdout)["bit_errors"], 0)
        finally:
            over.set()
            jumper.join()


if __name__ == "__main__":
    main()
