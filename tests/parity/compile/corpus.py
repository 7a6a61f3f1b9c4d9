"""The corpus: repositories that use every option of every builder, good ones and bad ones.

Each case is a small repository and the commands that compile it. Most are one definition in which
one option is set (`one_at_a_time`), or several drawn at random from the same values (`drawn`, from
a fixed seed); others are about names, several files and several runs; `refused` break one rule
each. `difference` says where gnomon is meant to answer otherwise than chronon-ai, and why.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

HEAD = """\
from ai.chronon.api import ttypes
from ai.chronon.api.ttypes import (
    EntitySource, EventSource, JoinSource, MetaData, Source, StagingQuery)
from ai.chronon.group_by import (
    Accuracy, Aggregation, Aggregations, DefaultAggregation, Derivation, GroupBy, Operation,
    TimeUnit, Window)
from ai.chronon.query import Query, select
"""
JOIN_HEAD = (
    HEAD
    + """\
from ai.chronon.join import (
    BootstrapPart, ContextualSource, DataType, ExternalPart, ExternalSource, Join, JoinPart,
    LabelPart)
from ai.chronon.model import InferenceSpec, Model, ModelTransform, ModelTransforms
"""
)
TEAMS = {
    "default": {"table_properties": {"source": "parity"}, "namespace": "fallback"},
    "mill": {"namespace": "mill_ns", "description": "a team"},
    "rich": {"namespace": "rich_ns", "table_properties": {"own": "yes", "é": "ü"}},
    "bare": {},
}


@dataclass
class Case:
    """A repository, and the compile commands to run in it one after another.

    `edits` are files to write before the command of that number.
    """

    id: str
    files: dict[str, str]
    steps: list[list[str]]
    difference: str = ""
    teams: dict[str, object] = field(default_factory=lambda: TEAMS)
    edits: dict[int, dict[str, str]] = field(default_factory=dict)

    def stages(self) -> list[tuple[dict[str, str], list[str]]]:
        """(files to write, command) one after another."""
        first = {**self.files, "teams.json": json.dumps(self.teams)}
        return [
            (first if index == 0 else self.edits.get(index, {}), step)
            for index, step in enumerate(self.steps)
        ]

    def as_json(self) -> str:
        """The case as one line for the driver of chronon-ai."""
        return json.dumps({"id": self.id, "stages": self.stages()})

    def digest(self) -> str:
        """Names the case's content, so that an answer to an older version is noticed."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()[:16]


def call(function: str, options: dict[str, str]) -> str:
    """`function(name=value, …)`."""
    return f"{function}({', '.join(f'{name}={value}' for name, value in options.items())})"


# --- values of options ----------------------------------------------------------------------------

EVENTS = call(
    "Source",
    {
        "events": call(
            "EventSource",
            {
                "table": "'raw.orders'",
                "query": "Query(selects=select('who', 'cents', 'kind', 'tags'), time_column='ts')",
            },
        )
    },
)
ENTITIES = call(
    "Source",
    {
        "entities": call(
            "EntitySource",
            {
                "snapshotTable": "'raw.users'",
                "query": "Query(selects=select('who', 'cents', 'kind', 'tags'))",
            },
        )
    },
)
DAYS = "[Window(length=7, timeUnit=TimeUnit.DAYS), Window(30, TimeUnit.DAYS)]"
HOURS = "[Window(length=12, timeUnit=TimeUnit.HOURS)]"
SUM = "Aggregation(input_column='cents', operation=Operation.SUM)"
SUM_7D = f"Aggregation(input_column='cents', operation=Operation.SUM, windows={DAYS})"

