"""A command with all that it starts, however far away from it that gets."""

import os
import pathlib
import signal
import subprocess
import time
import uuid

_MARK = "KVWIRE_CLUSTER_MARK"


class ProcessTree:
    """Every process that inherits the mark from the command, until `kill` or the end."""

    def __init__(self, *command, log, environment=None, cwd=None):
        self._mark = f"{_MARK}={uuid.uuid4().hex}"
        name, _, value = self._mark.partition("=")
        self._log = open(log, "ab")
        self._process = subprocess.Popen(
            [*map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, **(environment or {}), name: value},
            cwd=cwd,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def running(self):
        return self._process.poll() is None

    def pids(self, *names):
        """Those of its processes, or of those that are called so."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if self._mark.encode() not in process.joinpath("environ").read_bytes():
                    continue
                name = process.joinpath("comm").read_text().strip()
            except OSError:  # it has just ended
                continue
            if not names or name in names:
                found.append(int(process.name))
        return found

    def kill(self):
        """Kills the command and all that it has started, with SIGKILL."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        deadline = time.monotonic() + 60
        while pids := self.pids():
            if time.monotonic() > deadline:
                raise AssertionError(f"processes outlive SIGKILL: {pids}")
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)
        self._log.close()

    def wait(self, limit_seconds):
        """The exit code of the command."""
        return self._process.wait(timeout=limit_seconds)
