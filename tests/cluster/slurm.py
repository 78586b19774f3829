"""A real Slurm of one node, from Debian's packages, in a folder of its own: its own munge key and
socket, ports that nobody else uses, nothing of the machine's own configuration."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import time

import process_tree

_CONFIGURATION = """\
ClusterName=kvwire
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
PropagateResourceLimits=NONE
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def _free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_until(condition, what, limit_seconds=120):
    deadline = time.monotonic() + limit_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit_seconds} s: {what}")
        time.sleep(0.2)


class Slurm:
    """Daemons in the foreground, ended with this object. Needs root, as slurmd does."""

    def __init__(self, folder):
        self._folder = pathlib.Path(folder)
        self._stack = contextlib.ExitStack()
        self._node = None

    def __enter__(self):
        for name in ("state", "spool"):
            (self._folder / name).mkdir()
        self._folder.chmod(0o755)  # munged trusts no folder that others may write
        controller_port, node_port = _free_ports(2)
        (self._folder / "slurm.conf").write_text(_CONFIGURATION.format(
            folder=self._folder, host=socket.gethostname().split(".")[0],
            controller_port=controller_port, node_port=node_port))
        with self._stack as stack:
            self._start_munge()
            self._daemon("slurmctld", "-D", "-i", "-f", self._folder / "slurm.conf")
            self.start_node()
            wait_until(lambda: "idle" in self.run("sinfo", "-h", "-o", "%t").stdout,
                       "the node is idle")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stop_node()
        self._stack.close()

    def _daemon(self, *command):
        return self._stack.enter_context(process_tree.ProcessTree(
            *command, log=self._folder / f"{command[0]}.log", environment=self._environment()))

    def _environment(self):
        return {"SLURM_CONF": str(self._folder / "slurm.conf")}

    def _start_munge(self):
        key = self._folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        self._daemon(
            "munged", "--foreground", "--force", f"--key-file={key}",
            *(f"--{name}-file={self._folder}/munge.{name}" for name in ("pid", "log", "seed")),
            f"--socket={self._folder}/munge.socket")
        wait_until((self._folder / "munge.socket").exists, "munged listens")

    def start_node(self):
        self._node = process_tree.ProcessTree(
            "slurmd", "-D", "-f", self._folder / "slurm.conf",
            log=self._folder / "slurmd.log", environment=self._environment())

    def stop_node(self):
        """Kills slurmd, its steps and what they run, as a power cut does."""
        if self._node:
            self._node.kill()
        self._node = None

    def run(self, *command, cwd=None, environment=None):
        """A client's command to its end."""
        outcome = subprocess.run(
            [*map(str, command)], capture_output=True, text=True, timeout=120, cwd=cwd,
            env={**os.environ, **self._environment(), **(environment or {})})
        if outcome.returncode != 0:
            raise AssertionError(f"{command}: {outcome}")
        return outcome

    def submit(self, *arguments, cwd, environment):
        """The job's number."""
        outcome = self.run("sbatch", *arguments, cwd=cwd, environment=environment)
        return int(re.search(r"Submitted batch job (\d+)", outcome.stdout)[1])

    def unfinished(self):
        """The tasks that wait or run."""
        lines = self.run("squeue", "-h", "-r", "-o", "%A %a %T").stdout.splitlines()
        return [line for line in lines if line]

    def wait(self, limit_seconds=600):
        wait_until(lambda: not self.unfinished(), "the queue is empty", limit_seconds)
