"""Calls that say nothing cost no thread, and others are served."""

import contextlib
import unittest

import idle_streams
import programs

_STREAMS = 400


class IdleStreamsTest(unittest.TestCase):
    def test_idle_calls_cost_no_thread(self):
        for name in ("alice", "bob", "algorithm"):
            with self.subTest(service=name), contextlib.ExitStack() as stack:
                service = idle_streams.started(stack, name)
                row = idle_streams.measure(name, service, service.listening, _STREAMS)
                self.assertEqual([], idle_streams.check(row, _STREAMS))


if __name__ == "__main__":
    programs.main()
