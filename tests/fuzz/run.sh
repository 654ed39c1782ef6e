#!/bin/sh
# run.sh PROGRAM NAME CORPUS WORK IS_FUZZ: one fuzz target, for FUZZ_SECONDS (default 20) when it is a libFuzzer program.
# A crash leaves its input in WORK/NAME-*; put it into tests/fuzz/corpus/NAME/ together with the fix.
set -eu
program=$1 name=$2 corpus=$3 work=$4 is_fuzz=$5
if [ "$is_fuzz" != 1 ]; then
  exec "$program" "$corpus"
fi
found="$work/$name.found"
mkdir -p "$found"
set -- "$found"
[ -d "$corpus" ] && set -- "$@" "$corpus"
exec "$program" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
  -artifact_prefix="$work/$name-" "$@"
