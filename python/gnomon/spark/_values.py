"""Makes the values that Python's limited API has no type for; the extension calls it."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

from gnomon.spark.types import Row, VariantVal, make_row

EPOCH = datetime.datetime(1970, 1, 1)
EPOCH_UTC = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
EPOCH_DAY = EPOCH.toordinal()
WIDE = decimal.Context(prec=80)


def date(days: int) -> datetime.date:
    return datetime.date.fromordinal(EPOCH_DAY + days)


def timestamp(us: int) -> datetime.datetime:
    """An instant by the clock of this machine, without its zone, as PySpark gives it."""
    at = EPOCH_UTC + datetime.timedelta(microseconds=us)
    return at.astimezone().replace(tzinfo=None)


def timestamp_ntz(us: int) -> datetime.datetime:
    return EPOCH + datetime.timedelta(microseconds=us)


def duration(us: int) -> datetime.timedelta:
    return datetime.timedelta(microseconds=us)


def time(ns: int) -> datetime.time:
    return (EPOCH + datetime.timedelta(microseconds=ns // 1000)).time()


def months(count: int) -> int:
    return count


def calendar(months: int, days: int, ns: int) -> tuple[int, int, int]:
    """Months, days and microseconds: Python has no type for the three."""
    return months, days, ns // 1000


def decimal_of(raw: bytes, scale: int) -> decimal.Decimal:
    number = int.from_bytes(raw, "little", signed=True)
    return decimal.Decimal(number).scaleb(-scale, WIDE)


def row(names: tuple[str, ...], values: tuple[Any, ...]) -> Row:
    return make_row(names, values)


def variant(names: tuple[str, ...], values: tuple[Any, ...]) -> VariantVal:
    parts = dict(zip(names, values))
    return VariantVal(parts["value"], parts["metadata"])
