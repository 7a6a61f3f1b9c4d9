"""The definitions API as users see it, outside a compile."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from define_kit import ROOT
from gnomon.chronon import group_by, join, query, to_json, utils
from gnomon.chronon._writer import WrongValue, wrong_values
from gnomon.chronon.api import ttypes
from gnomon.chronon.repo import serializer


def events(**options: Any) -> ttypes.Source:
    selects = query.select("user", "price")
    return ttypes.Source(
        events=ttypes.EventSource(
            table="raw.buys", query=query.Query(selects=selects, time_column="ts", **options)
        )
    )


def small(**options: Any) -> ttypes.GroupBy:
    base: dict[str, Any] = {
        "sources": events(),
        "keys": ["user"],
        "aggregations": [group_by.Aggregation("price", group_by.Operation.SUM)],
    }
    return group_by.GroupBy(**{**base, **options})


# --- structs --------------------------------------------------------------------------------------


def test_structs_are_made_by_position_and_by_name_and_compare_by_value() -> None:
    one = ttypes.Window(7, ttypes.TimeUnit.DAYS)
    assert one == ttypes.Window(length=7, timeUnit=1)
    assert one != ttypes.Window(8, 1)
    assert one != ttypes.Derivation()
    assert repr(one) == "Window(length=7, timeUnit=1)"
    assert ttypes.Window().length is None
    one.length = 30
    assert one.length == 30


def test_a_default_list_is_not_shared() -> None:
    first, second = ttypes.Query(), ttypes.Query()
    first.setups.append("x")
    assert second.setups == []


def test_wrong_constructor_arguments_are_type_errors() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        ttypes.Window(size=3)
    with pytest.raises(TypeError, match="takes 2 fields, not 3"):
        ttypes.Window(1, 2, 3)
    with pytest.raises(TypeError, match="got 'length' twice"):
        ttypes.Window(1, length=2)


def test_structs_copy_deep_and_hold_more_attributes() -> None:
    original = small()
    twin = copy.deepcopy(original)
    assert twin == original
    twin.metaData.extra = 1
    assert twin != original
    assert original.sources is not None
    assert twin.sources is not original.sources


def test_enumerations_know_their_names() -> None:
    assert ttypes.Operation._VALUES_TO_NAMES[13] == "LAST_K"
    assert ttypes.Accuracy._NAMES_TO_VALUES == {"TEMPORAL": 0, "SNAPSHOT": 1}
    assert group_by.Accuracy.SNAPSHOT == 1


# --- text -----------------------------------------------------------------------------------------


def test_text_has_chronons_form() -> None:
    meta = ttypes.MetaData(
        name='é"\\\n\x7f😀', online=True, production=False, samplePercent=5, tableProperties={}
    )
    assert to_json(meta) == (
        '{\n  "name": "\\u00e9\\"\\\\\\n\\u007f\\ud83d\\ude00",\n  "online": 1,\n'
        '  "production": 0,\n  "tableProperties": {},\n  "samplePercent": 5.0\n}'
    )
    assert to_json(ttypes.Query()) == '{\n  "setups": []\n}'
    assert to_json(ttypes.JoinPart()) == "{}"


def test_text_reads_back_to_the_same_object_and_tolerates_what_others_write() -> None:
    original = small(tags={"a": "b"}, accuracy=group_by.Accuracy.SNAPSHOT)
    text = serializer.thrift_simple_json(original)
    read = serializer.json2thrift(text, ttypes.GroupBy)
    assert to_json(read) == text
    odd = '{"online": true, "samplePercent": 5, "nobody_knows": 1, "name": null}'
    assert serializer.json2thrift(odd, ttypes.MetaData) == ttypes.MetaData(
        online=True, samplePercent=5.0
    )


def test_a_compiled_file_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "v1"
    file.write_text(to_json(small()))
    assert serializer.file2thrift(str(file), ttypes.GroupBy).keyColumns == ["user"]
    file.write_text("")
    with pytest.raises(ValueError, match="is not a compiled GroupBy"):
        serializer.file2thrift(str(file), ttypes.GroupBy)


@pytest.mark.parametrize(
    ("struct", "message"),
    [
        (ttypes.Window("7", 1), "length must be a whole number, not '7'"),
        (ttypes.Window(True, 1), "length must be a whole number, not True"),
        (ttypes.Window(2**31, 1), "length must be a whole number of 32 bits"),
        (ttypes.Window(7, 5), "timeUnit must be one of TimeUnit.*, not 5"),
        (ttypes.MetaData(online="yes"), "online must be True or False, not 'yes'"),
        (ttypes.MetaData(samplePercent=float("inf")), "samplePercent must be a finite number"),
        (ttypes.MetaData(name=5), "name must be text, not 5"),
        (ttypes.Query(wheres={"a"}), "wheres must be a list, not {'a'}"),
        (ttypes.Query(selects=["a"]), "selects must be a dict, not ['a']"),
        (ttypes.Query(selects={1: "a"}), "selects must be a dict with text as keys"),
        (ttypes.Query(selects={"a": None}), "selects['a'] must be text, not a NoneType"),
        (ttypes.Source(events=5), "events must be an EventSource, not 5"),
        (
            ttypes.GroupBy(aggregations=[ttypes.Aggregation(windows=[ttypes.Window(1.5, 0)])]),
            "aggregations[0].windows[0].length must be a whole number, not 1.5",
        ),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_with_its_path(
    struct: ttypes.Struct, message: str
) -> None:
    with pytest.raises(WrongValue) as caught:
        to_json(struct)
    assert str(caught.value).startswith(message)
    assert [str(wrong) for wrong in wrong_values(struct)] == [str(caught.value)]


def test_all_wrong_values_are_found() -> None:
    bad = ttypes.Query(selects={"a": 1, "b": "ok", "c": 2}, wheres="x", timeColumn=3)
    assert [wrong.path for wrong in wrong_values(bad)] == [
        "selects['a']",
        "selects['c']",
        "wheres",
        "timeColumn",
    ]


def test_objects_of_other_classes_with_the_same_names_are_written() -> None:
    class Window:
        """As chronon-ai generates it."""

        def __init__(self) -> None:
            self.length = 7
            self.timeUnit = 1

    assert to_json(Window()) == to_json(ttypes.Window(7, 1))
    with pytest.raises(WrongValue):
        to_json(object())


# --- builders -------------------------------------------------------------------------------------


def test_missing_columns_are_added_to_the_source_that_is_passed() -> None:
    source = ttypes.EventSource(table="t", query=query.Query(selects={"a": "b"}, time_column="ts"))
    group_by.GroupBy([source], ["key"], [group_by.Aggregation("value")])
    assert source.query is not None
    assert source.query.selects == {"a": "b", "key": "key", "value": "value"}


def test_a_broken_rule_is_an_assertion_error_a_value_error_and_says_how_to_mend_it() -> None:
    for kind in (AssertionError, ValueError):
        with pytest.raises(kind, match=r"\[GD030\].*list the aggregations"):
            small(aggregations=None)


def test_costly_operations_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    group_by.Aggregation("price", group_by.Operation.UNIQUE_COUNT)
    assert "UNIQUE_COUNT keeps every distinct value" in caplog.text


def test_a_group_by_without_a_module_needs_a_name_in_a_join() -> None:
    with pytest.raises(ValueError, match="has no name"):
        join.JoinPart(small())
    part = join.JoinPart(small(name="team.file.v1"), prefix="p", tags={"a": "b"})
    left = events()
    made = join.Join(left=left, right_parts=[part])
    assert made.metaData is not None
    settings = json.loads(made.metaData.customJson or "")
    assert settings["join_part_tags"] == {"p_team.file.v1": {"a": "b"}}
    assert left == events(), "the left side that is passed stays as it is"


def test_an_object_is_named_after_the_module_that_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "group_bys" / "crew"
    folder.mkdir(parents=True)
    (folder / "file.py").write_text(
        "from gnomon.chronon.group_by import *\nfrom test_define_api import small\nv1 = small()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from group_bys.crew import file  # type: ignore[import-not-found]

    part = join.JoinPart(file.v1)
    assert part.groupBy is not None
    assert part.groupBy.metaData is not None
    assert part.groupBy.metaData.name == "crew.file.v1"
    assert utils.get_mod_name_from_gc(file.v1, "group_bys") == "group_bys.crew.file"
    assert utils.group_by_output_table_name(file.v1, True) == "{{ db }}.crew_file_v1"


def test_output_columns_are_named_by_input_operation_window_and_bucket() -> None:
    windows = [group_by.Window(7, group_by.TimeUnit.DAYS), group_by.Window(1, 0)]
    made = group_by.Aggregation("x", group_by.Operation.TOP_K(3), windows, ["a", "b"])
    assert group_by.get_output_col_names(made) == [
        "x_top3_7d_by_a",
        "x_top3_1h_by_a",
        "x_top3_7d_by_b",
        "x_top3_1h_by_b",
    ]


# --- helpers --------------------------------------------------------------------------------------


def test_helpers_answer_as_chronons() -> None:
    assert utils.sanitize("a.b-c/d") == "a_b_c_d"
    assert utils.sanitize(None) is None
    assert utils.edit_distance("kitten", "sitting") == 3
    assert utils.edit_distance("", "abc") == 3
    assert utils.dict_to_bash_commands({"a_b": 1, "c": None}) == "--a-b=1 --c"
    assert utils.dict_to_bash_commands(None) == ""
    assert utils.dict_to_exports({"a": 1, "b": 2}) == "export A=1 && export B=2"
    assert utils.wait_for_name("ns.t/ds={{ ds }}/") == "wait_for_ns_t_ds_ds"
    assert utils.dedupe_in_order([2, 1, 2]) == [2, 1]
    assert utils.get_config_path("team.file.v1") == "production/joins/team/file.v1"
    assert utils.convert_json_to_obj({"a": [{"b": 1}]}).a[0].b == 1
    assert utils.convert_json_to_obj({}).absent is None
    hours = [group_by.Aggregation("x", 7, [group_by.Window(49, 0), group_by.Window(2, 1)])]
    assert utils.get_max_window_for_gb_in_days(ttypes.GroupBy(aggregations=hours)) == 3
    differ = utils.JsonDiffer()
    assert differ.diff('{"a": 1, "b": 2}', '{"b": 2, "a": 1}') == ""
    assert '+  "a": 2' in differ.diff('{"a": 2}', '{"a": 1}')


def test_sources_are_looked_into() -> None:
    source = events()
    assert utils.get_table(source) == "raw.buys"
    assert utils.get_topic(source) is None
    assert not utils.is_streaming(source)
    assert list(utils.get_columns(source)) == ["user", "price"]
    entity = ttypes.Source(
        entities=ttypes.EntitySource(
            snapshotTable="a.b/x=1", mutationTopic="t", query=ttypes.Query()
        )
    )
    assert utils.get_table(entity) == "a.b"
    assert utils.is_streaming(entity)
    assert utils.get_streaming_sources(ttypes.GroupBy(sources=[source, entity])) == [entity]


def test_importing_the_package_is_quick_and_imports_nothing_else() -> None:
    code = (
        "import sys, gnomon.chronon.join, gnomon._compile.session\n"
        "slow = {'typing', 'dataclasses', 'inspect', 'logging', 'ast', 'difflib', 'subprocess'}\n"
        "print(sorted(slow & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(ROOT / "python")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_ai_chronon_is_ours_where_nothing_else_provides_it(tmp_path: Path) -> None:
    code = (
        "import gnomon.chronon; gnomon.chronon.install()\n"
        "import ai.chronon.group_by as theirs, gnomon.chronon.group_by as ours\n"
        "from ai.chronon.api.ttypes import Window\n"
        "print(theirs.__name__, getattr(theirs, 'GroupBy', None) is getattr(ours, 'GroupBy'))\n"
    )
    environment = {"PYTHONPATH": str(ROOT / "python")}

    def said() -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert said() == "gnomon.chronon.group_by True\n"
    other = tmp_path / "ai" / "chronon" / "api"
    other.mkdir(parents=True)
    for folder in (tmp_path / "ai", tmp_path / "ai" / "chronon", other):
        (folder / "__init__.py").write_text("")
    (tmp_path / "ai" / "chronon" / "group_by.py").write_text("")
    (other / "ttypes.py").write_text("class Window: pass\n")
    environment["PYTHONPATH"] += f":{tmp_path}"
    assert said() == "ai.chronon.group_by False\n"


def test_in_a_compile_ours_wins_over_an_installed_one(tmp_path: Path) -> None:
    other = tmp_path / "site" / "ai" / "chronon"
    other.mkdir(parents=True)
    for folder in (other.parent, other):
        (folder / "__init__.py").write_text("raise ImportError('the installed one')\n")
    (other.parent / "__init__.py").write_text("MINE = 1\n")
    file = tmp_path / "group_bys" / "team" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "import ai\nassert ai.MINE == 1\nfrom ai.chronon.api.ttypes import *\n"
        "from ai.chronon.group_by import *\nfrom ai.chronon.query import *\n"
        "v1 = GroupBy(EventSource('a.b', query=Query(time_column='ts')), ['k'],"
        " [Aggregation('v')], online=True)\n"
    )
    (tmp_path / "teams.json").write_text('{"team": {"namespace": "n"}}')
    done = subprocess.run(
        [sys.executable, "-m", "gnomon._define", "--root", str(tmp_path)],
        env={"PYTHONPATH": f"{ROOT / 'python'}:{tmp_path / 'site'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_join_part_without_a_group_by_has_no_name() -> None:
    from gnomon.chronon._problem import DefinitionError
    from gnomon.chronon.api import ttypes
    from gnomon.chronon.utils import join_part_name

    with pytest.raises(DefinitionError, match="GD048") as raised:
        join_part_name(ttypes.JoinPart(prefix="p"))
    assert isinstance(raised.value, ValueError)
