"""The images of docker/, and where no registry is reached what they are built from."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Names of their own: an image that a user has built keeps his.
KVWIRE = "kvwire-test"
FULL = "kvwire-test-full"
PROBE = "kvwire-test-probe"
BASE = "debian:bookworm-slim"

_PROGRAMS = ("kvwire", "kvwire-alice", "kvwire-bob", "kvwire-algorithm")
_PROBES = ("cat", "ip", "nc", "sh", "wget")
_PULL_SECONDS = 60


class ImageError(Exception):
    """An image cannot be made; the message says why."""


def _build(environment, context, dockerfile, name, *options):
    # The builder that every version of docker has, with or without plug-ins.
    built = subprocess.run(
        ["docker", "build", "-f", dockerfile, "-t", name, *options, context],
        env={**environment, "DOCKER_BUILDKIT": "0"}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )
    if built.returncode != 0:
        raise ImageError(f"{dockerfile} cannot be built:\n{built.stdout[-4000:]}")


def _present(environment, name):
    found = subprocess.run(
        ["docker", "image", "inspect", name], env=environment, capture_output=True, check=False
    )
    return found.returncode == 0


@contextlib.contextmanager
def _folder():
    with tempfile.TemporaryDirectory(prefix="kvwire-image-") as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


def build_kvwire(environment, programs):
    """The image of docker/Dockerfile, with the programs of a build outside of it.

    All but where the programs come from is what that file says.
    """
    dockerfile = (ROOT / "docker/Dockerfile").read_text()
    final = dockerfile[dockerfile.index("FROM scratch") :].replace("--from=build ", "")
    with _folder() as context:
        subprocess.run(
            [ROOT / "docker/stage.sh", context / "image", *(programs / one for one in _PROGRAMS)],
            check=True,
        )
        for folder in re.findall(r"/writable/(\S+)", dockerfile):
            (context / "writable" / folder).mkdir(parents=True, exist_ok=True)
        (context / "Dockerfile").write_text(final)
        _build(environment, context, context / "Dockerfile", KVWIRE)


def build_probe(environment):
    """Busybox and its libraries: looks into a container's network from a container beside it."""
    with _folder() as context:
        busybox = shutil.which("busybox")
        subprocess.run([ROOT / "docker/stage.sh", context / "image", busybox], check=True)
        for command in _PROBES:
            (context / "image/usr/bin" / command).symlink_to("busybox")
        (context / "Dockerfile").write_text("FROM scratch\nCOPY image/ /\n")
        _build(environment, context, context / "Dockerfile", PROBE)


def _pull_base(environment):
    with contextlib.suppress(subprocess.TimeoutExpired):
        pulled = subprocess.run(
            ["docker", "pull", "-q", BASE],
            env=environment, capture_output=True, timeout=_PULL_SECONDS, check=False,
        )
        return pulled.returncode == 0
    return False


def _make_base(environment):
    """Debian's base system from its packages, fetched from where this machine gets its own."""
    if shutil.which("mmdebstrap") is None or os.geteuid() != 0:
        raise ImageError(f"{BASE} cannot be pulled, and to make it takes mmdebstrap and root")
    with _folder() as folder:
        archive = folder / "base.tar"
        subprocess.run(["mmdebstrap", "-q", "--variant=minbase", "bookworm", archive], check=True)
        subprocess.run(
            ["docker", "import", archive, BASE],
            env=environment, stdout=subprocess.DEVNULL, check=True,
        )


def prepare_base(environment):
    """Sees to it that there is an image BASE."""
    if not _present(environment, BASE) and not _pull_base(environment):
        print(f"{BASE} cannot be pulled; making it of Debian's packages", file=sys.stderr)
        _make_base(environment)


def build_variant(environment, name):
    """The image of docker/NAME.Dockerfile; needs the base. What is unchanged comes from a cache."""
    dockerfile = ROOT / f"docker/{name}.Dockerfile"
    _build(environment, ROOT, dockerfile, f"{KVWIRE}-{name}", "--network=host")


def build_full(environment):
    """The image of docker/Dockerfile, compiling in it; needs the base."""
    _build(environment, ROOT, ROOT / "docker/Dockerfile", FULL, "--network=host")
