"""A container engine to test with: the one that runs, or one that ends with this process."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

# Host networks, bridges and firewall stay as they are; networks that compose makes still work.
_FLAGS = (
    "--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-masq=false",
    "--ip-forward=false", "--exec-opt=native.cgroupdriver=cgroupfs",
)
_START_SECONDS = 60


class EngineError(Exception):
    """There is no engine, and none can be started; the message says what to do."""


def _answers(environment):
    version = ["docker", "version"]
    return subprocess.run(version, env=environment, capture_output=True, check=False).returncode == 0


class OwnEngine:
    """dockerd in namespaces of its own for processes, mounts and, if `private`, the network.

    Its containers are processes of its namespace: the kernel ends them all when the first
    process in it ends, and that one ends with the process that made this object, however that
    ends. Mounts and bridges go with their namespaces. Images stay in `folder` for the next time.
    """

    def __init__(self, folder, private):
        # A socket's path has at most 108 bytes, and the folder's may be longer.
        self._run = pathlib.Path(tempfile.mkdtemp(prefix="kvwire-engine-", dir="/tmp"))
        self._group = f"/{self._run.name}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run").write_text(str(self._run))
        self._log = open(folder / "dockerd.log", "wb")
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{self._run}/socket"}
        dockerd = (
            "dockerd", "-H", self.environment["DOCKER_HOST"], "--data-root", folder / "data",
            "--exec-root", self._run / "exec", "--pidfile", self._run / "pid",
            "--cgroup-parent", self._group, *_FLAGS,
        )
        self._process = subprocess.Popen(
            [
                "setpriv", "--pdeathsig", "KILL",
                "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc",
                # A new network has a loopback interface, but it is down.
                *(("--net", "sh", "-c", 'busybox ip link set lo up; exec "$@"', "sh")
                  if private else ()),
                *map(str, dockerd),
            ],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
        )

    def wait_until_it_answers(self):
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(self.environment):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._log.flush()
                log = pathlib.Path(self._log.name).read_text(errors="replace")
                raise EngineError(
                    "dockerd does not start here. It needs root with all privileges (in a "
                    f"container: --privileged), or start an engine yourself. It said:\n{log[-2000:]}"
                )
            time.sleep(0.1)

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._log.close()
        remove_leftovers(self._run)


def remove_leftovers(run):
    """Removes what an engine leaves behind when it is killed: its folder, empty cgroups."""
    shutil.rmtree(run, ignore_errors=True)
    for group in pathlib.Path("/sys/fs/cgroup").glob(f"**/{run.name}"):
        for folder, _, _ in os.walk(group, topdown=False):
            _remove_group(folder)


def _remove_group(folder):
    # The kernel takes a moment to see that a killed process is gone.
    for _ in range(100):
        try:
            return os.rmdir(folder)
        except FileNotFoundError:
            return None
        except OSError:
            time.sleep(0.05)
    return None


def _check_that_one_can_be_started():
    if os.geteuid() != 0:
        raise EngineError("no container engine runs: start one, or do this as root")
    for program in ("busybox", "dockerd", "unshare", "setpriv"):
        if shutil.which(program) is None:
            raise EngineError(f"no container engine runs, and {program} is not installed")


@contextlib.contextmanager
def engine(folder, private=True):
    """Yields an environment in which `docker` finds an engine.

    It is the engine that runs already, if one does. One of its own keeps its images in `folder`,
    which only one can use at a time; `private` cuts it off from the host's networks.
    """
    if shutil.which("docker") and _answers(os.environ):
        yield dict(os.environ)
        return
    _check_that_one_can_be_started()
    if (folder / "run").exists():
        remove_leftovers(pathlib.Path((folder / "run").read_text()))
    own = OwnEngine(folder, private)
    try:
        own.wait_until_it_answers()
        yield own.environment
    finally:
        own.stop()
