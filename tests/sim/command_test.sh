#!/usr/bin/env bash
# command_test.sh PROGRAM: what scripts rely on of `signalbox simulate`: names, JSON keys, exit codes, the same bytes for the same seed.
set -u
program=$(realpath "$1") || exit 64
dir=$(mktemp -d "${TMPDIR:-/tmp}/sb-simulate.XXXXXX") || exit 73
trap 'rm -rf "$dir"' EXIT
export HOME=$dir XDG_CONFIG_HOME=$dir XDG_STATE_HOME=$dir LC_ALL=C.UTF-8
failed=0

claim() { # claim TEXT COMMAND...
  local text=$1
  shift
  if "$@"; then printf 'ok - %s\n' "$text"; else printf 'not ok - %s\n' "$text"; failed=1; fi
}
exits() { # exits CODE ARGS...
  local wanted=$1 code
  shift
  "$program" "$@" >"$dir/out" 2>"$dir/err"
  code=$?
  [ "$code" = "$wanted" ] || { printf '# exit %s instead of %s: %s\n' "$code" "$wanted" "$(head -n 1 "$dir/err")"; return 1; }
}
has() { grep -qE "$1" "$dir/out" || { head -n 5 "$dir/out"; return 1; }; }
bytes() { # without the wall time, which is no virtual time
  "$program" simulate --catalogue growth --hours 24 --seed 5 --faults heavy --json | sed -E 's/"wall_ms":[0-9.]+//g'
}
same_bytes() { [ "$(bytes)" = "$(bytes)" ]; }

number='-?[0-9]+(\.[0-9]+)?'
claim "growth against legacy is a comparison of shipped catalogues by name" \
  exits 0 simulate --catalogue growth --against legacy --hours 48 --seed 3 --json
claim "the document begins with seed and hours" has '^\{"seed":3,"hours":48,'
side_head="\"sides\":\\[\\{\"catalogue\":\"growth\",\"policy\":\"reclaim\",\"contention_s\":$number,\"runs\":.*\"late\":.*\"skipped\":"
side_tail=".*\"timeouts\":.*\"events\":[0-9]+,\"wall_ms\":$number,\"utilisation\":$number,\"categories\":\\["
claim "a side has every key of the contract" has "$side_head$side_tail"
waits="\"wait_p50_s\":$number,\"wait_p95_s\":$number,\"wait_p99_s\":$number,\"wait_max_s\":$number"
claim "a category has every key of the contract" has "\\{\"name\":\"posting\",.*\"granted\":[0-9]+,\"timeouts\":[0-9]+,.*$waits\\}"
claim "the ratio is the first side over the second: far below one" has \
  '"ratio":\{"contention":0\.0[0-9]+,"late":(0\.0[0-9]+|null),"timeouts":0\.0[0-9]+\}\}$'
claim "the same seed gives the same bytes" same_bytes
claim "a policy against another of one catalogue" exits 0 simulate --catalogue growth --policy reclaim --against-policy strict --hours 24
claim "the table names both" has '^growth, policy strict$'
claim "minimal has no durations, and the report says what it assumes" exits 0 simulate --catalogue minimal --hours 2
claim "... one second" has 'have no duration: one second is assumed'
claim "a picture is written" exits 0 simulate --catalogue growth --hours 24 --svg "$dir/week.svg"
claim "... as SVG that ends" grep -qx '</svg>' "$dir/week.svg"
claim "offsets are proposed as catalogue lines" exits 0 simulate --catalogue legacy --policy reclaim --hours 12 --optimise-offsets
claim "... with the predicted gain" has '^# legacy: predicted contention [0-9]+ s -> [0-9]+ s in 12 hours'
claim "... that a catalogue can take" has '^  [a-z_]+: \{ offset: [0-9]+s \}'
claim "an unknown policy is a usage error" exits 64 simulate --policy fifo
claim "an unknown fault level is a usage error" exits 64 simulate --faults some
claim "a load of nothing is a usage error" exits 64 simulate --load 0
claim "a catalogue that is not there is a configuration error" exits 78 simulate --catalogue nowhere
claim "a picture where no folder is cannot be created" exits 73 simulate --hours 1 --svg "$dir/no/week.svg"
claim "run refuses a workload for the simulator" exits 78 run --catalogue runtime/catalog/legacy.yaml --state-dir "$dir/state"
claim "... and says what to do" grep -q 'signalbox simulate --catalogue' "$dir/err"
claim "check refuses it too" exits 78 check --catalogue runtime/catalog/legacy.yaml --state-dir "$dir/state"

side_of() { # side_of POLICY KEY
  sqlite3 :memory: "SELECT json_extract(value, '\$.$2') FROM json_each(CAST(readfile('$dir/out') AS TEXT), '\$.sides')
    WHERE json_extract(value, '\$.policy') = '$1'"
}
for load in 1 2 4; do
  claim "budget policies at load $load" exits 0 simulate --budget --days 30 --load "$load" --seed 2 --json
  claim "... paced has no dark hour" [ "$(side_of paced dark_hours)" = 0 ]
  claim "... until_cap has some" [ "$(side_of until_cap dark_hours)" -gt 0 ]
  claim "... paced serves at least 40 % more critical calls" \
    [ $(($(side_of paced critical_served) * 10)) -ge $(($(side_of until_cap critical_served) * 14)) ]
  claim "... and spends no more than the limit" [ "$(side_of paced spent_usd | cut -d. -f1)" -le 150 ]
  paced=$(side_of paced premium_share) absolute=$(side_of absolute premium_share)
  claim "... more of them on premium than absolute" [ "$(sqlite3 :memory: "SELECT $paced > $absolute")" = 1 ]
done
exit "$failed"
