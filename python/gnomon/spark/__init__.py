"""Spark Connect from Python, on libsparkconnect: no JVM, no PySpark, no gRPC.

    from gnomon.spark import Session, functions as F

    with Session("sc://localhost:15002") as spark:
        spark.range(10).filter(F.col("id") > 4).show()

Names and signatures are PySpark's. `gnomon.spark.experimental` has what may still change.
"""

from __future__ import annotations

try:
    from gnomon.spark import _spark
except ImportError as error:  # a wheel brings no TLS and no HTTP/2
    raise ImportError(
        "gnomon was built without the Spark Connect client: build it from its sources"
    ) from error

from gnomon.spark import functions, types
from gnomon.spark._errors import InvalidPlan, Remote, SparkConnectError, Transport, Unsupported
from gnomon.spark._notebook import explain, preview, sample
from gnomon.spark.column import Column
from gnomon.spark.dataframe import DataFrame
from gnomon.spark.group import GroupedData
from gnomon.spark.observation import Observation
from gnomon.spark.session import Session
from gnomon.spark.storage import StorageLevel
from gnomon.spark.types import Row
from gnomon.spark.window import Window, WindowSpec

SparkSession = Session
__version__ = _spark.version()

__all__ = [
    "Column",
    "DataFrame",
    "GroupedData",
    "InvalidPlan",
    "Observation",
    "Remote",
    "Row",
    "Session",
    "SparkConnectError",
    "SparkSession",
    "StorageLevel",
    "Transport",
    "Unsupported",
    "Window",
    "WindowSpec",
    "explain",
    "functions",
    "preview",
    "sample",
    "types",
]