PLAIN = """
MIN MAX FIRST LAST APPROX_UNIQUE_COUNT UNIQUE_COUNT COUNT SUM AVERAGE VARIANCE SKEW KURTOSIS
HISTOGRAM
"""
WITH_K = """
APPROX_UNIQUE_COUNT_LGK BOUNDED_UNIQUE_COUNT_K HISTOGRAM_K APPROX_HISTOGRAM_K FIRST_K LAST_K TOP_K
BOTTOM_K
"""
OPERATIONS = [
    *(f"Operation.{name}" for name in PLAIN.split()),
    *(f"Operation.{name}({k})" for name in WITH_K.split() for k in (1, 10)),
    "Operation.APPROX_PERCENTILE([0.5])",
    "Operation.APPROX_PERCENTILE([0.01, 0.25, 0.999], k=200)",
    "Operation.APPROX_PERCENTILE([0, 1])",
    "Operation.LAST_K(k='7')",
    *(f"ttypes.Operation.{name}" for name in ("LAST_K", "TOP_K", "BOUNDED_UNIQUE_COUNT")),
]
AGGREGATION = {
    "windows": ["None", "[]", DAYS, HOURS, "[Window(2147483647, TimeUnit.DAYS)]", f"tuple({DAYS})"],
    "buckets": ["['kind']", "['kind', 'tags']", "[]"],
    "tags": ["{'owner': 'me', 'n': 1}", "{}"],
    "element_wise": ["True", "False", "None"],
}
DERIVATIONS = [
    "[Derivation('*', '*'), Derivation('twice', 'cents_sum * 2')]",
    "[Derivation(name='only', expression='cents_sum', description='ein Titel: ß')]",
    "[Derivation('a', 'cents_sum + 1'), Derivation('day', 'ds'), Derivation('b', 'ABS(a)')]",
    "[]",
]
GROUP_BY: dict[str, list[str]] = {
    "online": ["True", "False", "None"],
    "production": ["True", "False"],
    "backfill_start_date": ["'2024-02-29'"],
    "dependencies": ["['raw.orders/ds={{ ds }}/hr=00', 'ns.other-table//x']", "[]"],
    "env": ["{'upload': {'EXECUTOR_CORES': '2'}, 'backfill': {}}", "{}"],
    "table_properties": ["{'b': '1', 'a': '2'}", "{}"],
    "output_namespace": ["'elsewhere'", "''"],
    "accuracy": ["Accuracy.TEMPORAL", "Accuracy.SNAPSHOT", "ttypes.Accuracy.SNAPSHOT", "0"],
    "lag": ["0", "3"],
    "offline_schedule": ["'@weekly'", "'@never'", "'5 4 * * *'"],
    "upload_schedule": ["'@daily'"],
    "name": ["'a.name.of.ours'"],
    "tags": ["{'team': 'mill', 'list': [1, 2.5, None, True]}"],
    "derivations": DERIVATIONS,
    "deprecation_date": ["'2030-01-01'"],
    "description": ["'quotes \" and \\\\ and\\ttab, é, 日本, 😀, \\x7f'"],
    "custom_thing": ["{'deep': {'é': [1, {}]}}", "'text'"],
}
QUERY: dict[str, list[str]] = {
    "selects": [
        "select('who', cents='price * 100', kind=\"IF(a = 'x', \\\"y\\\", 'z')\", tags='é')",
        "{'who': 'w', 'cents': 'c'}",
        "select('who', 'cents', ts='event_ms')",
        "None",
        "{}",
    ],
    "wheres": ["['a > 0', \"b = 'x'\"]", "[]", "('a > 0',)"],
    "start_partition": ["'2024-01-01'"],
    "end_partition": ["'2024-12-31'"],
    "time_column": ["'ts'", "'CAST(t AS LONG) * 1000'"],
    "setups": ["['CREATE TEMPORARY FUNCTION f AS \"x.Y\"']", "[]"],
    "partition_column": ["'day'"],
}
ENTITY_QUERY = {"mutation_time_column": ["'changed_ms'"], "reversal_column": ["'is_old'"]}
JOIN: dict[str, list[str]] = {
    "check_consistency": ["True"],
    "additional_args": ["['--a', 'b']", "{'k': 1}"],
    "additional_env": ["['X=1']"],
    "dependencies": ["['raw.views/ds={{ ds }}']", "[]"],
    "online": ["True", "False"],
    "production": ["True", "False"],
    "output_namespace": ["'joined'"],
    "table_properties": ["{'p': 'q'}"],
    "env": ["{'backfill': {'A': 'b'}}"],
    "lag": ["1"],
    "skew_keys": ["{'who': ['0', 'x'], 'item': []}"],
    "sample_percent": ["5.0", "0.1", "1e-7", "100.0", "33.333333333333336"],
    "consistency_sample_percent": ["2.5", "None"],
    "offline_schedule": ["'@never'", "'@hourly'"],
    "historical_backfill": ["True", "False"],
    "row_ids": ["['id', 'who']", "[]"],
    "deprecation_date": ["'2031-12-31'"],
    "tags": ["{'k': ['v']}"],
    "description": ["'a join'"],
    "extra": ["[1]"],
}
SCHEMA = (
    "[('a', DataType.BOOLEAN), ('b', DataType.SHORT), ('c', DataType.INT), ('d', DataType.LONG), "
    "('e', DataType.FLOAT), ('f', DataType.DOUBLE), ('g', DataType.STRING), "
    "('h', DataType.BINARY), ('i', DataType.MAP(DataType.STRING, DataType.LIST(DataType.INT))), "
    "('j', DataType.STRUCT('Pair', ('x', DataType.LONG), ('y', DataType.STRING)))]"
)
EXTERNAL = [
    f"ExternalPart(ContextualSource(fields={SCHEMA}))",
    f"ExternalPart(source=ContextualSource({SCHEMA}, team='mill'), prefix='ctx')",
    "ExternalPart(source=ExternalSource(name='geo.v1', team='mill', "
    f"key_fields=[('who', DataType.STRING)], value_fields={SCHEMA}), "
    "key_mapping={'user': 'who'}, prefix='home')",
    "ExternalPart(ExternalSource('risk', 'mill', [('who', DataType.LONG)], "
    "[('score', DataType.DOUBLE)], custom_json='{\"a\": 1}', factory_name='http', "
    "factory_params={'url': 'x'}))",
    "ExternalPart(ExternalSource('back', 'mill', [('who', DataType.STRING)], "
    "[('cents_sum', DataType.LONG)], offline_group_by=gbs.v1))",
]
BOOTSTRAP = [
    "[BootstrapPart(table='old.features')]",
    "[BootstrapPart('{{ logged_table }}/x=1', ['id'], Query(selects=select('id', 'f'), "
    "start_partition='2024-01-01', end_partition='2024-02-01'))]",
    "[ttypes.BootstrapPart(metaData=MetaData(name='b'), table='x.y')]",
    "[BootstrapPart(table='{{ db }}.b', key_columns=['id'], query=Query(partition_column='day'))]",
]
MODEL = (
    "Model(name='m', inference_spec=InferenceSpec(model_backend='onnx', "
    f"model_backend_params={{'path': 'x'}}), input_schema=[('a', DataType.INT)], "
    f"output_schema={SCHEMA})"
)
MODELS = [
    f"ModelTransforms(transforms=[ModelTransform(model={MODEL})])",
    f"ModelTransforms([ModelTransform({MODEL}, input_mappings={{'a': 'b'}}, "
    "output_mappings={'c': 'd'}, prefix='p')], passthrough_fields=['id'])",
]

GROUP_BYS = f"""\
{HEAD}
source = {EVENTS}
v1 = GroupBy(sources=source, keys=['who'], aggregations=[{SUM}], online=True)
v2 = GroupBy(sources=[{ENTITIES}], keys=['who', 'kind'], aggregations=[{SUM}], online=True,
             backfill_start_date='2024-01-01', tags={{'a': 'b'}},
             derivations=[Derivation('*', '*'), Derivation('total', 'cents_sum')])
rows = GroupBy(sources={ENTITIES}, keys=['who'], aggregations=None, online=True)
offline = GroupBy(sources=source, keys=['who'], aggregations=[{SUM}])
label = GroupBy(sources={ENTITIES.replace("tags')", "tags'), time_column='t'")}, keys=['who'],
                aggregations=[Aggregation('cents', Operation.SUM, [Window(7, TimeUnit.DAYS)])])
plain_label = GroupBy(sources={ENTITIES}, keys=['who'], aggregations=None)
"""
LEFT = (
    "Source(events=EventSource(table='raw.views/region=eu', "
    "query=Query(selects=select('id', 'who', 'item'), time_column='ms', "
    "start_partition='2024-03-01')))"
)


# --- cases ----------------------------------------------------------------------------------------


def group_by_case(id: str, options: dict[str, str], difference: str = "") -> Case:
    """One GroupBy with `online=True` unless the options say otherwise."""
    base = {"sources": EVENTS, "keys": "['who']", "aggregations": f"[{SUM}]", "online": "True"}
    text = HEAD + "v1 = " + call("GroupBy", {**base, **options}) + "\n"
    return file_case(id, "group_bys/mill/spend.py", text, difference)


