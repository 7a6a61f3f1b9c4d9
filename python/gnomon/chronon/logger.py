"""Chronon's logger helper."""

from __future__ import annotations

import logging

LOG_FORMAT = "[%(asctime)-11s] %(levelname)s [%(filename)s:%(lineno)d] %(message)s"


def get_logger(log_level: int = logging.INFO) -> logging.Logger:
    """The logger of the definitions API, at the given level."""
    logger = logging.getLogger("gnomon.chronon")
    logger.setLevel(log_level)
    return logger
