"""The faults of a network on real sockets: a wire before one port that refuses, cuts, delays, drips or swallows.

What it does to open and to new connections can change at any moment. It reads along, so that what callers have tried is
counted where nobody can leave a try out.
"""

import contextlib
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

REQUEST = re.compile(rb"([A-Z]{3,7} /\S* HTTP/1\.1)\r\n")
REQUEST_ID = re.compile(rb"\r\nX-Request-Id: (\S+)\r\n", re.IGNORECASE)
ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends a reset, as a process does that has died."""
PIECE = 65536


@dataclass(eq=False)
class Wire:
    """One connection: the caller's end, the server's end, and what was last asked on it."""

    near: socket.socket
    far: socket.socket
    asked: bytes = b""
    turn: int = 0
    """Which request this is, of those that a fault is meant for."""

    def cut(self) -> None:
        """Break it, for both ends; who carries its bytes wakes up and closes it."""
        for one in (self.near, self.far):
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                one.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Close it as the side did that went first."""
        for one in (self.near, self.far):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@dataclass(eq=False)
class Fault:
    """What is wrong with the wire. `up` is what callers send, `down` what they are answered."""

    flows: bool = True
    delay: float = 0.0
    rate: int | None = None
    up: int | None = None
    down: int | None = None
    of: bytes = b""
    times: int | None = None
    every: int = 1
    seen: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    passed: Counter[tuple[Wire, str]] = field(default_factory=Counter)
    spent: set[Wire] = field(default_factory=set)

    def room(self, wire: Wire, way: str, wanted: int) -> int | None:
        """How many bytes may still pass before the wire is cut; None for all that come."""
        limit = self.up if way == "up" else self.down
        if limit is None or not wire.asked.startswith(self.of) or wire.turn % self.every:
            return None
        if self.times is not None and wire not in self.spent and len(self.spent) >= self.times:
            return None
        left = limit - self.passed[wire, way]
        self.passed[wire, way] += wanted
        if wanted <= left:
            return None
        self.spent.add(wire)
        return left


class Proxy:
    """Stands before a server on this machine. Each method says what is wrong from now on; `restore` mends all of it."""

    def __init__(self, *targets: int) -> None:
        """Before one server; before several, each in turn, and past those that refuse a connection."""
        self.targets = list(targets)
        self._lock = threading.Lock()
        self._fault = Fault()
        self._wires: set[Wire] = set()
        self.requests: list[tuple[bytes, bytes]] = []
        """Request id and first line of every HTTP request that a caller has sent, in order."""
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def refuse(self) -> None:
        """Hang up on everybody and listen no more: the process has died."""
        # shutting down wakes the thread that accepts; closing alone would let it take one more connection
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.break_all()

    def break_all(self) -> None:
        """Cut every open connection, whatever is on its way."""
        with self._lock:
            wires, self._wires = self._wires, set()
        for wire in wires:
            wire.cut()

    def hole(self) -> None:
        """Take everything and let nothing through, neither way, until `restore`."""
        self._become(Fault(flows=False))

    def delay(self, seconds: float) -> None:
        """Every piece of an answer comes so much later."""
        self._become(Fault(delay=seconds))

    def throttle(self, rate: int) -> None:
        """So many bytes a second in each direction, a tenth of them at a time."""
        self._become(Fault(rate=rate))

    def cut(self, *, up: int | None = None, down: int | None = None, of: bytes = b"", **seldom: int) -> None:
        """Break a connection after so many bytes of what is asked (`up`) or answered (`down`), counted from now on.

        `up=0` is a server that hangs up on being asked, `down=0` an answer that is lost. Only connections are cut whose
        request begins with `of`; of these only one in `every=`, and after `times=` so many no more.
        """
        self._become(Fault(up=up, down=down, of=of, **seldom))  # type: ignore[arg-type]

    def restore(self) -> None:
        """Be a wire again. What was held back goes on its way."""
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
            self._listen()
        self._become(Fault())

    def close(self) -> None:
        """End it, with all its connections."""
        self._become(Fault())
        self.refuse()

    def _become(self, fault: Fault) -> None:
        before, self._fault = self._fault, fault
        before.over.set()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                self.connections += 1
                threading.Thread(target=self._join, args=(near, listener), daemon=True).start()

    def _join(self, near: socket.socket, listener: socket.socket) -> None:
        with contextlib.ExitStack() as ends:
            ends.enter_context(near)
            far = self._reached()
            if far is None:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                return
            ends.enter_context(far)
            wire = Wire(near, far)
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                if listener.fileno() < 0:  # it was taken in the moment in which we began to refuse
                    return
                self._wires.add(wire)
            up = threading.Thread(target=self._carry, args=(wire, "up"), daemon=True)
            up.start()
            self._carry(wire, "down")
            up.join()
            self._wires.discard(wire)

    def _reached(self) -> socket.socket | None:
        first = self.connections % len(self.targets)
        for port in (*self.targets[first:], *self.targets[:first]):
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", port))
        return None

    def _carry(self, wire: Wire, way: str) -> None:
        source, sink = (wire.near, wire.far) if way == "up" else (wire.far, wire.near)
        with contextlib.suppress(OSError):
            while data := source.recv(PIECE):
                if way == "up":
                    self._read_along(wire, data)
                if not self._pass_on(wire, way, data, sink):
                    wire.cut()
                    return
        wire.end()

    def _read_along(self, wire: Wire, data: bytes) -> None:
        """A request begins with a piece of its own: nobody here sends the next before the answer to the last."""
        if begins := REQUEST.match(data):
            wire.asked = begins[1]
            told = REQUEST_ID.search(data)
            with self._lock:
                self._fault.seen += begins[1].startswith(self._fault.of)
                wire.turn = self._fault.seen
                self.requests.append((told[1] if told else b"", begins[1]))

    def _pass_on(self, wire: Wire, way: str, data: bytes, sink: socket.socket) -> bool:
        """Send it as far as the fault of this moment lets it through; whether the wire is whole afterwards."""
        while not (fault := self._fault).flows:
            fault.over.wait()
        if way == "down" and fault.delay:
            fault.over.wait(fault.delay)
        with self._lock:
            room = fault.room(wire, way, len(data))
        if room is not None:
            sink.sendall(data[: max(room, 0)])
            return False
        if fault.rate is None:
            sink.sendall(data)
        else:
            _drip(data, fault, sink)
        return True


def _drip(data: bytes, fault: Fault, sink: socket.socket) -> None:
    step = max((fault.rate or 0) // 10, 1)
    for begin in range(0, len(data), step):
        sink.sendall(data[begin : begin + step])
        fault.over.wait(0.1)


@contextlib.contextmanager
def proxy(*ports: int) -> Iterator[Proxy]:
    """A proxy before this port, or these, for the block."""
    running = Proxy(*ports)
    try:
        yield running
    finally:
        running.close()