def file_case(id: str, path: str, text: str, difference: str = "", *flags: str) -> Case:
    """One file."""
    return Case(id, {path: text}, [["--conf", path, *flags]], difference)


def join_case(id: str, options: dict[str, str], difference: str = "", *flags: str) -> Case:
    """One Join over the GroupBys of `group_bys/mill/gbs.py`."""
    base = {"left": LEFT, "right_parts": "[JoinPart(group_by=gbs.v1)]"}
    text = JOIN_HEAD + "from group_bys.mill import gbs\n"
    text += "v1 = " + call("Join", {**base, **options}) + "\n"
    files = {"group_bys/mill/gbs.py": GROUP_BYS, "joins/mill/train.py": text}
    return Case(id, files, [["--conf", "joins/mill/train.py", *flags]], difference)


def one_at_a_time() -> Iterator[Case]:
    """Each option of each builder, with each of its values."""
    for index, operation in enumerate(OPERATIONS):
        base = {"input_column": "'cents'", "operation": operation, "windows": DAYS}
        yield group_by_case(
            f"operation-{index}", {"aggregations": f"[{call('Aggregation', base)}]"}
        )
    for option, values in AGGREGATION.items():
        for index, value in enumerate(values):
            base = {"input_column": "'cents'", "operation": "Operation.AVERAGE", option: value}
            text = f"[{call('Aggregation', base)}]"
            yield group_by_case(f"aggregation-{option}-{index}", {"aggregations": text})
    for option, values in GROUP_BY.items():
        for index, value in enumerate(values):
            more = {"online": "True", "backfill_start_date": "'2024-01-01'", option: value}
            yield group_by_case(f"group_by-{option}-{index}", more)
    for index, value in enumerate(("True", "False")):
        more = {"backfill_start_date": "'2024-01-01'", "historical_backfill": value}
        yield group_by_case(f"group_by-historical_backfill-{index}", more)
    for schedule in ("@weekly", "@monthly", "@quarterly"):
        more = {"accuracy": "Accuracy.SNAPSHOT", "upload_schedule": f"'{schedule}'"}
        yield group_by_case(f"group_by-upload_schedule-{schedule[1:]}", more)
    more = {"uploadSchedule": "'@weekly'", "accuracy": "Accuracy.SNAPSHOT"}
    yield group_by_case("group_by-uploadSchedule", more)
    for accuracy in ("None", "Accuracy.SNAPSHOT"):
        more = {"accuracy": accuracy, "is_incremental": "True"}
        yield group_by_case(f"group_by-is_incremental-{accuracy[:4]}", more)
    yield from _aggregation_shapes()
    yield from _queries()
    yield from _sources()
    yield from _joins()


def _aggregation_shapes() -> Iterator[Case]:
    shapes = {
        "keyword": "Aggregations(cents=Aggregation(operation=Operation.SUM), "
        "sums=Aggregation(input_column='kind', operation=Operation.COUNT))",
        "default": f"DefaultAggregation(keys=['who'], sources=[{EVENTS}])",
        "default-operation": f"DefaultAggregation(['who'], [{EVENTS}], operation=Operation.COUNT, "
        "tags={'x': 'y'})",
        "implicit-last": "[Aggregation('cents')]",
        "of-ts": "[Aggregation(input_column='ts', operation=Operation.LAST)]",
        "raw": "[ttypes.Aggregation(inputColumn='cents', operation=7)]",
        "unselected": "[Aggregation(input_column='not_yet', operation=Operation.SUM)]",
        "tagged": f"[Aggregation('cents', Operation.LAST_K(3), {DAYS}, ['kind'], {{'t': '1'}})]",
        "many": "[" + ", ".join(f"Aggregation('cents', {op})" for op in OPERATIONS[:13]) + "]",
        "empty": "[]",
    }
    for id, text in shapes.items():
        yield group_by_case(f"aggregations-{id}", {"aggregations": text})


def _queries() -> Iterator[Case]:
    def source(options: dict[str, str]) -> str:
        base = {"selects": "select('who', 'cents')", "time_column": "'ts'"}
        return f"Source(events=EventSource('raw.a', query={call('Query', {**base, **options})}))"

    for option, values in QUERY.items():
        for index, value in enumerate(values):
            sources = source({option: value})
            if option == "selects" and "ts=" in value:
                sources = source({option: value, "time_column": "None"})
            yield group_by_case(f"query-{option}-{index}", {"sources": sources})
    for option, values in ENTITY_QUERY.items():
        base = {"selects": "select('who', 'cents')", "time_column": "'ts'", option: values[0]}
        entity = f"EntitySource('raw.u', 'raw.u_changes', 'topic.u', {call('Query', base)})"
        yield group_by_case(f"query-{option}", {"sources": f"Source(entities={entity})"})
    raw = "ttypes.Query(selects={'who': 'who', 'cents': 'cents'}, timeColumn='ts')"
    yield group_by_case("query-raw", {"sources": f"EventSource(table='a.b', query={raw})"})
    yield group_by_case(
        "query-raw-all",
        {
            "sources": "EventSource(table='a.b', query=ttypes.Query({'who': 'w', 'cents': 'c'}, "
            "['x'], '2024-01-01', '2024-01-02', 'ts', ['s'], None, None, 'day'))"
        },
    )


def _sources() -> Iterator[Case]:
    query = "Query(selects=select('who', 'cents'), time_column='ts')"
    texts = {
        "bare-event": f"EventSource(table='raw.a', query={query})",
        "bare-entity": f"EntitySource(snapshotTable='raw.a', query={query})",
        "sub-partition": f"EventSource(table='raw.a/region=eu/kind=x', query={query})",
        "topic": f"EventSource(table='raw.a', topic='events.a/host=h', query={query})",
        "not-cumulative": f"EventSource(table='raw.a', query={query}, isCumulative=False)",
        "cumulative": f"EventSource(table='raw.a', query={query}, isCumulative=True)",
        "no-table": f"EventSource(topic='events.a', query={query})",
        "entity-mutations": "EntitySource(snapshotTable='raw.u', mutationTable='raw.m/hr=00', "
        f"mutationTopic='m', query={query})",
        "entity-mutation-topic": f"EntitySource(snapshotTable='raw.u', mutationTopic='m', "
        f"query={query})",
        "two": f"[EventSource(table='raw.a', query={query}), EventSource(table='raw.b', "
        f"query={query}, topic='t')]",
        "two-kinds": f"[Source(events=EventSource(table='raw.a', query={query})), "
        f"Source(entities=EntitySource(snapshotTable='raw.b', query={query}))]",
        "empty-table": f"EventSource(table='', query={query})",
    }
    for id, text in texts.items():
        yield group_by_case(f"source-{id}", {"sources": text})
        yield group_by_case(
            f"source-{id}-lag", {"sources": text, "lag": "2", "dependencies": "['a/ds={{ ds }}']"}
        )


