"""What is compiled: the JSON files under the output folder, and what this run is about to write."""

from __future__ import annotations

import json
import os

from gnomon.chronon.repo import GROUP_BY_FOLDER_NAME, JOIN_FOLDER_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable

    Json = dict[str, Any]

_JOIN_SOURCE = '"joinSource"'


def output_path(output_root: str, folder: str, name: str) -> str:
    """`fleet.daily.v1` of `group_bys` is `production/group_bys/fleet/daily.v1`."""
    team, _, rest = name.partition(".")
    return "/".join((output_root, folder, team, rest))


def read_text(path: str) -> str | None:
    """The text of a file; None if there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


class CompiledFiles:
    """The compiled objects by folder and name; those of this run hide those on disk."""

    def __init__(self, root: str, output_root: str, unreadable: Callable[[str, str], None]) -> None:
        self._root = root
        self._output_root = output_root
        self._unreadable = unreadable
        self._new_names: dict[str, set[str]] = {
            GROUP_BY_FOLDER_NAME: set(),
            JOIN_FOLDER_NAME: set(),
        }
        self._new_joins = _Users(_group_bys_of)
        self._new_group_bys = _Users(_joins_of)
        self._old_joins: _Users | None = None
        self._old_group_bys: _Users | None = None

    def announce(self, folder: str, obj: Json) -> None:
        """Makes known an object that this run compiles: its metadata and what it uses."""
        if folder == JOIN_FOLDER_NAME:
            self._new_joins.add(obj)
        elif folder == GROUP_BY_FOLDER_NAME:
            self._new_group_bys.add(obj)
        self._new_names.setdefault(folder, set()).add(name_of(obj))

    def is_new(self, folder: str, name: str) -> bool:
        """Whether this run compiles the object."""
        return name in self._new_names.get(folder, ())

    def old(self, folder: str, name: str) -> Json | None:
        """The object that is on disk under a name."""
        path = output_path(self._output_root, folder, name)
        text = read_text(os.path.join(self._root, path))
        return None if text is None else self._parse(path, text)

    def joins_with(self, group_by: str) -> list[Json]:
        """The Joins that have the GroupBy as a part."""
        if self._old_joins is None:
            self._old_joins = _Users(_group_bys_of)
            for join in self._read_all(JOIN_FOLDER_NAME, ""):
                self._old_joins.add(join)
        return self._users(group_by, JOIN_FOLDER_NAME, self._old_joins, self._new_joins)

    def group_bys_on(self, join: str) -> list[Json]:
        """The GroupBys that have the Join as a source."""
        if self._old_group_bys is None:
            self._old_group_bys = _Users(_joins_of)
            for group_by in self._read_all(GROUP_BY_FOLDER_NAME, _JOIN_SOURCE):
                self._old_group_bys.add(group_by)
        return self._users(join, GROUP_BY_FOLDER_NAME, self._old_group_bys, self._new_group_bys)

    def _users(self, used: str, folder: str, old: _Users, new: _Users) -> list[Json]:
        hidden = self._new_names[folder]
        return [obj for obj in old.of(used) if name_of(obj) not in hidden] + new.of(used)

    def _read_all(self, folder: str, mark: str) -> Iterator[Json]:
        """The compiled objects of a folder whose text holds `mark`."""
        for path, folders, files in os.walk(os.path.join(self._root, self._output_root, folder)):
            folders.sort()
            for file in sorted(files):
                if not file.startswith("."):
                    full = os.path.join(path, file)
                    text = read_text(full) or ""
                    obj = self._parse(os.path.relpath(full, self._root), text, mark)
                    if obj is not None:
                        yield obj

    def _parse(self, path: str, text: str, mark: str = "") -> Json | None:
        if text and mark not in text:
            return None
        try:
            obj = json.loads(text)
        except ValueError as error:
            self._unreadable(path, str(error))
            return None
        if isinstance(obj, dict) and isinstance(obj.get("metaData"), dict):
            return obj
        self._unreadable(path, "it has no metaData")
        return None


class _Users:
    """Compiled objects by the names of what they use."""

    def __init__(self, used_by: Callable[[Json], Iterator[str]]) -> None:
        self._used_by = used_by
        self._users: dict[str, dict[str, Json]] = {}

    def add(self, obj: Json) -> None:
        for used in self._used_by(obj):
            self._users.setdefault(used, {})[name_of(obj)] = obj

    def of(self, used: str) -> list[Json]:
        return list(self._users.get(used, {}).values())


def _group_bys_of(join: Json) -> Iterator[str]:
    for part in join.get("joinParts") or ():
        yield name_of(part.get("groupBy") or {})


def _joins_of(group_by: Json) -> Iterator[str]:
    for source in group_by.get("sources") or ():
        if source.get("joinSource"):
            yield name_of(source["joinSource"].get("join") or {})


def name_of(obj: Json) -> str:
    """The name of a compiled object."""
    return str((obj.get("metaData") or {}).get("name") or "")
