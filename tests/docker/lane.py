"""lane.py NUMBER PART...: tests parts one after another, while other lanes test others.

A lane has a compose project, and addresses, of its own. What a part says is printed when it has
ended, and a last line `NAME: ok` or `NAME: FAILED`. The exit code is 1 if one failed.
"""

import io
import os
import signal
import sys
import time
import unittest

# 172.28 to 172.31: of those that the engine gives away itself, the last.
_FIRST_SUBNET = 28


def _test(part):
    """Whether the part is good, and what it says."""
    suite = unittest.defaultTestLoader.loadTestsFromName(f"{part}_test")
    said = io.StringIO()
    good = unittest.TextTestRunner(said, verbosity=2).run(suite).wasSuccessful()
    return good, said.getvalue()


def main(number, *parts):
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    os.environ["KVWIRE_TEST_PROJECT"] = f"kvwire-test-{number}"
    os.environ["KVWIRE_SUBNET"] = f"172.{_FIRST_SUBNET + int(number)}"
    import project  # pylint: disable=import-outside-toplevel  # its addresses are the lane's

    failed = False
    for part in parts:
        start = time.monotonic()
        good, said = _test(part)
        seconds = time.monotonic() - start
        sys.stdout.write(f"{said}{seconds:6.1f} s  {part}: {'ok' if good else 'FAILED'}\n")
        sys.stdout.flush()
        failed |= not good
    project.end_standing()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