def _joins() -> Iterator[Case]:
    for option, values in JOIN.items():
        for index, value in enumerate(values):
            yield join_case(f"join-{option}-{index}", {option: value})
    both = {"check_consistency": "True", "consistency_sample_percent": "12.5", "online": "True"}
    yield join_case("join-consistency", both)
    for index, value in enumerate(EXTERNAL):
        yield join_case(f"join-external-{index}", {"online_external_parts": f"[{value}]"})
    yield join_case("join-external-all", {"online_external_parts": f"[{', '.join(EXTERNAL)}]"})
    parts = "[JoinPart(group_by=gbs.v1)]"
    only = {"right_parts": "[]", "online_external_parts": f"[{EXTERNAL[0]}]"}
    yield join_case("join-external-only", only)
    for index, value in enumerate(BOOTSTRAP):
        yield join_case(f"join-bootstrap-{index}", {"bootstrap_parts": value, "row_ids": "['id']"})
    log = {"bootstrap_from_log": "True", "online": "True", "sample_percent": "10.0"}
    yield join_case("join-bootstrap-log", log)
    yield join_case("join-bootstrap-log-too", {**log, "bootstrap_parts": BOOTSTRAP[0]})
    for index, value in enumerate(MODELS):
        yield join_case(f"join-models-{index}", {"model_transforms": value})
    labels = {
        "aggregated": "LabelPart([JoinPart(group_by=gbs.label)], 7, 7)",
        "plain": "LabelPart(labels=[JoinPart(group_by=gbs.plain_label)], left_start_offset=30, "
        "left_end_offset=3, label_offline_schedule='@weekly')",
    }
    for id, value in labels.items():
        yield join_case(f"join-label-{id}", {"label_part": value})
        yield join_case(f"join-label-{id}-ns", {"label_part": value, "output_namespace": "'n'"})
    part_lists = {
        "two": "[JoinPart(group_by=gbs.v1), JoinPart(gbs.v2, {'who': 'who'}, 'buyer')]",
        "twice": "[JoinPart(gbs.v1), JoinPart(gbs.v1, key_mapping={'item': 'who'}, prefix='i', "
        "tags={'why': 'not'})]",
        "rows": "[JoinPart(gbs.rows, tags={'a': 1})]",
        "offline": "[JoinPart(gbs.offline)]",
        "none": "[]",
    }
    for id, value in part_lists.items():
        yield join_case(f"join-parts-{id}", {"right_parts": value})
        yield join_case(f"join-parts-{id}-forced", {"right_parts": value}, "", "--force-overwrite")
    derivations = {
        "star": "[Derivation('*', '*'), Derivation('double', 'mill_gbs_v1_cents_sum * 2')]",
        "rename": "[Derivation('total', 'mill_gbs_v1_cents_sum')]",
        "key": "[Derivation('*', '*'), Derivation('who', 'UPPER(who)')]",
        "left": "[Derivation('*', '*'), Derivation('thing', 'item'), Derivation('d', 'ds')]",
        "described": "[Derivation(name='a', expression='1 + 1', description='two')]",
    }
    for id, value in derivations.items():
        yield join_case(f"join-derivations-{id}", {"derivations": value})
    lefts = {
        "entities": "Source(entities=EntitySource(snapshotTable='raw.p', mutationTable='raw.q', "
        "query=Query(selects=select('who', 'id'))))",
        "no-selects": "Source(events=EventSource(table='raw.v', topic='t', "
        "query=Query(time_column='ms')))",
        "no-time": "Source(events=EventSource(table='raw.v', query=Query(selects=select('who'))))",
    }
    for id, value in lefts.items():
        # what the left selects is unknown without selects, and chronon-ai then fails to display it
        yield join_case(f"join-left-{id}", {"left": value, "right_parts": parts})


