"""run.py PROGRAMS STATE PART...: tests docker/ with an engine.

PROGRAMS is the folder of the built programs, STATE one that keeps images between runs. A part is
a NAME_test.py of this folder.
"""

import contextlib
import fcntl
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import engine
import images

_FOLDER = pathlib.Path(__file__).resolve().parent
# What parts need that is built from Debian's packages.
_FROM_BASE = {
    "metrics": (functools.partial(images.build_variant, name="prometheus"),),
    "full": (images.build_full,),
    "python": (functools.partial(images.build_variant, name="python"),),
    "restart": (functools.partial(images.build_variant, name="slow-link"),),
    "slow": (functools.partial(images.build_variant, name="slow-link"),),
}


# What is tested at the same time: containers mostly wait for each other. Parts that look at
# one project that stands are together, and all others are in the last.
_LANES = (
    ("isolation", "link", "metrics"),
    ("tls", "restart"),
    ("slow", "python"),
)


def _report(seconds, what):
    print(f"{seconds:6.1f} s  {what}", flush=True)


def _prepare(programs, state, parts):
    """Builds the images that the parts need."""
    from_base = [build for part in parts for build in _FROM_BASE.get(part, ())]
    # Packages come from the network.
    with engine.engine(state, private=not from_base) as environment:
        images.build_kvwire(environment, programs)
        images.build_probe(environment)
        if from_base:
            images.prepare_base(environment)
        for build in from_base:
            build(environment)


@contextlib.contextmanager
def _alone(state):
    """Waits for other runs with this state, and removes what one that was killed has left."""
    state.mkdir(parents=True, exist_ok=True)
    with open(state / "lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for the process that uses {state}", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        scratch = state / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
        yield


def _lanes(parts):
    """The parts by lane, without empty lanes; every part is in one."""
    lanes = [[part for part in lane if part in parts] for lane in _LANES]
    lanes.append([part for part in parts if not any(part in lane for lane in _LANES)])
    return [lane for lane in lanes if lane]


def _test(lanes):
    """Whether all parts are good; what they say is printed."""
    running = []
    try:
        for number, parts in enumerate(lanes):
            command = [sys.executable, "-B", _FOLDER / "lane.py", str(number), *parts]
            running.append(subprocess.Popen(command))
        return all([one.wait() == 0 for one in running])
    finally:
        for one in running:
            one.terminate()
            one.wait()


def _run(programs, state, parts):
    """Prints what happens; whether all is good."""
    start = time.monotonic()
    _prepare(programs, state, parts)
    _report(time.monotonic() - start, "images")
    with engine.engine(state) as environment:
        os.environ.update(environment)
        good = _test(_lanes(parts))
    _report(time.monotonic() - start, f"all: {'ok' if good else 'FAILED'}")
    return good


def main(programs, state, *parts):
    for part in parts:
        if not (_FOLDER / f"{part}_test.py").is_file():
            sys.exit(f"there is no part '{part}'")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    programs, state = pathlib.Path(programs).resolve(), pathlib.Path(state).resolve()
    try:
        with _alone(state):
            good = _run(programs, state, parts)
    except (engine.EngineError, images.ImageError) as error:
        sys.exit(f"error: {error}")
    if not good:
        sys.exit("failed")


if __name__ == "__main__":
    main(*sys.argv[1:])
