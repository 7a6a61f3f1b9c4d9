"""Peers that say no: one gives every call a gRPC status, one shows a certificate of its own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

PREFACE = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
HEADERS, SETTINGS, PING = 1, 4, 6
ACK, END_STREAM, END_HEADERS = 1, 1, 4


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def header(name: bytes, value: bytes) -> bytes:
    """A literal field of HPACK without a table and without Huffman; values below 127 bytes."""
    assert len(name) < 127 and len(value) < 127
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def answer(stream: int, status: int, message: str) -> bytes:
    escaped = "".join(c if c.isprintable() and c != "%" else f"%{ord(c):02X}" for c in message)
    fields = header(b":status", b"200") + header(b"content-type", b"application/grpc")
    fields += header(b"grpc-status", str(status).encode())
    fields += header(b"grpc-message", escaped.encode())
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, fields)


def take(peer: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = peer.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def talk(peer: socket.socket, status: int, message: str) -> None:
    with peer, contextlib.suppress(OSError):
        take(peer, PREFACE)
        peer.sendall(frame(SETTINGS, 0, 0))
        while True:
            head = take(peer, 9)
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            payload = take(peer, int.from_bytes(head[:3], "big"))
            if kind == SETTINGS and not flags & ACK:
                peer.sendall(frame(SETTINGS, ACK, 0))
            if kind == PING and not flags & ACK:
                peer.sendall(frame(PING, ACK, 0, payload))
            if kind == HEADERS:
                peer.sendall(answer(stream, status, message))


def accept(listener: socket.socket, status: int, message: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=talk, args=(peer, status, message), daemon=True).start()


@contextlib.contextmanager
def refusing(status: int, message: str) -> Iterator[str]:
    """The address of a server that refuses everything like this."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        arguments = (listener, status, message)
        threading.Thread(target=accept, args=arguments, daemon=True).start()
        yield f"sc://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def shake(listener: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):
        while True:
            peer, _ = listener.accept()
            with peer, contextlib.suppress(OSError):
                context.wrap_socket(peer, server_side=True).close()


@contextlib.contextmanager
def self_signed(folder: Path) -> Iterator[str]:
    """The address of a TLS server whose certificate nobody signed but itself."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=shake, args=(listener, context), daemon=True).start()
        yield f"sc://localhost:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
