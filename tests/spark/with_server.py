#!/usr/bin/env python3
"""Runs a test program beside a real Spark Connect server, which it starts and stops.

Without it: what a server really does (cuts streams, restarts, refuses) is believed from its
documentation.

usage: with_server.py [--conf KEY=VALUE]… DEPS PROGRAM    DEPS is the folder that set-up filled

The program finds in its environment the server and what stands in front of it:

  GNOMON_SPARK        the server
  GNOMON_SPARK_CUT    behind a proxy that breaks every connection after a random number of bytes
  GNOMON_SPARK_CUT_SMALL  the same after a few thousand
  GNOMON_SPARK_UNIX   behind a unix socket
  GNOMON_SPARK_TLS    behind TLS; _MUTUAL: which wants a certificate; _OLD: which speaks no HTTP/2
  GNOMON_SPARK_CA, _CERT, _KEY   who signed it, and the client's own
  GNOMON_SPARK_CONTROL    the port to which "restart" is said

GN_UNDER in our own environment is a command to run the program under: "valgrind --quiet".

GNOMON_SPARK in our own environment names a running server, and GNOMON_SPARK_PYTHON the Python whose
pyspark is to be started instead of the pinned one.
"""

import contextlib
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import fronts

HERE = pathlib.Path(__file__).resolve().parent
SENDER_BYTES = 2_000_000  # the server itself ends a stream after so many


def skip(reason: str) -> int:
    print(f"1..0 # SKIP {reason}")
    return 0


class Server:
    """A process that can be started again where it was."""

    def __init__(self, folder: str, confs: "list[str]") -> None:
        sys.path.insert(0, str(HERE.parent / "golden" / "expr"))
        import oracle  # type: ignore[import-not-found]

        self.folder = folder
        self.port = fronts.free_port()
        command, self.environment = oracle.command_of(self.port, folder, False)
        limit = f"spark.connect.execute.reattachable.senderMaxStreamSize={SENDER_BYTES}"
        self.command = [*command[:-1], *[f"-D{x}" for x in [limit, *confs]], command[-1]]
        self.seconds = oracle.START_SECONDS
        self.start()

    def start(self) -> None:
        log_path = os.path.join(self.folder, "server.log")
        with open(log_path, "w") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=log, stderr=log, cwd=self.folder
            )
        if not fronts.wait_for(self.port, self.process, self.seconds):
            self.stop()
            tail = pathlib.Path(log_path).read_text()[-2000:]
            sys.exit("the Spark server does not start:\n" + tail)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()


@contextlib.contextmanager
def any_server(folder: str, confs: "list[str]") -> "Iterator[tuple[int, int]]":
    """The ports of a server, and of its control."""
    running = os.environ.get("GNOMON_SPARK")
    if running:
        yield int(running.rsplit(":", 1)[1]), 0
        return
    one = Server(folder, confs)
    try:
        with fronts.control({"restart": one.restart}) as port:
            yield one.port, port
    finally:
        one.stop()


@contextlib.contextmanager
def tls_fronts(port: int, folder: str) -> "Iterator[dict[str, str]]":
    if not fronts.has_nghttpx():
        yield {}
        return
    files = fronts.make_certificates(folder)
    with (
        fronts.tls_front(port, files) as plain,
        fronts.own_tls(files, "h2", port) as mutual,
        fronts.own_tls(files, "http/1.1") as old,
    ):
        yield {
            "GNOMON_SPARK_TLS": f"sc://localhost:{plain}",
            "GNOMON_SPARK_TLS_MUTUAL": f"sc://localhost:{mutual}",
            "GNOMON_SPARK_TLS_OLD": f"sc://localhost:{old}",
            "GNOMON_SPARK_CA": files["ca"],
            "GNOMON_SPARK_CERT": files["client"],
            "GNOMON_SPARK_KEY": files["client-key"],
        }


def run(program: "list[str]", confs: "list[str]") -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        any_server(folder, confs) as (port, control),
        fronts.cutting_proxy(port) as cut,
        fronts.cutting_proxy(port, fronts.SMALL_CUT_BYTES) as cut_small,
        fronts.unix_socket(port, folder) as path,
        tls_fronts(port, folder) as tls,
    ):
        environment = dict(os.environ, **tls)
        environment["GNOMON_SPARK"] = f"sc://localhost:{port}"
        environment["GNOMON_SPARK_CUT"] = f"sc://localhost:{cut}"
        environment["GNOMON_SPARK_CUT_SMALL"] = f"sc://localhost:{cut_small}"
        environment["GNOMON_SPARK_UNIX"] = f"unix:{path}"
        environment["GNOMON_SPARK_CONTROL"] = str(control)
        under = shlex.split(os.environ.get("GN_UNDER", ""))
        return subprocess.run([*under, *program], env=environment).returncode


def take_confs(arguments: "list[str]") -> "tuple[list[str], list[str]]":
    confs = []
    while arguments[0] == "--conf":
        confs.append(arguments[1])
        arguments = arguments[2:]
    return confs, arguments


def end(number: int, frame: object) -> None:
    sys.exit(128 + number)


def main() -> int:
    signal.signal(signal.SIGTERM, end)  # so that what was started is stopped
    confs, (deps, *program) = take_confs(sys.argv[1:])
    own = pathlib.Path(deps).resolve() / "oracle-spark" / "bin" / "python"
    python = pathlib.Path(os.environ.get("GNOMON_SPARK_PYTHON", str(own)))
    if not python.exists() or not shutil.which("java"):
        return skip("Spark or Java is not installed: ./dev setup brings both")
    if pathlib.Path(sys.prefix).resolve() != python.parent.parent.resolve():
        os.execv(str(python), [str(python), __file__, *sys.argv[1:]])
    return run(program, confs)


if __name__ == "__main__":
    sys.exit(main())
