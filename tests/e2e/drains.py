"""Services that are ended and started again, one after the other, while runs go on.

KVWIRE_DRAINS is how many times (1000), seeded by KVWIRE_SEED (1). A run that a service refuses, because
it is about to end or not back yet, is asked for again. Prints a line a service and one a reason for
which a run was refused; fails if a run is cut short, gets a wrong answer or never gets through, or if a
service does not end in time.
"""

import collections
import contextlib
import itertools
import json
import os
import random
import re
import signal
import sys
import threading
import time

import programs

DRAINS = int(os.environ.get("KVWIRE_DRAINS", "1000"))
SEED = int(os.environ.get("KVWIRE_SEED", "1"))
_DRAIN_SECONDS = 30
_WORKERS = 3
_MOST_TRIES = 50
_ENDED_BY_SIGTERM = 143

# By what a service says that refuses to begin something, or by what is said of one that is not there.
_REFUSALS = {
    "is about to end": "begins nothing new",
    "ended as the call came": "it has cut the call off|GOAWAY received",
    "was not there": "cannot be reached|failed to connect to all addresses|Connection refused",
}


class Network:
    """The four services, each of which comes back where it was."""

    def __init__(self, stack):
        self._stack = stack
        self._arguments = {}
        self.running = {}
        algorithms = [self._first(name, "kvwire-algorithm")
                      for name in ("alice_algorithm", "bob_algorithm")]
        self._first("alice", "kvwire-alice", "--algorithm-endpoint", algorithms[0].listening)
        self._first("bob", "kvwire-bob", "--algorithm-endpoint", algorithms[1].listening)
        self.dials = ("--alice", self.running["alice"].listening,
                      "--bob", self.running["bob"].listening)

    def _first(self, name, *arguments):
        self._arguments[name] = (*arguments, "--drain-time", f"{_DRAIN_SECONDS}s")
        service = self._start(name)
        self._arguments[name] += ("--listen", service.listening)
        return service

    def _start(self, name):
        self.running[name] = self._stack.enter_context(programs.Service(*self._arguments[name]))
        return self.running[name]

    def drain(self, name):
        """Ends a service as an operator does, and starts it again; returns how long it took to end."""
        service = self.running[name]
        start = time.monotonic()
        service.send_signal(signal.SIGTERM)
        outcome = service.wait()
        took = time.monotonic() - start
        self._start(name)
        return took, outcome


class Load:
    """Runs, each of which is asked for until it is done."""

    def __init__(self, dials):
        self._dials = dials
        self._numbers = itertools.count(1)
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self.done = 0
        self.refused = collections.Counter()
        self.faults = []
        self._threads = [threading.Thread(target=self._work) for _ in range(_WORKERS)]
        for thread in self._threads:
            thread.start()

    def end(self):
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _work(self):
        while not self._ending.is_set():
            self._run(next(self._numbers))

    def _run(self, number):
        command = ("run", "--n", 32, "--d", 64, "--seed", number, *self._dials, "--json", "-")
        for _ in range(_MOST_TRIES):
            outcome = programs.kvwire(*command)
            refusal = self._refusal(outcome)
            with self._lock:
                if refusal is None:
                    self.done += 1
                    return
                self.refused[refusal] += 1
                if refusal not in _REFUSALS:
                    self.faults.append(refusal)
                    return
        with self._lock:
            self.faults.append(f"run {number} never got through")

    @staticmethod
    def _refusal(outcome):
        """Why the run is to be asked for again, a fault, or nothing if it is good."""
        result = json.loads(outcome.stdout)
        if outcome.code == 0 and result["bit_errors"] == 0:
            return None
        if "error" in result and result["error"]["code"] == "UNAVAILABLE":
            for reason, pattern in _REFUSALS.items():
                if re.search(pattern, result["error"]["message"]):
                    return reason
        return f"exit code {outcome.code}: {result.get('error') or result['verdict']}"


def measure(drains=DRAINS, seed=SEED):
    """Drains services in turn under load; prints what happened and returns what is wrong."""
    chance = random.Random(seed)
    faults = []
    took = collections.defaultdict(list)
    with contextlib.ExitStack() as stack:
        network = Network(stack)
        load = Load(network.dials)
        for _ in range(drains):
            time.sleep(chance.uniform(0, 0.3))
            name = chance.choice(sorted(network.running))
            seconds, outcome = network.drain(name)
            took[name].append(seconds)
            if outcome.code != _ENDED_BY_SIGTERM or seconds >= _DRAIN_SECONDS:
                faults.append(f"{name} ended after {seconds:.1f} s: {outcome}")
        load.end()
    print("%-16s %8s %12s" % ("service", "drains", "s at most"))
    for name, seconds in sorted(took.items()):
        print("%-16s %8d %12.2f" % (name, len(seconds), max(seconds)))
    print(f"{load.done} runs got through, {sum(load.refused.values())} were refused and asked for again:")
    for reason, count in load.refused.most_common():
        print("%8d  a service %s" % (count, reason))
    return faults + load.faults


def main():
    faults = measure()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
