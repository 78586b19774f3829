"""A peer that speaks gRPC's HTTP/2 itself, so that it can stall, lie and inflate."""

import collections
import contextlib
import select
import socket
import struct
import sys
import time

import programs

try:
    import h2.config
    import h2.connection
    import h2.events
    import h2.exceptions
except ImportError:
    print("Skipped: Python has no h2 (python3-h2)")
    sys.exit(programs.SKIPPED)

_LIMIT_SECONDS = 60


def framed(message, compressed=False, length=None):
    """A message with gRPC's prefix, which may lie about the length."""
    return struct.pack(">BI", compressed, len(message) if length is None else length) + message


def unframed(data):
    """The messages behind their prefixes."""
    found = []
    while data:
        size = int.from_bytes(data[1:5], "big")
        found.append(data[5:5 + size])
        data = data[5 + size:]
    return found


def ones(count):
    """That many float32, none of them 0: rows of zeros need not be stored."""
    return struct.pack("<f", 1) * count


class Peer:
    """One connection. A call's outcome is (grpc-status, grpc-message), or ("reset", code)."""

    def __init__(self, endpoint, tls=None, keeps=False):
        host, _, port = endpoint.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=_LIMIT_SECONDS)
        # A header that is sent must not wait until the one before it is acknowledged.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            tls.set_alpn_protocols(["h2"])
            self._socket = tls.wrap_socket(self._socket, server_hostname=host)
        config = h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8",
            validate_outbound_headers=False, normalize_outbound_headers=False)
        self._h2 = h2.connection.H2Connection(config)
        self._h2.initiate_connection()
        self._flush()
        self._outcomes = {}
        self._received = b""
        self._unread = []
        self._data = collections.defaultdict(bytes) if keeps else None
        self.reads = True  # else nothing is acknowledged, and the service soon has to wait
        self.closed = False
        self._acknowledged = False
        while not self._acknowledged and not self.closed:
            self._take(_LIMIT_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def call(self, path, *headers, authority="peer"):
        """Begins a call and returns its stream; None if the connection is over."""
        if self.closed:
            return None
        stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(stream, [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", authority),
            ("te", "trailers"), ("content-type", "application/grpc"), *headers])
        self._flush()
        return stream

    def send(self, stream, data, end=False):
        """Sends what flow control lets through; False if the call, or the connection, is over."""
        view = memoryview(data)
        deadline = time.monotonic() + _LIMIT_SECONDS
        while not self.closed and stream not in self._outcomes:
            room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
            if len(view) == 0 or room > 0:
                piece, view = view[:room], view[room:]
                self._h2.send_data(stream, bytes(piece), end_stream=end and len(view) == 0)
                self._flush()
                if len(view) == 0:
                    return True
                self._take(0)
            elif time.monotonic() > deadline:
                return False
            else:
                self._take(1)
        return False

    def outcome(self, stream, seconds=_LIMIT_SECONDS):
        """How the call ended; None if it has not."""
        deadline = time.monotonic() + seconds
        while stream not in self._outcomes and not self.closed:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._take(left)
        return self._outcomes.get(stream, ("closed", ""))

    def take_data(self, stream):
        """What the service has sent on a stream, by a peer that keeps that."""
        return self._data.pop(stream, b"")

    def unary(self, path, message, *headers, **options):
        stream = self.call(path, *headers)
        self.send(stream, framed(message, **options), end=True)
        return self.outcome(stream)

    def _flush(self):
        try:
            self._socket.sendall(self._h2.data_to_send())
        except OSError:
            self.closed = True

    def _take(self, seconds):
        # What TLS has read ahead is not in the socket any more.
        pending = getattr(self._socket, "pending", int)()
        if not pending and not select.select([self._socket], [], [], seconds)[0]:
            return
        try:
            data = self._socket.recv(1 << 16)
            self._received += data
            for frame in self._frames():
                for event in self._h2.receive_data(frame):
                    self._handle(event)
        except (OSError, h2.exceptions.ProtocolError):
            data = b""
        self.closed = self.closed or not data
        self._flush()

    def _frames(self):
        """What has come, frame by frame: those before a wrong one count."""
        while len(self._received) >= 9:
            end = 9 + int.from_bytes(self._received[:3], "big")
            if len(self._received) < end:
                return
            frame, self._received = self._received[:end], self._received[end:]
            yield frame

    def _handle(self, event):
        if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
            fields = dict(event.headers)
            if "grpc-status" in fields:
                message = fields.get("grpc-message", "")
                self._outcomes[event.stream_id] = (int(fields["grpc-status"]), message)
        elif isinstance(event, h2.events.DataReceived):
            if self._data is not None:
                self._data[event.stream_id] += event.data
            self._unread.append((event.flow_controlled_length, event.stream_id))
            if self.reads:
                self.read_on()
        elif isinstance(event, h2.events.StreamReset):
            self._outcomes.setdefault(event.stream_id, ("reset", int(event.error_code)))
        elif isinstance(event, h2.events.RemoteSettingsChanged):
            self._acknowledged = True
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.closed = True

    def read_on(self):
        """Acknowledges what has come, and from now on what comes."""
        self.reads = True
        for length, stream in self._unread:
            with contextlib.suppress(h2.exceptions.StreamClosedError):
                self._h2.acknowledge_received_data(length, stream)
        self._unread.clear()
        self._flush()


def messages(folder):
    """The message types of kvwire.v1, by module."""
    sys.path.insert(0, folder)
    # pylint: disable=import-outside-toplevel
    from kvwire.v1 import algorithm_pb2, alice_pb2, bob_pb2, channel_pb2
    return algorithm_pb2, alice_pb2, bob_pb2, channel_pb2