def drawn(seed: int = 20250309, count: int = 160) -> Iterator[Case]:
    """Options drawn at random."""
    chance = random.Random(seed)
    for index in range(count):
        options = {"backfill_start_date": "'2024-01-01'"}
        for option, values in GROUP_BY.items():
            if chance.random() < 0.35 and option not in ("derivations", "accuracy", "name"):
                options[option] = chance.choice(values)
        options["aggregations"] = f"[{', '.join(_aggregations(chance))}]"
        query = {"selects": "select('who', 'cents')", "time_column": "'ts'"}
        for option in ("wheres", "start_partition", "end_partition", "setups", "partition_column"):
            if chance.random() < 0.4:
                query[option] = chance.choice(QUERY[option])
        topic = ", topic='t.x'" if chance.random() < 0.3 else ""
        options["sources"] = f"EventSource(table='raw.a'{topic}, query={call('Query', query)})"
        yield group_by_case(f"drawn-group_by-{index}", options)
    for index in range(count // 2):
        options = {}
        for option, values in JOIN.items():
            if chance.random() < 0.3:
                options[option] = chance.choice(values)
        if chance.random() < 0.4:
            options["online_external_parts"] = f"[{chance.choice(EXTERNAL)}]"
        if chance.random() < 0.3:
            options["bootstrap_parts"] = chance.choice(BOOTSTRAP)
        if chance.random() < 0.2:
            options["model_transforms"] = chance.choice(MODELS)
        yield join_case(f"drawn-join-{index}", options)


def _aggregations(chance: random.Random) -> Iterator[str]:
    for _ in range(chance.randint(1, 4)):
        options = {"input_column": "'cents'", "operation": chance.choice(OPERATIONS)}
        if options["operation"].startswith("ttypes"):
            options["operation"] = "Operation.MAX"
        if chance.random() < 0.6:
            options["windows"] = DAYS
        for option in ("buckets", "tags", "element_wise"):
            if chance.random() < 0.3:
                options[option] = chance.choice(AGGREGATION[option])
        yield call("Aggregation", options)


def staging_queries() -> Iterator[Case]:
    """StagingQueries, and sources on them."""
    values = {
        "plain": "StagingQuery(query='SELECT 1', metaData=MetaData())",
        "all": "StagingQuery(metaData=MetaData(name='x', outputNamespace='own', "
        "dependencies=['a.b/ds={{ ds }}'], tableProperties={'k': 'v'}, customJson='{}', "
        "offlineSchedule='@weekly', description='d', deprecationDate='2030-01-01'), "
        "query='''SELECT *\n FROM t WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}' ''', "
        "startPartition='2024-01-01', setups=['s'], createView=False)",
        "view": "StagingQuery(query='SELECT 1', metaData=MetaData(), createView=True)",
        "no-setups": "StagingQuery(MetaData(online=False, production=True, samplePercent=1.5, "
        "consistencyCheck=True, consistencySamplePercent=2.0, historicalBackfill=False, "
        "modeToEnvMap={'backfill': {'A': 'b'}}), 'SELECT 2', '2024-01-01')",
    }
    for id, value in values.items():
        text = f"{HEAD}v1 = {value}\n"
        yield file_case(f"staging-{id}", "staging_queries/mill/s.py", text)
    for team in ("rich", "bare"):
        text = f"{HEAD}v1 = {values['plain']}\n"
        yield file_case(f"staging-team-{team}", f"staging_queries/{team}/s.py", text)
    staged = f"{HEAD}v1 = {values['plain']}\nnamed = {values['all']}\n"
    for variable in ("v1", "named"):
        for function in ("StagingQueryEventSource", "StagingQueryEntitySource"):
            text = f"""{HEAD}
from ai.chronon import staging_query as sq
from staging_queries.mill import s
query = Query(selects=select('who', 'cents'), time_column='ts')
source = sq.{function}(staging_query=s.{variable}, query=query)
v1 = GroupBy(sources=source, keys=['who'], aggregations=[{SUM}], online=True,
             dependencies=sq.get_staging_query_dependencies(s.{variable}, lag=1))
"""
            if function.endswith("EventSource") and variable == "v1":
                text = text.replace("query=query)", "query=query, is_cumulative=True)", 1)
            yield Case(
                f"staging-{function}-{variable}",
                {"staging_queries/mill/s.py": staged, "group_bys/mill/g.py": text},
                [["--conf", "group_bys/mill/g.py"]],
            )


def names_and_files() -> Iterator[Case]:
    """Where objects are, how they are named, and what files share."""
    gb = f"GroupBy(sources={EVENTS}, keys=['who'], aggregations=[{SUM}], online=True)"
    one = f"{HEAD}v1 = {gb}\n"
    yield file_case("name-nested", "group_bys/mill/a/b/deep.py", one)
    yield file_case("name-team-properties", "group_bys/rich/x.py", one)
    yield file_case("name-two-variables", "group_bys/mill/x.py", one + "v2 = v1\nv0 = v1\n")
    yield file_case(
        "name-many", "group_bys/mill/x.py", one + "".join(f"w{i} = {gb}\n" for i in range(5))
    )
    yield file_case("name-in-list", "group_bys/mill/x.py", f"{HEAD}all = [{gb}]\nv1 = all[0]\n")
    yield file_case("offline-skipped", "group_bys/mill/x.py", one.replace("online=True", "lag=0"))
    yield file_case(
        "offline-forced",
        "group_bys/mill/x.py",
        one.replace("online=True", "lag=0"),
        "",
        "--force-overwrite",
    )
    yield file_case("output-root", "group_bys/mill/x.py", one, "", "--output_root", "out/there")
    yield file_case(
        "features", "group_bys/mill/x.py", one, "", "--feature-display", "--table-display"
    )
    yield Case(
        "folder",
        {f"group_bys/mill/f{i}.py": one for i in range(3)},
        [["--input_path", "group_bys/mill"]],
    )
    shared = f"{HEAD}source = {EVENTS.replace(chr(39) + 'cents' + chr(39) + ', ', '')}\n"
    uses = (
        f"{HEAD}from group_bys.mill.sources import source\n"
        "v1 = GroupBy(sources=source, keys=['who'], aggregations=[{0}], online=True)\n"
    )
    yield Case(
        "shared-source-in-one-file",
        {
            "group_bys/mill/x.py": shared
            + "".join(
                f"v{i} = GroupBy(sources=source, keys=['who'], online=True, "
                f"aggregations=[Aggregation('c{i}', Operation.SUM)])\n"
                for i in range(2)
            )
        },
        [["--conf", "group_bys/mill/x.py"]],
    )
    files = {
        f"group_bys/mill/x{i}.py": uses.format(f"Aggregation('c{i}', Operation.SUM)")
        for i in range(2)
    }
    steps = [["--conf", path] for path in files]
    files["group_bys/mill/sources.py"] = shared
    yield Case("shared-source-in-two-files", files, steps)
    yield Case(
        "imported-object",
        {"group_bys/mill/x.py": one, "group_bys/mill/y.py": "from group_bys.mill.x import v1\n"},
        [["--conf", "group_bys/mill/y.py"]],
    )
    yield from _inline_group_bys(gb)
    yield from _chaining()


def _inline_group_bys(gb: str) -> Iterator[Case]:
    named = gb.replace("online=True", "online=True, name='mill.inline.own'")
    join = f"Join(left={LEFT}, right_parts=[JoinPart(group_by={{}})], online=True)"
    text = f"{JOIN_HEAD}own = {named}\nv1 = {join.format('own')}\n"
    yield file_case("inline-named", "joins/mill/x.py", text)
    yield file_case("inline-named-nested", "joins/mill/a/x.py", text)
    anonymous = f"{JOIN_HEAD}v1 = {join.format(named)}\n"
    yield file_case("inline-anonymous", "joins/mill/x.py", anonymous)
    for id, line, use in (
        ("by-name", "from group_bys.rich.g import v1 as gb", "gb"),
        ("by-module", "from group_bys.rich import g", "g.v1"),
    ):
        yield Case(
            f"other-team-{id}",
            {
                "group_bys/rich/g.py": f"{HEAD}v1 = {gb}\n",
                "joins/mill/x.py": f"{JOIN_HEAD}{line}\nv1 = {join.format(use)}\n",
            },
            [["--conf", "joins/mill/x.py"]],
        )
    yield Case(
        "re-exported",
        {
            "group_bys/mill/a.py": "from group_bys.mill.b import v1\n",
            "group_bys/mill/b.py": f"{HEAD}v1 = {gb}\n",
            "joins/mill/x.py": f"{JOIN_HEAD}from group_bys.mill.a import v1 as gb\n"
            f"v1 = {join.format('gb')}\n",
        },
        [["--conf", "joins/mill/x.py"]],
    )
    yield Case(
        "left-shared-by-two-joins",
        {
            "group_bys/mill/gbs.py": GROUP_BYS,
            "joins/mill/x.py": f"{JOIN_HEAD}from group_bys.mill import gbs\nleft = {LEFT}\n"
            "v1 = Join(left=left, right_parts=[JoinPart(gbs.v1)])\n"
            "v2 = Join(left=left, right_parts=[JoinPart(gbs.v2)], lag=1)\n",
        },
        [["--conf", "joins/mill/x.py"]],
    )


def _chaining() -> Iterator[Case]:
    left = LEFT.replace("query=", "topic='views', query=")
    join = f"""{JOIN_HEAD}from group_bys.mill import gbs
v1 = Join(left={left}, right_parts=[JoinPart(gbs.v1)], online=True)
quiet = Join(left={LEFT}, right_parts=[JoinPart(gbs.v1)])
"""
    chained = f"""{HEAD}from joins.mill import parent
source = Source(joinSource=JoinSource(join=parent.{{0}}, query=Query(
    selects=select('who', cents='mill_gbs_v1_cents_sum'), time_column='ts')))
v1 = GroupBy(sources={{1}}, keys=['who'], aggregations=[{SUM}], online=True)
"""
    files = {"group_bys/mill/gbs.py": GROUP_BYS, "joins/mill/parent.py": join}
    steps = [["--conf", "group_bys/mill/child.py"]]
    yield Case(
        "chained", {**files, "group_bys/mill/child.py": chained.format("v1", "source")}, steps
    )
    bare = chained.format("v1", "source.joinSource")
    yield Case("chained-bare", {**files, "group_bys/mill/child.py": bare}, steps)
    yield Case(
        "chained-without-topic",
        {**files, "group_bys/mill/child.py": chained.format("quiet", "source")},
        steps,
    )
    yield Case(
        "chained-other-team",
        {**files, "group_bys/rich/child.py": chained.format("v1", "source")},
        [["--conf", "group_bys/rich/child.py"]],
    )
    offline = f"""{HEAD}from joins.mill import parent
from ai.chronon.utils import get_join_output_table_name, group_by_output_table_name
from group_bys.mill import gbs
query = Query(selects=select('who', 'cents'), time_column='ts')
a = GroupBy(sources=EventSource(table=get_join_output_table_name(parent.v1, True), query=query),
            keys=['who'], aggregations=[{SUM}], online=True)
b = GroupBy(sources=EventSource(table=group_by_output_table_name(gbs.v2, True), query=query),
            keys=['who'], aggregations=[{SUM}], online=True)
"""
    yield Case("output-table-as-source", {**files, "group_bys/mill/child.py": offline}, steps)


def several_runs() -> Iterator[Case]:
    """Compiling over what is compiled."""
    gbs, train = "group_bys/mill/gbs.py", "joins/mill/train.py"
    compile_join, compile_group_bys = ["--conf", train], ["--conf", gbs]
    forced = [*compile_group_bys, "--force-overwrite"]

    def join(**options: str) -> str:
        base = {"left": LEFT, "right_parts": "[JoinPart(group_by=gbs.v1)]", **options}
        return f"{JOIN_HEAD}from group_bys.mill import gbs\nv1 = {call('Join', base)}\n"

    files = {gbs: GROUP_BYS, train: join()}
    yield Case("dependents", files, [compile_join, compile_group_bys])
    yield Case(
        "dependents-forced",
        files,
        [compile_join, forced],
        "a Join's own copy of a GroupBy is the same whatever is compiled beside it",
    )
    yield Case("group-bys-first", files, [compile_group_bys, compile_join])
    yield Case("twice", files, [compile_join, compile_join])
    yield Case("online-join", {**files, train: join(online="True")}, [compile_join])
    yield Case(
        "production-once",
        {**files, train: join(production="True")},
        [compile_join, forced],
        "a Join's own copy of a GroupBy is the same whatever is compiled beside it",
    )
    yield Case(
        "production-inherited",
        {**files, train: join(production="True", right_parts="[JoinPart(gbs.v2)]")},
        [compile_join],
    )
    served = f"{HEAD}v1 = GroupBy(sources={EVENTS}, keys=['who'], aggregations=[{SUM}], "
    for id, before, after in (
        ("online-changed", "online=True)", "online=True, accuracy=Accuracy.SNAPSHOT)"),
        ("online-metadata-changed", "online=True)", "online=True, description='new')"),
        ("online-switched-off", "online=True)", "backfill_start_date='2024-01-01')"),
        (
            "offline-changed",
            "backfill_start_date='2024-01-01')",
            "backfill_start_date='2024-01-02')",
        ),
    ):
        for flags in ([], ["--force-overwrite"]):
            yield Case(
                f"{id}{'-forced' if flags else ''}",
                {gbs: served + before},
                [compile_group_bys, [*compile_group_bys, *flags]],
                edits={1: {gbs: served + after}},
            )
    for id, before, after in (
        ("join-online-changed", join(online="True"), join(online="True", row_ids="['id']")),
        ("join-online-metadata-changed", join(online="True"), join(online="True", lag="2")),
        ("sample-percent-dropped", join(sample_percent="5.0"), join()),
        ("sample-percent-changed", join(sample_percent="5.0"), join(sample_percent="6.5")),
        ("environment-changed", join(env="{'backfill': {'A': '1'}}"), join(env="{'upload': {}}")),
    ):
        yield Case(
            id, {**files, train: before}, [compile_join, compile_join], edits={1: {train: after}}
        )


def refused() -> Iterator[Case]:
    """Definitions that break one rule each."""
    query = "Query(selects=select('who', 'cents'), time_column='ts')"
    no_time = "Query(selects=select('who', 'cents'))"
    event = f"EventSource(table='raw.a', query={query})"
    streamed = f"EventSource(table='raw.a', topic='t', query={query})"
    entity = f"EntitySource(snapshotTable='raw.a', query={no_time})"
    windowed = f"[Aggregation('cents', Operation.SUM, {DAYS})]"
    bad: dict[str, dict[str, str]] = {
        "no-sources": {"sources": "[]"},
        "source-none": {"sources": "None"},
        "source-text": {"sources": "'raw.a'"},
        "source-empty": {"sources": "Source()"},
        "source-no-query": {"sources": "EventSource(table='raw.a')"},
        "ts-mismatch": {
            "sources": "EventSource('a.b', query=Query(selects=select('who', 'cents', ts='x'), "
            "time_column='y'))"
        },
        "event-mutation-time": {
            "sources": event.replace("time_column", "mutation_time_column='m', time_column")
        },
        "event-reversal": {
            "sources": event.replace("time_column", "reversal_column='m', time_column")
        },
        "event-no-time": {"sources": event.replace(query, no_time)},
        "snapshot-streaming": {"sources": streamed, "accuracy": "Accuracy.SNAPSHOT"},
        "entity-window-no-time": {"sources": entity, "aggregations": windowed},
        "incremental-entity": {"sources": entity, "is_incremental": "True"},
        "incremental-streaming": {"sources": streamed, "is_incremental": "True"},
        "incremental-temporal": {"accuracy": "Accuracy.TEMPORAL", "is_incremental": "True"},
        "upload-schedule": {"upload_schedule": "'@hourly'"},
        "upload-schedule-streaming": {"sources": streamed, "upload_schedule": "'@weekly'"},
        "upload-schedule-temporal": {
            "accuracy": "Accuracy.TEMPORAL",
            "upload_schedule": "'@weekly'",
        },
        "sources-differ": {
            "sources": f"[{event}, EventSource('raw.b', query=Query(selects=select('who', 'cents', "
            "'more'), time_column='ts'))]"
        },
        "key-ts": {"keys": "['ts']"},
        "no-aggregations-events": {"aggregations": "None"},
        "no-aggregations-mutations": {
            "aggregations": "None",
            "sources": entity.replace("query=", "mutationTable='m', query="),
        },
        "aggregation-no-input": {"aggregations": "[Aggregation(operation=Operation.SUM)]"},
        "percentiles-missing": {
            "aggregations": "[Aggregation('cents', ttypes.Operation.APPROX_PERCENTILE)]"
        },
        "percentiles-text": {
            "aggregations": "[Aggregation('cents', Operation.APPROX_PERCENTILE('half'))]"
        },
        "percentiles-range": {
            "aggregations": "[Aggregation('cents', Operation.APPROX_PERCENTILE([1.5]))]"
        },
        "percentiles-tuple": {
            "aggregations": "[Aggregation('cents', Operation.APPROX_PERCENTILE((0.5,)))]"
        },
        "hours-snapshot": {
            "aggregations": f"[Aggregation('cents', Operation.SUM, {HOURS})]",
            "accuracy": "Accuracy.SNAPSHOT",
        },
        "hours-backfill": {
            "aggregations": f"[Aggregation('cents', Operation.SUM, {HOURS})]",
            "backfill_start_date": "'2024-01-01'",
        },
        "historical-backfill": {"historical_backfill": "True"},
        "derivation-unknown": {"derivations": "[Derivation('a', 'nothing')]"},
        "derivation-conflict": {
            "derivations": "[Derivation('*', '*'), Derivation('cents_sum', '1 + 1')]"
        },
        "derivation-twice": {"derivations": "[Derivation('a', '1 + 1'), Derivation('a', '2 + 2')]"},
        "deprecation-date": {"deprecation_date": "'soon'"},
        "cumulative-no-time": {
            "accuracy": "Accuracy.SNAPSHOT",
            "sources": f"EventSource(table='a.b', query={no_time}, isCumulative=True)",
        },
        "operation-not-called": {"aggregations": "[Aggregation('cents', Operation.LAST_K)]"},
        "operation-unknown": {"aggregations": "[Aggregation('cents', Operation.MEDIAN)]"},
        "operation-text": {"aggregations": "[Aggregation('cents', 'SUM')]"},
        "window-text": {"aggregations": "[Aggregation('cents', Operation.SUM, ['7d'])]"},
        "window-alone": {
            "aggregations": "[Aggregation('cents', Operation.SUM, Window(7, TimeUnit.DAYS))]"
        },
        "window-fraction": {
            "aggregations": "[Aggregation('cents', Operation.SUM, [Window(7.5, TimeUnit.DAYS)])]"
        },
        "window-unit": {
            "aggregations": "[Aggregation('cents', Operation.SUM, [Window(7, 'DAYS')])]"
        },
        "keys-text": {"keys": "'who'"},
        "keys-numbers": {"keys": "[1]"},
        "table-number": {"sources": f"EventSource(table=5, query={query})"},
        "custom-json": {"custom": "object()"},
        "properties-number": {"table_properties": "{'a': 1}"},
        "env-flat": {"env": "{'A': 'b'}"},
        "setups-none": {
            "sources": "EventSource(table='a.b', query=ttypes.Query({'who': 'who', "
            "'cents': 'cents'}, timeColumn='ts', setups=None))"
        },
    }
    for id, options in bad.items():
        yield group_by_case(f"refused-{id}", options, ACCEPTED.get(id, ""))
    yield from _refused_joins()
    yield from _refused_files()
    yield from _stricter()


# What chronon-ai refuses and gnomon takes, with the reason.
ACCEPTED = {
    "setups-none": "setups=None means no setups; chronon-ai's own check of its output fails",
}


def _refused_joins() -> Iterator[Case]:
    label = "LabelPart([JoinPart(group_by=gbs.{0})], {1}, {2})"
    bad: dict[str, dict[str, str]] = {
        "left-cumulative": {"left": LEFT.replace("query=", "isCumulative=True, query=")},
        "left-join": {
            "left": f"Source(joinSource=JoinSource(join=Join(left={LEFT}, right_parts=[]), "
            "query=Query()))"
        },
        "left-bare": {"left": "EventSource(table='a', query=Query(selects=select('who')))"},
        "left-ts": {"left": LEFT.replace("'item'", "'item', ts='x'")},
        "key-mapping": {"right_parts": "[JoinPart(gbs.v1, key_mapping={'item': 'whom'})]"},
        "parts-group-by": {"right_parts": "[gbs.v1]"},
        "external-twice": {"online_external_parts": f"[{EXTERNAL[0]}, {EXTERNAL[0]}]"},
        "contextual": {
            "online_external_parts": "[ExternalPart(ExternalSource('contextual', 't', [], []))]"
        },
        "map-key": {
            "online_external_parts": "[ExternalPart(ContextualSource([('a', "
            "DataType.MAP(DataType.INT, DataType.INT))]))]"
        },
        "log-offline": {"bootstrap_from_log": "True", "sample_percent": "1.0"},
        "log-unsampled": {"bootstrap_from_log": "True", "online": "True"},
        "label-offset": {"label_part": label.format("label", 7, 3)},
        "label-window": {"label_part": label.format("v1", 7, 7)},
        "label-two": {"label_part": "LabelPart([JoinPart(gbs.label), JoinPart(gbs.label)], 7, 7)"},
        "online-offline": {"online": "True", "right_parts": "[JoinPart(gbs.offline)]"},
        "derivation-unknown": {"derivations": "[Derivation('a', 'cents_sum')]"},
        "derivation-conflict": {"derivations": "[Derivation('*', '*'), Derivation('item', '1+1')]"},
        "deprecation-date": {"deprecation_date": "'tomorrow'"},
        "anonymous-group-by": {
            "right_parts": f"[JoinPart(GroupBy(sources={EVENTS}, keys=['who'], "
            f"aggregations=[{SUM}]))]"
        },
        "skew-keys": {"skew_keys": "['who']"},
        "sample-percent-text": {"sample_percent": "'5'"},
        "sample-percent-nan": {"sample_percent": "float('nan')"},
    }
    for id, options in bad.items():
        yield join_case(f"refused-join-{id}", options)
    yield join_case(
        "sample-percent-int",
        {"sample_percent": "5"},
        "an int is taken for a double; chronon-ai leaves an empty file behind",
    )
    for switch in ("online", "production"):
        gbs = GROUP_BYS.replace("online=True)\nv2", f"online=True, {switch}=False)\nv2", 1)
        gbs = gbs.replace("online=True, online=False", "online=False")
        text = JOIN_HEAD + "from group_bys.mill import gbs\nv1 = "
        text += call("Join", {"left": LEFT, "right_parts": "[JoinPart(gbs.v1)]", switch: "True"})
        yield Case(
            f"refused-join-{switch}-false",
            {"group_bys/mill/gbs.py": gbs, "joins/mill/train.py": text},
            [["--conf", "joins/mill/train.py"]],
        )


def _refused_files() -> Iterator[Case]:
    path = "group_bys/mill/x.py"
    yield file_case("refused-file-syntax", path, "v1 = (\n")
    yield file_case("refused-file-module", path, "import not_installed_anywhere\n")
    yield file_case("refused-file-name", path, "v1 = GroupBi()\n")
    yield file_case("refused-file-raise", path, "raise RuntimeError('no')\n")
    yield file_case("refused-file-argument", path, f"{HEAD}v1 = Query(selekts={{}})\n")
    yield Case("refused-path", {path: HEAD}, [["--conf", "group_bys/mill/y.py"]])
    yield Case(
        "refused-path-kind", {"group_bys/mill/x.txt": ""}, [["--conf", "group_bys/mill/x.txt"]]
    )
    yield Case("refused-path-folder", {"other/x.py": HEAD}, [["--conf", "other/x.py"]])
    gb = f"GroupBy(sources={EVENTS}, keys=['who'], aggregations=[{SUM}], online=True)"
    yield file_case("refused-team", "group_bys/unknown/x.py", f"{HEAD}v1 = {gb}\n")
    yield Case(
        "refused-no-namespace",
        {path: f"{HEAD}v1 = {gb}\n"},
        [["--conf", path]],
        teams={"mill": {}, "default": {"table_properties": {}}},
    )
    yield Case(
        "no-default-team",
        {path: f"{HEAD}v1 = {gb}\n"},
        [["--conf", path]],
        "table properties are optional, as in Chronon's own developer guide",
        teams={"mill": {"namespace": "n"}},
    )
    view = "StagingQuery(query=\"SELECT '{{{{ {0} }}}}'\", metaData=MetaData(), createView=True)"
    for word in ("start_date", "end_date", "START_DATE"):
        text = f"{HEAD}v1 = {view.format(word)}\n"
        yield file_case(f"refused-view-{word}", "staging_queries/mill/s.py", text)
    yield file_case(
        "staging-without-metadata",
        "staging_queries/mill/s.py",
        f"{HEAD}v1 = StagingQuery(query='SELECT 1')\n",
        "a StagingQuery needs no metaData; name, team and namespace come from its place",
    )


def _stricter() -> Iterator[Case]:
    query = "Query(selects=select('who', 'cents'), time_column='ts')"
    texts = {
        "wheres-text": "EventSource('a.b', query=Query(selects=select('who', 'cents'), "
        "time_column='ts', wheres='a = 1'))",
        "two-sources-in-one": f"Source(events=EventSource('a.b', query={query}), "
        f"entities=EntitySource('c.d', query={query}))",
    }
    reasons = {
        "wheres-text": "text for a list of texts would become its letters",
        "two-sources-in-one": "a Source is one of three, and readers take only one",
    }
    for id, text in texts.items():
        yield group_by_case(f"stricter-{id}", {"sources": text}, reasons[id])
    yield group_by_case(
        "stricter-online-number",
        {"online": "1"},
        "1 for True would be written as 0",
    )
    yield group_by_case(
        "stricter-operation-number",
        {"aggregations": "[ttypes.Aggregation('cents', 77)]"},
        "there is no such operation",
    )
    yield group_by_case(
        "lenient-percentiles-keyword",
        {"aggregations": "[Aggregation('cents', Operation.APPROX_PERCENTILE(percentiles=[0.5]))]"},
        "percentiles may be given by name",
    )
    yield group_by_case("lenient-keys-tuple", {"keys": "('who',)"}, "keys may be a tuple")


def corpus() -> list[Case]:
    """All cases, always the same."""
    cases = [
        *one_at_a_time(),
        *drawn(),
        *staging_queries(),
        *names_and_files(),
        *several_runs(),
        *refused(),
    ]
    assert len({case.id for case in cases}) == len(cases), "ids are unique"
    return cases
