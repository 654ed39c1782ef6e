#!/usr/bin/env bash
# config show: the effective values of the shipped catalogue, each at the place that is named. config_show_test.sh PROGRAM
set -u
PROGRAM=$(realpath "$1") || exit 64
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
DIR=$(mktemp -d "${TMPDIR:-/tmp}/sb-show.XXXXXX") || exit 73
trap 'rm -rf "$DIR"' EXIT
GROWTH=$SOURCE/runtime/catalog/growth.yaml
export HOME=$DIR SIGNALBOX_PRACTICE_PASSWORD=practice-word SIGNALBOX_PRACTICE_KEY=practice-key
failed=0

# claim TEXT COMMAND...
claim() {
  local text=$1
  shift
  if "$@"; then printf 'ok - %s\n' "$text"; else failed=$((failed + 1)); printf 'not ok - %s\n' "$text"; fi
}
negated() { ! "$@"; }

show() {
  "$PROGRAM" config show --catalogue "$GROWTH" "$@"
}

SIGNALBOX_POOL_POLICY=strict show --origin --theme amber --set budget.limit_usd=7 >"$DIR/text" || exit 1
claim "a value of the file has its line" grep -qx 'settings.drain = 30s  # growth.yaml:14:10' "$DIR/text"
claim "the environment wins over the file, and is named" grep -qx 'pool.policy = strict  # SIGNALBOX_POOL_POLICY' "$DIR/text"
claim "an option wins, and is named" grep -qx 'settings.theme = amber  # --theme' "$DIR/text"
claim "so does --set" grep -qx 'budget.limit_usd = 7  # --set' "$DIR/text"
claim "a default is called built-in" grep -qx 'settings.lease = 15s  # built-in' "$DIR/text"
claim "the file is named in full" grep -qxF "# $GROWTH" "$DIR/text"

# Every value that is said to be in the file stands there, on that line or, for blocks, on the next one.
awk -v file="$GROWTH" '
  BEGIN { while ((getline line < file) > 0) lines[++n] = line }
  match($0, /  # growth\.yaml:[0-9]+:[0-9]+$/) {
    split(substr($0, RSTART + 4), place, ":"); value = substr($0, 1, RSTART - 1); sub(/^[^ ]* = \[?/, "", value); sub(/[] ,\\?"].*/, "", value)
    seen++
    if (index(lines[place[2]] lines[place[2] + 1], value) == 0) { print "# not there: " $0; wrong++ }
  }
  END { print "# " seen " values compared with their lines"; exit seen < 500 || wrong > 0 }' "$DIR/text" >"$DIR/compared"
claim "every value stands where it is said to stand" [ $? = 0 ]
head -5 "$DIR/compared"

show --json >"$DIR/json" || exit 1
value_of() {
  sqlite3 :memory: "SELECT json_extract(value, '\$.$2') FROM json_each(CAST(readfile('$DIR/json') AS TEXT))
    WHERE json_extract(value, '\$.key') = '$1'"
}
claim "JSON: the value" [ "$(value_of settings.drain value)" = 30s ]
claim "JSON: its layer" [ "$(value_of settings.drain layer)" = file ]
claim "JSON: its line" [ "$(value_of settings.drain line)" = 14 ]
claim "JSON: a default's layer" [ "$(value_of settings.lease layer)" = built-in ]
count=$(sqlite3 :memory: "SELECT json_array_length(CAST(readfile('$DIR/json') AS TEXT))")
claim "as many values as lines" [ "$count" = "$(show | wc -l)" ]
claim "secrets are told as references" grep -qx 'llm.key = env:SIGNALBOX_PRACTICE_KEY' <(show llm)
claim "and never as what they are" negated grep -qE 'practice-(word|key)' "$DIR/text" "$DIR/json"

show pool.lanes >"$DIR/part"
claim "a key to begin with limits it" [ "$(wc -l <"$DIR/part")" = 3 ]
show no.such.key 2>"$DIR/err"
claim "an unknown one is told, exit code 1" [ $? = 1 ]
claim "with what lists them" grep -q 'config reference' "$DIR/err"
[ "$failed" = 0 ]
