"""The Python server with one fault, for the tests: broken_server.py FAULT [HOST:PORT]."""
import pathlib
import sys
import threading
import zlib

import grpc
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent / "python"))
import server  # noqa: E402  (it stands in the folder named above)

CACHE, SERVICE = server.Int8Cache, server.Int8Service
MATRIX = server.matrix


class ClaimsOnePercent(SERVICE):
    def Ingest(self, requests, context):
        response = super().Ingest(requests, context)
        response.state_bits //= 100
        return response

    def Restore(self, requests, context):
        response = super().Restore(requests, context)
        response.state_bits //= 100
        return response


class LosesItsState(CACHE):
    def restore(self, data, refuse):
        super().restore(data, refuse)
        self.tokens = np.zeros_like(self.tokens)


class RollsDice(CACHE):
    def append(self, rows, keys, values, refuse):
        if keys is not None:
            keys = keys * np.random.default_rng().uniform(0.9, 1.1)
        super().append(rows, keys, values, refuse)


class LeavesItsStateBehind(CACHE):
    """The snapshot is a key to what this process remembers."""
    remembered = {}

    def snapshot(self):
        whole = super().snapshot()
        kept, self.tokens = self.tokens, np.zeros_like(self.tokens)
        self.tokens["code"][:1, 0, :4] = np.frombuffer(whole[-4:], "i1")[: self.dims]
        key = super().snapshot()
        self.remembered[key], self.tokens = kept, kept
        return key

    def restore(self, data, refuse):
        super().restore(data, refuse)
        self.tokens = self.remembered.get(data, self.tokens)


class ForgetsInsideTheScale(CACHE):
    def append(self, rows, keys, values, refuse):
        super().append(rows, keys, values, refuse)
        self.tokens = self.tokens.copy()
        self.tokens[:-64] = np.zeros(1, self.tokens.dtype)


class OneScaleABlock(CACHE):
    def append(self, rows, keys, values, refuse):
        if keys is not None and np.abs(keys).max() > 0:
            keys = np.rint(keys / np.abs(keys).max() * 100) * np.abs(keys).max() / 100
        super().append(rows, keys, values, refuse)


class AttendAppends(CACHE):
    def attend(self, queries):
        outputs = super().attend(queries)
        self.append(len(queries), queries, None, None)
        return outputs


class NoMemoryLimit(CACHE):
    def __init__(self, dims, limit):
        super().__init__(dims, 1 << 60)


class SnapshotCounts(CACHE):
    def snapshot(self):
        self.tokens = np.concatenate([self.tokens, self.tokens[:1]])
        return super().snapshot()


class NoChecksum(CACHE):
    def restore(self, data, refuse):
        body = data[:-4]
        super().restore(body + server.struct.pack("<I", zlib.crc32(body)), refuse)


class TakesBytesAfterTheEnd(CACHE):
    def restore(self, data, refuse):
        end = len(data)
        if data[:5] == server.MAGIC and end >= server.HEADER.size:
            count = server.HEADER.unpack(data[: server.HEADER.size])[2]
            end = server.HEADER.size + count * self.tokens.itemsize + 4
        super().restore(data[:end] if end <= len(data) else data, refuse)


def anything_finite_or_not(data, rows, width, refuse, least=0):
    numbers = np.nan_to_num(np.frombuffer(data, "<f4")) if len(data) % 4 == 0 else None
    return MATRIX(data if numbers is None else numbers.tobytes(), rows, width, refuse, least)


class AnyVersion(SERVICE):
    def create(self, request, refuse):
        request.protocol_version = 1
        return super().create(request, refuse)


class AnyAlgorithm(SERVICE):
    def create(self, request, refuse):
        request.parameters.algorithm = server.NAME
        return super().create(request, refuse)


class OneSession(SERVICE):
    def Open(self, request, context):
        response = super().Open(request, context)
        first = next(iter(self.caches))  # ids are random, their order of coming is not
        self.caches = {first: self.caches[first]}
        response.session_id = first
        return response


class CloseIsStrict(SERVICE):
    def Close(self, request, context):
        self.find(request.session_id, context.abort)
        return super().Close(request, context)


class CloseDoesNothing(SERVICE):
    def Close(self, request, context):
        return server.pb.CloseResponse()


class NewIdEachTime(SERVICE):
    def Describe(self, request, context):
        self.id += 1
        return super().Describe(request, context)


class SaysNothingOfItself(SERVICE):
    def Describe(self, request, context):
        response = super().Describe(request, context)
        response.algorithms[0].reference = ""
        return response


class OneStreamAtATime(SERVICE):
    streams = threading.Lock()

    def Ingest(self, requests, context):
        if not self.streams.acquire(timeout=5):
            context.abort(grpc.StatusCode.INTERNAL, "the server is busy")
        try:
            return super().Ingest(requests, context)
        finally:
            self.streams.release()


class RestoreOpensAnyTime(SERVICE):
    def Restore(self, requests, context):
        requests = list(requests)
        for request in requests[1:]:
            request.ClearField("open")
        return super().Restore(iter(requests), context)


FAULTS = {
    "claims-1-percent": ClaimsOnePercent,
    "loses-its-state": LosesItsState,
    "rolls-dice": RollsDice,
    "leaves-its-state-behind": LeavesItsStateBehind,
    "forgets-inside-the-scale": ForgetsInsideTheScale,
    "one-scale-a-block": OneScaleABlock,
    "attend-appends": AttendAppends,
    "no-memory-limit": NoMemoryLimit,
    "snapshot-counts": SnapshotCounts,
    "no-checksum": NoChecksum,
    "takes-bytes-after-the-end": TakesBytesAfterTheEnd,
    "not-finite": anything_finite_or_not,
    "any-version": AnyVersion,
    "any-algorithm": AnyAlgorithm,
    "one-session": OneSession,
    "close-is-strict": CloseIsStrict,
    "close-does-nothing": CloseDoesNothing,
    "new-id-each-time": NewIdEachTime,
    "says-nothing-of-itself": SaysNothingOfItself,
    "one-stream-at-a-time": OneStreamAtATime,
    "restore-opens-any-time": RestoreOpensAnyTime,
}


def main(fault, *listen):
    part = FAULTS[fault]
    if not isinstance(part, type):
        server.matrix = part
    elif issubclass(part, CACHE):
        server.Int8Cache = part
    service = part if isinstance(part, type) and issubclass(part, SERVICE) else SERVICE
    server.serve(service(), *listen)


if __name__ == "__main__":
    main(*sys.argv[1:])
