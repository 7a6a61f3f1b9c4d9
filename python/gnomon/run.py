"""`run.py`: Chronon's runner under its own name and flags, on the embedded engine.

    run.py --conf production/group_bys/team/file.v1 --mode backfill --ds 2023-12-01
    run.py --conf production/group_bys/team/file.v1 --mode upload --ds 2023-12-01
    run.py --mode fetch --conf-type group_bys --name team/file.v1 -k '{"user_id": "user_1"}'

It starts the program `gnomon` with the same meaning. Flags that choose jars, Spark and scripts are
accepted and do nothing here. Exit status is 0, or 1 if anything failed.
"""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

#: Which modes a type of definition has in Chronon, and those that this version runs.
MODES = {
    "group_bys": (
        "upload",
        "backfill",
        "streaming",
        "metadata-upload",
        "local-streaming",
        "fetch",
        "analyze",
        "metadata-export",
    ),
    "joins": (
        "backfill",
        "backfill-left",
        "backfill-final",
        "metadata-upload",
        "fetch",
        "consistency-metrics-compute",
        "compare",
        "stats-summary",
        "log-summary",
        "analyze",
        "log-flattener",
        "metadata-export",
        "label-join",
        "model-transform-batch",
    ),
    "staging_queries": ("backfill", "metadata-export"),
}
OFFERED = {
    ("group_bys", "backfill"),
    ("group_bys", "upload"),
    ("group_bys", "metadata-upload"),
    ("group_bys", "fetch"),
    ("joins", "metadata-upload"),
}
#: Flags about jars, Spark and scripts: there are none here.
IGNORED = (
    "--app-name",
    "--online-jar",
    "--online-class",
    "--version",
    "--spark-version",
    "--spark-submit-path",
    "--spark-streaming-submit-path",
    "--online-jar-fetch",
    "--online-args",
    "--chronon-jar",
    "--release-tag",
    "--list-apps",
    "--render-info",
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(1, str(RunError("GC004", message, "see: run.py --help")))


def _parser() -> _Parser:
    parser = _Parser(prog="run.py", description="Runs Chronon's jobs.", allow_abbrev=False)
    add = parser.add_argument
    add("--conf", help="a compiled definition: <context>/<type>/<team>/<name>")
    add("--env", default="dev", help="accepted for compatibility")
    add("--mode", default="backfill", help="backfill, upload, metadata-upload or fetch")
    add("--ds", default=datetime.date.today().isoformat(), help="the day; default today")
    add("--start-ds", help="the first day of a range")
    add("--end-ds", help="the last day of a range, included; goes before --ds")
    add("--parallelism", type=int, default=1, help="threads; needs both ends of a range")
    add("--repo", default=os.environ.get("CHRONON_REPO_PATH", "."), help="root of the repository")
    add("--conf-type", default="group_bys", help="of a fetch without --conf")
    add("--sub-help", action="store_true", help="help of the program that is started")
    add("-n", "--name", help="fetch: team/file.variable")
    add("-t", "--type", help="fetch: group-by")
    add("-k", "--key-json", help="fetch: the key")
    add("-f", "--key-json-file", help="fetch: a file with a key, or a list of keys")
    add("--at-millis", help="fetch: the time asked for")
    add("--step-days", help="days computed by one scan")
    for flag in IGNORED:
        add(flag, help=argparse.SUPPRESS)
    return parser


class RunError(Exception):
    """What a person did wrong, under a code of the program's register."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.args[0]}"]
        if self.hint:
            lines.append(f"   = help: {self.hint}")
        return "\n".join([*lines, f"   = more: gnomon explain {self.code}", ""])


def find_program() -> str:
    """The program: $GNOMON, beside this package, or on PATH."""
    beside = Path(__file__).resolve().parent / "gnomon"
    built = Path(__file__).resolve().parents[2] / "build" / "release" / "cli" / "gnomon"
    for candidate in (os.environ.get("GNOMON"), str(beside), shutil.which("gnomon"), str(built)):
        if candidate and os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    raise RunError(
        "GE011", "the program 'gnomon' is not on PATH", "build it, or set GNOMON to its path"
    )


def conf_type_of(arguments: argparse.Namespace) -> str:
    """The type folder of --conf (its last parts are context/type/team/name), else --conf-type."""
    if not arguments.conf:
        return str(arguments.conf_type)
    parts = Path(arguments.conf).parts
    if len(parts) < 3 or parts[-3] not in MODES:
        raise RunError(
            "GC004",
            f"--conf '{arguments.conf}' is not <context>/<type>/<team>/<name>",
            f"types are {', '.join(MODES)}",
        )
    return parts[-3]


def check_mode(conf_type: str, mode: str) -> None:
    """Refuses a mode that the type does not have, or that this version does not run."""
    if conf_type not in MODES:
        raise RunError(
            "GC004", f"--conf-type does not take '{conf_type}'", f"types are {', '.join(MODES)}"
        )
    if mode not in MODES[conf_type]:
        raise RunError(
            "GC004",
            f"{conf_type} have no mode '{mode}'",
            f"possible modes are {', '.join(MODES[conf_type])}",
        )
    if (conf_type, mode) not in OFFERED:
        raise RunError("GP011", f"mode '{mode}' of {conf_type} is not in this version of gnomon")


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise RunError("GP001", f"'{text}' is not a day", "write it as 2023-12-01") from None


def days_of(arguments: argparse.Namespace) -> list[str]:
    """The range flags of the program."""
    if arguments.parallelism > 1 and not (arguments.start_ds and arguments.end_ds):
        raise RunError("GC003", "--parallelism above 1 needs --start-ds and --end-ds")
    end = arguments.end_ds or arguments.ds
    if not arguments.start_ds:
        return ["--end-ds", end]
    if arguments.start_ds > end:
        raise RunError("GP002", f"the range starts on {arguments.start_ds}, after its end {end}")
    if arguments.parallelism > 1:
        days = (_day(end) - _day(arguments.start_ds)).days + 1
        if arguments.parallelism > days:
            message = f"--parallelism {arguments.parallelism} is more than {days} days"
            raise RunError("GP005", message)
    return ["--start-ds", arguments.start_ds, "--end-ds", end]


def fetch_words(arguments: argparse.Namespace, conf_type: str) -> list[str]:
    """The program's arguments for a fetch. The type follows --conf-type, as guides use it."""
    kind = arguments.type or {"group_bys": "group-by", "joins": "join"}[conf_type]
    if not arguments.name:
        raise RunError("GC003", "a fetch needs --name team/file.variable")
    if not arguments.key_json:
        raise RunError("GC003", "a fetch needs -k '{\"key\": value}'")
    words = ["fetch", arguments.name, "-t", kind, "-k", arguments.key_json]
    return words + (["--at-ms", arguments.at_millis] if arguments.at_millis else [])


def command_of(arguments: argparse.Namespace) -> list[str]:
    """The program and its arguments."""
    program = [find_program(), "-C", arguments.repo]
    if arguments.sub_help:
        return [program[0], arguments.mode, "--help"]
    conf_type = conf_type_of(arguments)
    check_mode(conf_type, arguments.mode)
    if arguments.mode == "fetch":
        return program + fetch_words(arguments, conf_type)
    if not arguments.conf:
        raise RunError("GC003", f"mode '{arguments.mode}' needs --conf")
    words = [arguments.mode, arguments.conf]
    if arguments.mode == "backfill":
        words += days_of(arguments)
        if arguments.parallelism > 1:
            words += ["--parallelism", str(arguments.parallelism)]
        if arguments.step_days:
            words += ["--step-days", arguments.step_days]
    elif arguments.mode == "upload":
        words += ["--ds", arguments.end_ds or arguments.ds]
    return program + words


def main(argv: list[str] | None = None) -> int:
    """The program. Gives the exit status."""
    arguments, unknown = _parser().parse_known_args(argv)
    try:
        command = command_of(arguments)
    except RunError as error:
        sys.stderr.write(str(error))
        return 1
    if unknown:
        sys.stderr.write(f"run.py: ignored {' '.join(unknown)}\n")
    return 1 if subprocess.run(command).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
