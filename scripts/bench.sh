#!/usr/bin/env bash
# Runs the benchmarks and writes their figures into docs/performance.md, with the machine they were measured on.
#   MCM_BENCH_SLOW=1   also those that take both processors for minutes: agents on 50 and 200 hosts,
#                      and soft backups of MCM_BENCH_MIB (1024) of large files and MCM_BENCH_FILES (100000) small ones by both engines
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$(mktemp)
trap 'rm -f "$out" "$out.table"' EXIT
go test -trimpath -run '^$' -bench . -benchtime 1x -timeout 60m ./internal/operation/audit ./internal/backup ./worker ./test/e2e ./activities/filebackup | tee "$out"
{
  echo
  echo "$(date -u +%F), $(nproc) cores ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)), load $(cut -d' ' -f1 /proc/loadavg) at the end:"
  echo
  echo "| benchmark | figures |"
  echo "|---|---|"
  awk '/^Benchmark/ {
    name = $1; sub(/^Benchmark/, "", name); sub(/-[0-9]+$/, "", name)
    line = ""
    for (i = 3; i < NF; i += 2) if ($(i + 1) != "ns/op") line = line (line == "" ? "" : ", ") $(i + 1) " **" $i "**"
    print "| " name " | " line " |"
  }' "$out"
  echo
} >"$out.table"
sed -i -e '/<!-- bench -->/,/<!-- \/bench -->/{//!d}' -e "/<!-- bench -->/r $out.table" docs/performance.md
