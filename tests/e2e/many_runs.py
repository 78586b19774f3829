"""Many small runs against the same services: memory, descriptors and threads stay where they were.

KVWIRE_RUNS is how many (20000). Others go before that are not counted, a quarter as many four at once,
so that what grows with what happens at once has grown, and some one by one. Prints a line a service;
fails if a run's answer is wrong, or a service has more threads or descriptors afterwards, or more than
1 MiB more memory. The threads of gRPC's two executors stand apart: one comes whenever all are busy at
once, however seldom, none leaves, and gRPC stops at two a processor. That is their bound here.
"""

import collections
import concurrent.futures
import os
import pathlib
import sys
import time

import http2_peer
import idle_streams
import programs

algorithm_pb2, alice_pb2, bob_pb2, _ = http2_peer.messages(os.environ["KVWIRE_PLUGIN_MODULES"])

RUNS = int(os.environ.get("KVWIRE_RUNS", "20000"))
_MOST_KIB_MORE = 1024
_SETTLE_SECONDS = 30
_AT_ONCE = 4
# As far as the kernel keeps their names. Each has at most two threads a processor.
_EXECUTORS = ("default-executo", "resolver-execut")
_MOST_EXECUTORS = 2 * len(_EXECUTORS) * os.sysconf("SC_NPROCESSORS_CONF")

_ALICE = "/kvwire.v1.AliceService/"
_BOB = "/kvwire.v1.BobService/"
_TOKENS, _DIMS = 8, 64


def _set_parameters(parameters):
    parameters.problem, parameters.n, parameters.dims = "index", _TOKENS, _DIMS
    parameters.frame = parameters.encoding = parameters.eta_mode = 1
    parameters.sharpness = 40
    parameters.algorithm = "exact"


def _answer(peer, path, request):
    """The messages of a call that must succeed, without their prefixes."""
    stream = peer.call(path)
    for k, message in enumerate(request):
        peer.send(stream, http2_peer.framed(message.SerializeToString()), end=k + 1 == len(request))
    outcome = peer.outcome(stream)
    if outcome[0] != 0:
        raise AssertionError(f"{path}: {outcome}")
    return http2_peer.unframed(peer.take_data(stream))


def run(alice, bob, channel, run_id):
    """One run: what Alice is told is what Bob reads."""
    bits = os.urandom(_TOKENS * _DIMS // 8)
    opening = alice_pb2.SpeakRequest()
    opening.opening.protocol_version = 1
    opening.opening.run_id = run_id
    opening.opening.channel_endpoint = channel
    opening.opening.connect_timeout_seconds = 10
    _set_parameters(opening.opening.parameters)
    _answer(alice, _ALICE + "Speak", [opening, alice_pb2.SpeakRequest(bits=bits)])
    _answer(bob, _BOB + "GetLedger", [bob_pb2.GetLedgerRequest(run_id=run_id, wait_seconds=10)])
    question = bob_pb2.DecodeRequest(protocol_version=1, run_id=run_id, all=True)
    _set_parameters(question.parameters)
    heard = b"".join(bob_pb2.DecodeResponse.FromString(message).bits
                     for message in _answer(bob, _BOB + "Decode", [question]))
    _answer(bob, _BOB + "CloseRun", [bob_pb2.CloseRunRequest(run_id=run_id)])
    if heard != bits:
        raise AssertionError(f"run {run_id}: Bob read {heard.hex()} where {bits.hex()} was sent")


State = collections.namedtuple("State", "kib files threads executors")


def _state(service):
    names = [path.read_text().strip()
             for path in pathlib.Path(f"/proc/{service.pid}/task").glob("*/comm")]
    executors = sum(name in _EXECUTORS for name in names)
    return State(idle_streams.status(service.pid, "VmRSS"),
                 len(list(pathlib.Path(f"/proc/{service.pid}/fd").iterdir())),
                 len(names) - executors, executors)


def _settled(service, before):
    """Its state, once what ends by itself has ended: threads and sockets of what is over."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        now = _state(service)
        if before is None or (now.files <= before.files and now.threads <= before.threads):
            return now
        time.sleep(0.1)
    return _state(service)


def _repeat(running, first, count):
    """`count` runs in a row, over a connection of their own to each service."""
    with http2_peer.Peer(running.alice.listening, keeps=True) as alice, \
            http2_peer.Peer(running.bob.listening, keeps=True) as bob:
        for run_id in range(first, first + count):
            run(alice, bob, running.bob.channel, run_id)


def measure(runs=RUNS):
    """Prints the table and returns what is wrong."""
    with programs.services(quiet=True) as running:
        share = runs // 4 // _AT_ONCE
        with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda k: _repeat(running, 1 + k * share, share), range(_AT_ONCE)))
        _repeat(running, 1 + _AT_ONCE * share, share)
        before = [_settled(service, None) for service in running]
        _repeat(running, 1 + (_AT_ONCE + 1) * share, runs)
        after = [_settled(service, was) for service, was in zip(running, before)]
    return _table(running, before, after)


def _table(running, before, after):
    faults = []
    print("%-16s" % "service" + "".join(" %10s %10s" % (column, "then") for column in (
        "MiB", "files", "threads", "executors")))
    for name, was, now in zip(running._fields, before, after):
        print("%-16s %10.1f %10.1f" % (name, was.kib / 1024, now.kib / 1024) +
              "".join(" %10d %10d" % pair for pair in list(zip(was, now))[1:]), flush=True)
        most = was._replace(kib=was.kib + _MOST_KIB_MORE, executors=_MOST_EXECUTORS)
        if any(is_now > limit for is_now, limit in zip(now, most)):
            faults.append(f"{name} may have {most} and has {now}")
    return faults


def main():
    faults = measure()
    print(f"{RUNS} runs, all of them right")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
