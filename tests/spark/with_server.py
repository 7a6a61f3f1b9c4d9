#!/usr/bin/env python3
"""Runs a test program beside a real Spark Connect server, which it starts and stops.

Without it: what a server really does (cuts streams, restarts, refuses) is believed from its
documentation.

usage: with_server.py DEPS PROGRAM    DEPS is the folder that set-up filled

The program finds in its environment GNOMON_SPARK, the server; GNOMON_SPARK_CUT, the same behind a
proxy that breaks every connection after a random number of bytes; GNOMON_SPARK_TLS, behind TLS,
with GNOMON_SPARK_CA who signed it. GNOMON_SPARK in our own environment names a running server.
"""

import contextlib
import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

HERE = pathlib.Path(__file__).resolve().parent
CUT_BYTES = (60_000, 900_000)
SENDER_BYTES = 2_000_000  # the server itself ends a stream after so many


def skip(reason: str) -> int:
    print(f"1..0 # SKIP {reason}")
    return 0


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


# ---- the server ----


@contextlib.contextmanager
def server(folder: str) -> "Iterator[int]":
    """The port of a server that ends with the block; as the oracle of expressions starts it."""
    sys.path.insert(0, str(HERE.parent / "golden" / "expr"))
    import oracle  # type: ignore[import-not-found]

    port = free_port()
    command, environment = oracle.command_of(port, folder, False)
    limit = f"-Dspark.connect.execute.reattachable.senderMaxStreamSize={SENDER_BYTES}"
    log_path = os.path.join(folder, "server.log")
    with open(log_path, "w") as log:
        process = subprocess.Popen(
            [*command[:-1], limit, command[-1]],
            env=environment,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        if not wait_for(port, process, oracle.START_SECONDS):
            sys.exit(
                "the Spark server does not start:\n" + pathlib.Path(log_path).read_text()[-2000:]
            )
        yield port
    finally:
        process.terminate()
        process.wait()


# ---- a proxy that cuts ----


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


def serve_cuts(listener: socket.socket, port: int, seed: int) -> None:
    chance = random.Random(seed)
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        behind = socket.create_connection(("127.0.0.1", port))
        left = [chance.randint(*CUT_BYTES)]
        for one, other in ((client, behind), (behind, client)):
            threading.Thread(target=pump, args=(one, other, left), daemon=True).start()


@contextlib.contextmanager
def cutting_proxy(port: int) -> "Iterator[int]":
    seed = int(os.environ.get("GN_SEED", "77001"))
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_cuts, args=(listener, port, seed), daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()


# ---- TLS in front ----


def make_certificate(folder: str) -> "tuple[str, str]":
    """A certificate for localhost, signed by itself."""
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return key, cert


@contextlib.contextmanager
def tls_proxy(port: int, folder: str) -> "Iterator[dict[str, str]]":
    nghttpx = shutil.which("nghttpx") or shutil.which("nghttpx", path="/usr/sbin")
    if not nghttpx:
        yield {}
        return
    key, cert = make_certificate(folder)
    front = free_port()
    command = [nghttpx, f"--frontend=127.0.0.1,{front}", f"--backend=127.0.0.1,{port};;proto=h2"]
    command += ["--no-ocsp", "--workers=1", "--errorlog-file=/dev/null", key, cert]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(front, process, 10)
        yield {"GNOMON_SPARK_TLS": f"sc://localhost:{front}", "GNOMON_SPARK_CA": cert}
    finally:
        process.terminate()
        process.wait()


# ---- running ----


@contextlib.contextmanager
def any_server(folder: str) -> "Iterator[int]":
    running = os.environ.get("GNOMON_SPARK")
    if running:
        yield int(running.rsplit(":", 1)[1])
        return
    with server(folder) as port:
        yield port


def run(program: "list[str]") -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        any_server(folder) as port,
        cutting_proxy(port) as cut,
        tls_proxy(port, folder) as tls,
    ):
        environment = dict(os.environ, **tls)
        environment["GNOMON_SPARK"] = f"sc://localhost:{port}"
        environment["GNOMON_SPARK_CUT"] = f"sc://localhost:{cut}"
        return subprocess.run(program, env=environment).returncode


def main() -> int:
    deps, *program = sys.argv[1:]
    own = pathlib.Path(deps).resolve() / "oracle-spark"
    python = own / "bin" / "python"
    if not python.exists() or not shutil.which("java"):
        return skip("Spark or Java is not installed: ./dev setup brings both")
    if pathlib.Path(sys.prefix).resolve() != own:
        os.execv(str(python), [str(python), __file__, deps, *program])
    return run(program)


if __name__ == "__main__":
    sys.exit(main())
