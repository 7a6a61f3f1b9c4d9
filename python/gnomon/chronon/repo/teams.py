"""teams.json: one object a team, and `default` for what a team leaves out."""

from __future__ import annotations

import json

from gnomon.chronon._problem import DefinitionError, did_you_mean, fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT_CONF_TEAM = "default"

loaded_jsons: dict[str, Any] = {}


def read_conf_json(json_path: str) -> Any:
    """The content of a teams.json; read once a process."""
    if json_path not in loaded_jsons:
        try:
            with open(json_path, encoding="utf-8") as file:
                teams = json.load(file)
        except OSError as error:
            raise fail(
                "GD006",
                f"'{json_path}' cannot be read: {error.strerror}",
                "a repository has a teams.json beside its group_bys folder",
            ) from error
        except ValueError as error:
            raise _at(json_path, error) from error
        if not isinstance(teams, dict):
            raise fail("GD006", f"'{json_path}' must hold one JSON object, with a member a team")
        loaded_jsons[json_path] = teams
    return loaded_jsons[json_path]


def _at(json_path: str, error: ValueError) -> DefinitionError:
    failure = fail("GD006", f"'{json_path}' is not JSON: {getattr(error, 'msg', error)}")
    problem = failure.problems[0]
    problem.file = json_path
    problem.line = getattr(error, "lineno", 0)
    problem.col = getattr(error, "colno", 0)
    return failure


def team_exists(json_path: str, team: str) -> bool:
    """Whether the file has the team."""
    return team in read_conf_json(json_path)


def find_team_conf(json_path: str, team: str, key: str) -> Any:
    """A team's setting: its own, else that of `default`, else None."""
    teams = read_conf_json(json_path)
    if team not in teams:
        raise fail(
            "GD007",
            f"team '{team}' is not in '{json_path}'",
            did_you_mean(team, teams)
            or f'the team is the folder\'s name; add "{team}": {{"namespace": "…"}}',
        )
    for name in (team, DEFAULT_CONF_TEAM):
        if key in teams.get(name, {}):
            return teams[name][key]
    return None


def get_team_conf(json_path: str, team: str, key: str) -> Any:
    """A team's setting that must be there."""
    value = find_team_conf(json_path, team, key)
    if value is None:
        raise fail(
            "GD007",
            f"team '{team}' has no '{key}' in '{json_path}', nor has 'default'",
            f'add "{key}" to the team or to "default"',
        )
    return value
