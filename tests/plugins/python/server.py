"""A KV-cache compressor as a kvwire plug-in: 8 bits a number, and one float32 scale a row."""
import secrets
import struct
import sys
import threading
import zlib
from concurrent import futures

import grpc
import numpy as np
from kvwire.v1 import algorithm_pb2 as pb, algorithm_pb2_grpc as rpc

NAME, MEMORY_LIMIT, PIECE = "int8", 1 << 30, 1 << 20
MAGIC, SPEC = b"INT8\1", zlib.crc32(NAME.encode())
HEADER = struct.Struct("<5sxxxIQI")  # magic and version, d, tokens, checksum of the spec
Status = grpc.StatusCode


class Int8Cache:
    """The compressor. All of its state is in `tokens`; `refuse` ends the call with a status."""
    def __init__(self, dims, limit):
        self.id, self.dims, self.appending = secrets.randbits(53) + 1, dims, threading.Lock()
        self.tokens = np.zeros(0, [("scale", "<f4", (2,)), ("code", "i1", (2, dims))])
        self.most = limit // self.tokens.itemsize  # tokens

    def append(self, rows, keys, values, refuse):
        with self.appending:
            if len(self.tokens) + rows > self.most:  # before the memory is taken
                refuse(Status.RESOURCE_EXHAUSTED, f"more than {self.most} tokens")
            new = np.zeros(rows, self.tokens.dtype)
            for half, numbers in enumerate((keys, values)):
                if numbers is not None:  # else they are all zeros
                    scale = np.abs(numbers).max(axis=1) / np.float32(127)
                    codes = np.rint(numbers / np.where(scale > 0, scale, 1)[:, None])
                    new["scale"][:, half], new["code"][:, half] = scale, np.clip(codes, -127, 127)
            self.tokens = np.concatenate([self.tokens, new])  # who is reading has the old ones

    def attend(self, queries):
        rows = self.tokens["code"] * self.tokens["scale"][:, :, None].astype("f8")
        keys, values, outputs = rows[:, 0], rows[:, 1], np.empty(queries.shape, "<f4")
        for row, query in enumerate(queries):  # one by one: an answer is its query's alone
            scores = keys @ query
            weights = np.exp(scores - scores.max())
            outputs[row] = weights @ values / weights.sum()
        return outputs

    def snapshot(self):
        tokens = self.tokens
        body = HEADER.pack(MAGIC, self.dims, len(tokens), SPEC) + tokens.tobytes()
        return body + struct.pack("<I", zlib.crc32(body))

    def restore(self, data, refuse):
        body, checksum = data[:-4], struct.pack("<I", zlib.crc32(data[:-4]))
        if body[:5] != MAGIC or len(body) < HEADER.size or data[-4:] != checksum:
            refuse(Status.DATA_LOSS, "this is no whole, unaltered snapshot of version 1")
        _, dims, count, spec = HEADER.unpack(body[:HEADER.size])
        if (dims, spec) != (self.dims, SPEC):
            refuse(Status.FAILED_PRECONDITION, f"a snapshot of another algorithm or d = {dims}")
        if len(body) != HEADER.size + count * self.tokens.itemsize:
            refuse(Status.DATA_LOSS, f"the snapshot does not hold {count} tokens")
        self.tokens = np.frombuffer(body, self.tokens.dtype, count, HEADER.size)


def matrix(data, rows, width, refuse, least=0):
    """The [rows, width] numbers in `data`; None for zeros, of which there may be 2^50."""
    if rows < least or (len(data) != rows * width * 4 and (data or least)):
        refuse(Status.INVALID_ARGUMENT, f"{len(data)} bytes are not {rows} x {width} numbers")
    if not np.isfinite(np.frombuffer(data, "<f4")).all():
        refuse(Status.INVALID_ARGUMENT, "a number is not finite")
    return np.frombuffer(data, "<f4").reshape(rows, width) if data else None


class Int8Service(rpc.AlgorithmServiceServicer):
    def __init__(self):
        self.id, self.caches = secrets.randbits(63) + 1, {}

    def create(self, request, refuse):
        setup, limit = request.parameters, request.memory_limit_bytes or MEMORY_LIMIT
        if request.protocol_version != 1:
            refuse(Status.FAILED_PRECONDITION, f"version {request.protocol_version} is not 1")
        if setup.algorithm != NAME or not 1 <= setup.dims <= 65536 or setup.attention > 1:
            refuse(Status.INVALID_ARGUMENT, f"{NAME}, no tensors; not '{setup.algorithm[:64]}'")
        return Int8Cache(setup.dims, min(limit, MEMORY_LIMIT))

    def find(self, session_id, refuse):
        return self.caches.get(session_id) or refuse(Status.NOT_FOUND, f"no session {session_id}")

    def Describe(self, request, context):
        int8 = pb.AlgorithmDescription(name=NAME, summary="8 bits a number", reference="example")
        return pb.DescribeResponse(protocol_version=1, process_id=self.id, algorithms=[int8])

    def Open(self, request, context):
        cache = self.create(request, context.abort)
        self.caches[cache.id] = cache
        return pb.OpenResponse(session_id=cache.id)

    def Ingest(self, requests, context):
        cache = None
        for block in requests:
            cache = cache or self.find(block.session_id, context.abort)
            _, keys, values = (matrix(data, block.rows, cache.dims, context.abort)
                               for data in (block.queries, block.keys, block.values))
            cache.append(block.rows, keys, values, context.abort)
        tokens = (cache or self.find(0, context.abort)).tokens  # no request names no session
        return pb.IngestResponse(token_count=len(tokens), state_bits=8 * tokens.nbytes)

    def Snapshot(self, request, context):
        data = self.find(request.session_id, context.abort).snapshot()
        for first in range(0, len(data), PIECE):
            yield pb.SnapshotResponse(data=data[first:first + PIECE])

    def Restore(self, requests, context):
        cache, data = None, b""
        for request in requests:
            if request.HasField("open") != (cache is None):
                context.abort(Status.INVALID_ARGUMENT, "the first request opens, and no other")
            cache, data = cache or self.create(request.open, context.abort), data + request.data
            if len(data) > HEADER.size + 4 + cache.most * cache.tokens.itemsize:
                context.abort(Status.RESOURCE_EXHAUSTED, f"more than {cache.most} tokens")
        if cache is None:
            context.abort(Status.INVALID_ARGUMENT, "there is nothing to open")
        cache.restore(data, context.abort)
        self.caches[cache.id] = cache
        return pb.RestoreResponse(session_id=cache.id, state_bits=8 * cache.tokens.nbytes)

    def Attend(self, requests, context):
        cache = None
        for request in requests:
            cache = cache or self.find(request.session_id, context.abort)
            queries = matrix(request.queries, request.rows, cache.dims, context.abort, least=1)
            if len(cache.tokens) == 0:
                context.abort(Status.FAILED_PRECONDITION, "no token was appended yet")
            yield pb.AttendResponse(outputs=cache.attend(queries).tobytes())

    def Close(self, request, context):
        self.caches.pop(request.session_id, None)
        return pb.CloseResponse()


def serve(service, listen="127.0.0.1:7104"):
    server = grpc.server(futures.ThreadPoolExecutor(64), options=[("grpc.so_reuseport", 0)])
    rpc.add_AlgorithmServiceServicer_to_server(service, server)
    print(f"listening {listen.rpartition(':')[0]}:{server.add_insecure_port(listen)}", flush=True)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    serve(Int8Service(), *sys.argv[1:])
