"""A real Spark as an oracle: a Connect server of its own, started without Spark's scripts.

    V/bin/python tests/golden/expr/oracle.py archive   # once: the classes that starting needs, for a start in half the time
    V/bin/python tests/golden/expr/oracle.py serve     # prints sc://127.0.0.1:PORT and runs until it is interrupted

V is a virtual environment with deps/oracle-spark.txt. GNOMON_SPARK=sc://… names a server that runs already."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time

OPENS = [
    "java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util",
    "java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action",
    "sun.util.calendar", "jdk.internal.ref",
]
ARCHIVE = os.path.join(sys.prefix, "spark.jsa")
START_SECONDS = 180


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def command_of(port, folder, archiving):
    import pyspark

    home = os.path.dirname(pyspark.__file__)
    confs = {
        "spark.master": "local[1]", "spark.app.name": "oracle", "spark.ui.enabled": "false",
        "spark.driver.host": "localhost", "spark.driver.bindAddress": "127.0.0.1",
        "spark.connect.grpc.binding.port": port, "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1", "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": folder, "spark.sql.session.timeZone": "UTC",
    }
    command = ["java", "-Xmx1500m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC",
               "-Djdk.reflect.useDirectMethodHandle=false", "-Dio.netty.tryReflectionSetAccessible=true"]
    if archiving:
        command.append("-XX:ArchiveClassesAtExit=" + ARCHIVE)
    elif os.path.exists(ARCHIVE):
        command += ["-XX:SharedArchiveFile=" + ARCHIVE, "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
    command += ["--add-opens=java.base/%s=ALL-UNNAMED" % name for name in OPENS]
    command += ["-cp", os.path.join(home, "jars", "*")]
    command += ["-D%s=%s" % pair for pair in confs.items()]
    command += ["org.apache.spark.sql.connect.service.SparkConnectServer"]
    return command, dict(os.environ, SPARK_HOME=home, SPARK_LOCAL_IP="127.0.0.1")


@contextlib.contextmanager
def server(archiving=False):
    """The address of a server, which ends with the block."""
    if os.environ.get("GNOMON_SPARK"):
        yield os.environ["GNOMON_SPARK"]
        return
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command, environment = command_of(port, folder, archiving)
        with open(os.path.join(folder, "server.log"), "w") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            wait_for(process, port, folder)
            yield "sc://127.0.0.1:%d" % port
        finally:
            process.terminate()
            process.wait()


def wait_for(process, port, folder):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    with open(os.path.join(folder, "server.log")) as log:
        sys.exit("the Spark server does not start:\n" + log.read()[-2000:])


def session(address):
    from pyspark.sql import SparkSession

    return SparkSession.builder.remote(address).getOrCreate()


def archive():
    with server(archiving=True) as address:
        spark = session(address)
        spark.sql("SELECT upper(a), b + 1 FROM VALUES ('x', 1) AS t(a, b)").toArrow()
        spark.stop()
    return 0 if os.path.exists(ARCHIVE) else 1


def serve():
    with server() as address:
        print(address, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    sys.exit(archive() if sys.argv[1:] == ["archive"] else serve())
