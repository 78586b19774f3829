"""The attention kernel picks what a machine can run, and says the same everywhere.

usage: kernel_machines_test.py kernel_answers

Other machines are emulated, if qemu-x86_64 is there: one of 2008 without fused multiply-add, one
of 2013 with AVX2. Their answers must be, to the bit, those of the same kernel here, and all kernels
that fuse must agree.
"""

import shutil
import subprocess
import sys

_QEMU = "qemu-x86_64"
_SKIPPED = 77
_MACHINES = {"Nehalem": "baseline", "Haswell": "avx2"}


def answers(*command):
    lines = subprocess.run(command, capture_output=True, text=True, check=True,
                           timeout=120).stdout.splitlines()
    return lines[0], lines[1:]


def main(program):
    here, best = answers(program)
    _, baseline = answers(program, "baseline")
    assert len(best) == len(baseline) > 0
    if here == "avx512":
        assert answers(program, "avx2")[1] == best, "AVX2 and AVX-512 differ"
    if shutil.which(_QEMU) is None:
        print("no", _QEMU)
        return _SKIPPED
    for machine, expected in _MACHINES.items():
        instructions, found = answers(_QEMU, "-cpu", machine, program)
        assert instructions == expected, f"{machine}: {instructions}"
        if expected == "baseline":
            assert found == baseline, f"{machine} differs"
        elif here != "baseline":
            assert found == best, f"{machine} differs"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
