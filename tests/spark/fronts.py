"""What tests put in front of a Spark server: proxies that break, sockets, TLS of every kind.

Without it: a client that works over a clean loopback is taken for one that works.
"""

import contextlib
import os
import pathlib
import random
import select
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

CUT_BYTES = (60_000, 900_000)
SMALL_CUT_BYTES = (2_000, 40_000)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False


# ---- a proxy that copies, and cuts where it is told to ----


def pump(source: socket.socket, target: socket.socket, left: "list[int]") -> None:
    """Copies until `left` bytes went through, in both directions together; then resets both."""
    with contextlib.suppress(OSError):
        while left[0] > 0:
            data = source.recv(min(65536, left[0]))
            if not data:
                break
            target.sendall(data)
            left[0] -= len(data)
    for s in (source, target):
        with contextlib.suppress(OSError):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.shutdown(socket.SHUT_RDWR)
            s.close()


def serve_copies(listener: socket.socket, port: int, bytes_of_next: "Callable[[], int]") -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        try:
            behind = socket.create_connection(("127.0.0.1", port))
        except OSError:
            client.close()
            continue
        left = [bytes_of_next()]
        for one, other in ((client, behind), (behind, client)):
            threading.Thread(target=pump, args=(one, other, left), daemon=True).start()


@contextlib.contextmanager
def copying(
    listener: socket.socket, port: int, bytes_of_next: "Callable[[], int]"
) -> "Iterator[None]":
    arguments = (listener, port, bytes_of_next)
    threading.Thread(target=serve_copies, args=arguments, daemon=True).start()
    try:
        yield
    finally:
        listener.close()


@contextlib.contextmanager
def cutting_proxy(port: int, between: "tuple[int, int]" = CUT_BYTES) -> "Iterator[int]":
    chance = random.Random(int(os.environ.get("GN_SEED", "77001")))
    listener = socket.create_server(("127.0.0.1", 0))
    with copying(listener, port, lambda: chance.randint(*between)):
        yield int(listener.getsockname()[1])


@contextlib.contextmanager
def unix_socket(port: int, folder: str) -> "Iterator[str]":
    path = os.path.join(folder, "spark.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    with copying(listener, port, lambda: 1 << 60):
        yield path


# ---- TLS ----


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_certificates(folder: str) -> "dict[str, str]":
    """An authority, and what it signed: a server's and a client's certificate, with their keys."""
    path = {
        name: os.path.join(folder, name + ".pem")
        for name in ("ca", "ca-key", "server", "server-key", "client", "client-key")
    }
    names = os.path.join(folder, "names.cnf")
    pathlib.Path(names).write_text("subjectAltName=DNS:localhost,DNS:spark.internal\n")
    new = ["req", "-newkey", "rsa:2048", "-nodes"]
    own = ["-x509", "-days", "2", "-subj", "/CN=tests"]
    openssl(*new, *own, "-keyout", path["ca-key"], "-out", path["ca"])
    for who in ("server", "client"):
        request = os.path.join(folder, who + ".csr")
        openssl(*new, "-subj", f"/CN={who}", "-keyout", path[who + "-key"], "-out", request)
        sign = ["x509", "-req", "-days", "2", "-in", request, "-CA", path["ca"]]
        sign += ["-CAkey", path["ca-key"], "-CAcreateserial", "-extfile", names]
        openssl(*sign, "-out", path[who])
    return path


@contextlib.contextmanager
def tls_front(port: int, files: "dict[str, str]") -> "Iterator[int]":
    """nghttpx, which speaks TLS to the client and plain HTTP/2 to the server.

    Without its system-wide settings, which name a port that only one of them can have.
    """
    nghttpx = shutil.which("nghttpx") or shutil.which("nghttpx", path="/usr/sbin")
    assert nghttpx
    front = free_port()
    command = [nghttpx, f"--frontend=127.0.0.1,{front}", f"--backend=127.0.0.1,{port};;proto=h2"]
    command += ["--conf=/dev/null", "--no-ocsp", "--workers=1", "--errorlog-file=/dev/null"]
    command += [files["server-key"], files["server"]]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(front, process, 10)
        yield front
    finally:
        process.terminate()
        process.wait()


def relay(shaken: ssl.SSLSocket, behind: socket.socket) -> None:
    """Copies both ways in one thread: an SSLSocket is not for two."""
    while True:
        ready = [shaken] if shaken.pending() else select.select([shaken, behind], [], [])[0]
        for source, target in ((shaken, behind), (behind, shaken)):
            if source not in ready:
                continue
            data = source.recv(65536)
            if not data:
                return
            target.sendall(data)


def shake_hands(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True) as shaken:
        if port:
            with socket.create_connection(("127.0.0.1", port)) as behind:
                relay(shaken, behind)


def serve_tls(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        arguments = (client, context, port)
        threading.Thread(target=shake_hands, args=arguments, daemon=True).start()


@contextlib.contextmanager
def own_tls(files: "dict[str, str]", speaks: str, port: int = 0) -> "Iterator[int]":
    """TLS that wants a client's certificate where there is a port behind it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["server"], files["server-key"])
    context.set_alpn_protocols([speaks])
    if port:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(files["ca"])
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_tls, args=(listener, context, port), daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()


def has_nghttpx() -> bool:
    return bool(shutil.which("nghttpx") or shutil.which("nghttpx", path="/usr/sbin"))


# ---- a socket over which a test asks for something ----


def obey(listener: socket.socket, do: "dict[str, Callable[[], None]]") -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client:
            word = client.recv(100).decode().strip()
            if word in do:
                do[word]()
            client.sendall(b"done\n")


@contextlib.contextmanager
def control(do: "dict[str, Callable[[], None]]") -> "Iterator[int]":
    """The port to which a test connects, says a word of `do`, and waits for an answer."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=obey, args=(listener, do), daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()
