"""A compose project under test: its containers, and a view into their networks."""

import os
import pathlib
import re
import subprocess
import tempfile
import uuid

import images

FOLDER = images.ROOT / "docker"
# Ends what hangs. No test depends on how long anything takes below it.
LIMIT_SECONDS = 240
_NAME = os.environ.get("KVWIRE_TEST_PROJECT", "kvwire-test")


def _compose():
    """The compose that is installed: the plug-in of docker, or the older program."""
    plug_in = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ("docker", "compose") if plug_in.returncode == 0 else ("docker-compose",)


# The one that `standing` started; others end it, for they have the same addresses.
_standing = None


class Project:
    """docker/compose.yaml with the files of `variants` over it; gone when the block ends.

    The driver writes to the folder `output`.
    """

    def __init__(self, output, *variants, environment=None):
        files = [FOLDER / "compose.yaml"]
        files += [variant if isinstance(variant, pathlib.Path) else FOLDER / f"compose.{variant}.yaml"
                  for variant in variants]
        self._containers = {}
        self._prefix = [*_compose(), "-p", _NAME]
        for file in files:
            self._prefix += ["-f", str(file)]
        self._environment = {
            **os.environ, "KVWIRE_IMAGE": images.KVWIRE, "KVWIRE_OUTPUT": str(output),
            **(environment or {}),
        }

    def __enter__(self):
        end_standing()
        self.clear()
        return self

    def __exit__(self, *_):
        self.down()

    def compose(self, *arguments, check=True):
        done = self._run(*self._prefix, *arguments)
        if check and done.returncode != 0:
            raise AssertionError(f"compose {arguments}: {done.stdout}{done.stderr}")
        return done

    def up(self, *arguments):
        """All of it, in the foreground: the outcome has the driver's exit code."""
        return self.compose(
            "up", "--no-build", "--abort-on-container-exit", "--exit-code-from", "driver",
            *arguments, check=False,
        )

    def start(self, *services):
        """These and what they depend on, in the background; all of them healthy."""
        self.compose("up", "--no-build", "-d", *services)

    def drive(self, *command):
        """Runs the driver with another command, once those it depends on are healthy."""
        name = f"{_NAME}-driver-{uuid.uuid4().hex[:8]}"
        return self.compose("run", "--rm", "-T", "--name", name, "driver", *command, check=False)

    def _labelled(self, *command, label=""):
        """What the engine lists with the project's label; compose itself takes a second to say."""
        ours = ("--filter", f"label=com.docker.compose.project={_NAME}")
        more = ("--filter", f"label=com.docker.compose.{label}") if label else ()
        return self.docker(*command, "-q", *ours, *more).stdout.split()

    def clear(self):
        """Removes what a run that was killed may have left in the engine."""
        kinds = (("ps", "-a"), ("network", "ls"), ("volume", "ls"))
        if any(self._labelled(*kind) for kind in kinds):
            self.down()

    def down(self):
        self._containers.clear()
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "1")

    def container(self, service):
        if service not in self._containers:
            (self._containers[service],) = self._labelled("ps", "-a", label=f"service={service}")
        return self._containers[service]

    def docker(self, *arguments, check=True):
        return self._run("docker", *arguments, check=check)

    def look(self, service, *command):
        """Runs a command of busybox in the network namespace of a service's container."""
        network = f"--network=container:{self.container(service)}"
        return self.docker("run", "--rm", network, images.PROBE, *command, check=False)

    def shaped_bytes(self):
        """With the variant `slow`: what has passed the shaper, headers included."""
        shown = self.docker("exec", self.container("slow-link"), "tc", "-s", "qdisc", "show").stdout
        return int(re.search(r"qdisc tbf .*?Sent (\d+) bytes", shown, re.DOTALL)[1])

    def _run(self, *command, check=False):
        return subprocess.run(
            [str(part) for part in command], env=self._environment, capture_output=True,
            text=True, timeout=LIMIT_SECONDS, check=check,
        )


def standing():
    """compose.yaml with the profile `metrics`, all but the driver up; shared by what changes nothing.

    It stands until another project starts, or `end_standing`.
    """
    global _standing  # pylint: disable=global-statement
    if _standing is None:
        project = Project(
            tempfile.mkdtemp(),
            environment={"COMPOSE_PROFILES": "metrics", "KVWIRE_PROMETHEUS": "127.0.0.1:"},
        )
        project.__enter__()
        _standing = project
        project.start("alice", "bob")
    return _standing


def end_standing():
    """Ends what `standing` started, if it did."""
    global _standing  # pylint: disable=global-statement
    project, _standing = _standing, None
    if project is not None:
        project.down()
