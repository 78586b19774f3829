"""What hostile callers can make each service take: peak resident memory under each bomb.

Every service has a budget, for what callers make it hold and for what is in transport; its peak must
stay below that and 32 MiB, whether the bomb comes over one connection or over eight at once. Prints
the table; fails if one is over it, or a service did not outlive its bomb.
"""

import contextlib
import gzip
import itertools
import os
import sys
import threading

import http2_peer
import idle_streams
import programs

algorithm_pb2, alice_pb2, bob_pb2, channel_pb2 = http2_peer.messages(
    os.environ["KVWIRE_PLUGIN_MODULES"])

MIB = 1 << 20
HELD, TRANSPORT = 64 * MIB, 32 * MIB
_MORE = 32 * MIB
_AT_ONCE = 8

_ALGORITHM = "/kvwire.v1.AlgorithmService/"
_ALICE = "/kvwire.v1.AliceService/"
_BOB = "/kvwire.v1.BobService/"
_CHANNEL = "/kvwire.v1.OneWayChannelService/"
_FIRST = {"alice": _ALICE + "Speak", "bob": _CHANNEL + "Send", "algorithm": _ALGORITHM + "Ingest"}
_UNARY = {"alice": _ALICE + "Generate", "bob": _BOB + "CloseRun", "algorithm": _ALGORITHM + "Open"}
_ALL = {
    "alice": [_ALICE + method for method in ("Speak", "Generate")],
    "bob": [_CHANNEL + method for method in ("Send", "QueryWriteStatus")] + [
        _BOB + method for method in (
            "GetChannel", "Decode", "GenerateLast", "GetMessage", "GetLedger", "CloseRun")],
    "algorithm": [_ALGORITHM + method for method in (
        "Describe", "Open", "Ingest", "Snapshot", "Restore", "Attend", "Close")],
}


def inflating_message(name, endpoint):
    with http2_peer.Peer(endpoint) as peer:
        peer.unary(_UNARY[name], gzip.compress(bytes(256 * MIB)), ("grpc-encoding", "gzip"),
                   compressed=True)


def long_message(name, endpoint):
    """256 MiB of a message that says it has 4 GiB."""
    with http2_peer.Peer(endpoint) as peer:
        stream = peer.call(_FIRST[name])
        peer.send(stream, http2_peer.framed(bytes(256 * MIB), length=(1 << 32) - 1))


