"""Prometheus' own parser over the metrics on standard input: prints the families as JSON.

Run with the interpreter that has prometheus_client (Feast's).
"""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

print(
    json.dumps(
        {
            family.name: {
                "type": family.type,
                "help": family.documentation,
                "samples": [[one.name, one.labels, one.value] for one in family.samples],
            }
            for family in text_string_to_metric_families(sys.stdin.read())
        }
    )
)