def half_messages(name, endpoint):
    """100 calls, each with all but the last byte of the largest message."""
    half = http2_peer.framed(bytes(8 * MIB - 1), length=8 * MIB)
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(http2_peer.Peer(endpoint)) for _ in range(10)]
        threads = []
        for peer in peers:
            def send(peer=peer):
                for _ in range(10):
                    peer.send(peer.call(_FIRST[name]), half)
            threads.append(threading.Thread(target=send, daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join(timeout=20)


def long_headers(name, endpoint):
    """200 KB of headers a call."""
    for _ in range(4):
        with http2_peer.Peer(endpoint) as peer:
            for k in range(4):
                peer.call(_UNARY[name], *((f"x-{k}-{j}", "v" * 4000) for j in range(50)))


def many_fields(name, endpoint):
    """8 MiB of fields that nobody asked for, 4 million of two bytes, to every method."""
    with http2_peer.Peer(endpoint) as peer:
        for method in _ALL[name]:
            peer.unary(method, b"\x78\x00" * (4 * MIB - 8))


def some_fields(name, endpoint):
    """As many of them as a service takes, in messages that are what the method takes."""
    with http2_peer.Peer(endpoint) as peer:
        for _ in range(4):
            peer.unary(_UNARY[name], b"\x78\x00" * (MIB - 8))


def deep_nesting(name, endpoint):
    """Groups within groups, 4 million deep."""
    with http2_peer.Peer(endpoint) as peer:
        peer.unary(_UNARY[name], b"\x7b" * (8 * MIB - 8))


def many_positions(name, endpoint):
    if name != "bob":
        return
    request = bob_pb2.DecodeRequest(protocol_version=1, run_id=1, positions=[0] * (8 * MIB - 64))
    with http2_peer.Peer(endpoint) as peer:
        for _ in range(4):
            peer.unary(_BOB + "Decode", request.SerializeToString())


def long_rows(name, endpoint):
    """The largest blocks that a message may have, to a session that is not there."""
    if name != "algorithm":
        return
    request = algorithm_pb2.IngestRequest(session_id=1, keys=bytes(8 * MIB - 64))
    with http2_peer.Peer(endpoint) as peer:
        for method in 2 * ("Ingest", "Attend"):
            peer.unary(_ALGORITHM + method, request.SerializeToString())


def full_sessions(name, endpoint):
    """As many sessions and tokens as it takes."""
    if name != "algorithm":
        return
    dims, rows = 64, 2048
    block = http2_peer.ones(dims * rows)
    with http2_peer.Peer(endpoint) as peer:
        for session in range(1, 33):
            request = algorithm_pb2.OpenRequest(protocol_version=1)
            request.parameters.algorithm = "exact"
            request.parameters.dims = dims
            if peer.unary(_ALGORITHM + "Open", request.SerializeToString())[0] != 0:
                return
            stream = peer.call(_ALGORITHM + "Ingest")
            for _ in range(8):
                message = algorithm_pb2.IngestRequest(
                    session_id=session, rows=rows, keys=block, values=block)
                if not peer.send(stream, http2_peer.framed(message.SerializeToString())):
                    break
            peer.send(stream, b"", end=True)
            peer.outcome(stream)


def huge_parameters(name, endpoint):
    """Sizes whose product is as large as it may be."""
    if name == "algorithm":
        for algorithm in ("exact", "float16", "bitplane", "floor", "h2o", "uniform"):
            request = algorithm_pb2.OpenRequest(protocol_version=1)
            request.parameters.algorithm = algorithm
            request.parameters.dims = 1024
            request.parameters.token_count = 1 << 20
            request.parameters.frame = 1
            with http2_peer.Peer(endpoint) as peer:
                peer.unary(_ALGORITHM + "Open", request.SerializeToString())
        return
    if name == "alice":
        request = alice_pb2.SpeakRequest()
        opening = request.opening
        opening.protocol_version, opening.run_id = 1, 1
        opening.channel_endpoint, opening.connect_timeout_seconds = "127.0.0.1:1", 1
        parameters = opening.parameters
        parameters.problem, parameters.n, parameters.dims = "index", 1 << 20, 1024
        parameters.frame, parameters.sharpness, parameters.algorithm = 1, 1, "exact"
        with http2_peer.Peer(endpoint) as peer:
            for _ in range(16):
                stream = peer.call(_ALICE + "Speak")
                peer.send(stream, http2_peer.framed(request.SerializeToString()))
                bits = alice_pb2.SpeakRequest(bits=bytes(7 * MIB)).SerializeToString()
                for _ in range(20):
                    if not peer.send(stream, http2_peer.framed(bits)):
                        break


def endless_message(name, endpoint):
    """A message on the channel that does not end; Bob keeps it on disk."""
    if name != "bob":
        return
    with http2_peer.Peer(endpoint) as peer:
        stream = peer.call(_CHANNEL + "Send")
        for k in range(256):
            chunk = channel_pb2.SendRequest(data=bytes(MIB))
            if k == 0:
                chunk.run_id, chunk.parameters_digest = 1, bytes(16)
            peer.send(stream, http2_peer.framed(chunk.SerializeToString()))


BOMBS = (inflating_message, long_message, half_messages, long_headers, many_fields, some_fields,
         deep_nesting, many_positions, long_rows, full_sessions, huge_parameters, endless_message)


def started(stack, name):
    arguments = () if name == "algorithm" else ("--algorithm-endpoint", "127.0.0.1:1")
    flags = ("--memory-budget", HELD, "--transport-memory", TRANSPORT, "--log-level", "off")
    if name == "bob":
        flags += ("--message-limit", "128MiB")
    return stack.enter_context(programs.Service(f"kvwire-{name}", *arguments, *flags))


def explode(bomb, name, count):
    """The peak in KiB of a fresh service under `count` bombs at once, and whether it still serves."""
    with contextlib.ExitStack() as stack:
        service = started(stack, name)
        before = idle_streams.status(service.pid, "VmHWM")
        threads = [threading.Thread(target=bomb, args=(name, service.listening), daemon=True)
                   for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        alive = not service.ended() and programs.kvwire("health", service.listening).code == 0
        peak = before if service.ended() else idle_streams.status(service.pid, "VmHWM")
    return before, peak, alive


def table():
    """Runs all bombs; prints the table and returns what is wrong."""
    faults = []
    print("%-20s %-10s %8s %12s %12s %12s" % (
        "bomb", "service", "at once", "idle MiB", "peak MiB", "allowed"))
    allowed = (HELD + TRANSPORT + _MORE) / MIB
    for bomb, name, count in itertools.product(
            BOMBS, ("alice", "bob", "algorithm"), (1, _AT_ONCE)):
        before, peak, alive = explode(bomb, name, count)
        print("%-20s %-10s %8d %12.1f %12.1f %12.1f" % (
            bomb.__name__, name, count, before / 1024, peak / 1024, allowed), flush=True)
        under = f"under {count} {bomb.__name__}"
        if not alive:
            faults.append(f"{name} does not survive {under}")
        if peak / 1024 > allowed:
            faults.append(f"{name} takes {peak / 1024:.1f} MiB {under}")
    return faults


if __name__ == "__main__":
    found = table()
    for fault in found:
        print(fault, file=sys.stderr)
    sys.exit(1 if found else 0)
