#!/usr/bin/env bash
# Incidents and who is told of them, from end to end: real programs receive the notices, the process is killed in the middle, and nothing is told
# twice or never. Silences, acknowledgements and "why was nobody told" as operators ask for them.
. "$(dirname "$0")/lib.sh" "$1" alerts

STATE=$DIR/state
cat >"$DIR/receive" <<'SH'
#!/bin/sh
# appends what comes as one line; while FILE.busy is there it asks for another attempt
[ ! -e "$1.busy" ] || exit 75
line=$(cat | tr -d '\n') && printf '%s\n' "$line" >>"$1"
SH
chmod +x "$DIR/receive"
cat >"$DIR/catalogue.yaml" <<YAML
catalogue: rehearsal
settings: {state_dir: $STATE}
alerts:
  start_hold: 1s
  group_wait: 1s
  rules:
    job_failing_streak: {off: true}
channels:
  team:
    exec: {argv: [$DIR/receive, $DIR/team]}
  oncall:
    exec: {argv: [$DIR/receive, $DIR/oncall]}
    min_severity: page
jobs:
  fragile:
    every: 1h
    offset: 59m
    steps:
      - name: look
        exec: {argv: [test, -e, $DIR/is-well]}
  critical:
    every: 1h
    offset: 59m
    critical: true
    retry: {attempts: 1}
    steps:
      - name: look
        exec: {argv: [test, -e, $DIR/is-well]}
YAML

run() {
  start runtime "$PROGRAM" run --catalogue "$DIR/catalogue.yaml"
  runtime=$started
  wait_for 20 is_up || give_up "the runtime does not start: $(tail -n 5 "$DIR/runtime.err")"
}

ask() {
  "$PROGRAM" "$@" --catalogue "$DIR/catalogue.yaml" 2>"$DIR/ask.err"
}

is_up() {
  ask status --json >"$DIR/status.json"
  [ -s "$DIR/status.json" ]
}

# told CHANNEL: how many notices it took
told() {
  [ -e "$DIR/$1" ] || { printf 0; return; }
  wc -l <"$DIR/$1"
}

has_told() {
  [ "$(told "$1")" = "$2" ]
}

# of CHANNEL LINE KEY: a value of that notice
of() {
  sed -n "$2p" "$DIR/$1" >"$DIR/line.json"
  json "$DIR/line.json" "\$.$3"
}

# the answer to: what has that channel been told of the first alert
why_is() {
  ask alert list --json >"$DIR/alerts.json"
  [ "$(json "$DIR/alerts.json" "\$[0].channels[$1].told")" = "$2" ]
}

first_alert() {
  ask alert list --json >"$DIR/alerts.json"
  json "$DIR/alerts.json" '$[0].id'
}

fails() {
  ask job run "$1" >/dev/null
  wait_for 25 sql_at_least "$STATE" "SELECT COUNT(*) FROM alerts WHERE job_name = '$1' AND cleared_at_ms IS NULL" 1
}

# --- an incident is told, survives a kill, and ends ----------------------------------------------------------------------------------

run
claim "a job fails" fails fragile
eventually 10 "the team is told once" has_told team 1
claim "what it says" [ "$(of team 1 kind) $(of team 1 rule) $(of team 1 subject)" = "firing job_failed fragile" ]
claim "whom it does not concern hears nothing" has_told oncall 0
claim "and why is known" why_is 1 "below what the channel is told"
kill -KILL "$runtime"
ended "$runtime" 10
run
claim "the incident is still there after kill -9" [ "$(first_alert)" = 1 ]
steadily 4 "and nobody is told again" has_told team 1
touch "$DIR/is-well"
ask job run fragile >/dev/null
eventually 10 "that it is over is told once" has_told team 2
claim "as the end of the same incident" [ "$(of team 2 kind) $(of team 2 incident)" = "resolved $(of team 1 incident)" ]
rm "$DIR/is-well"

# --- a notice that was not taken when the process was killed -------------------------------------------------------------------------

touch "$DIR/oncall.busy" "$DIR/team.busy"
claim "a critical job fails" fails critical
eventually 10 "both channels were tried" sql_at_least "$STATE" "SELECT COUNT(*) FROM notices WHERE state = 'queued' AND attempts > 0" 2
say_failing() {
  ask alert channels --json >"$DIR/channels.json"
  [ "$(json "$DIR/channels.json" '$.channels[1].failing')" -gt 0 ] && json "$DIR/channels.json" '$.channels[1].reason' | grep -q oncall
}
eventually 5 "the list of channels says that they fail, and why" say_failing
kill -KILL "$runtime"
ended "$runtime" 10
rm "$DIR/oncall.busy" "$DIR/team.busy"
run
eventually 20 "the page arrives after the restart" has_told oncall 1
eventually 20 "the team's notice too" has_told team 3
steadily 4 "each of them once" has_told oncall 1
keys_before=$(sql "$STATE" "SELECT MIN(notice) || ' ' || MAX(notice) FROM notices WHERE alert = 2 AND kind = 'firing'")
claim "under the numbers they had before" [ "$(of team 3 key | sed 's/.*-//') $(of oncall 1 key | sed 's/.*-//')" = "$keys_before" ] ||
  note "$(of team 3 key) $(of oncall 1 key), $keys_before"

# --- operators -----------------------------------------------------------------------------------------------------------------------

claim "an alert is acknowledged for a time" ask alert ack 2 --for 1h
claim "alert why names channels and what to do" sh -c "'$PROGRAM' alert why 2 --catalogue '$DIR/catalogue.yaml' | grep -q oncall"
touch "$DIR/is-well"
ask job run critical >/dev/null
eventually 10 "it is over" has_told oncall 2
rm "$DIR/is-well"
claim "a silence needs a reason" refused 64 "$PROGRAM" alert silence job_failed:frag* --for 1h --catalogue "$DIR/catalogue.yaml"
claim "a silence is set" ask alert silence 'job_failed:frag*' --for 1h --why "it is being repaired"
before=$(told team)
claim "the silenced job fails" fails fragile
eventually 10 "its alert is shown with the reason" why_is 0 silenced
steadily 3 "and the team hears nothing" has_told team "$before"
kill -KILL "$runtime"
ended "$runtime" 10
run
ask alert silences --json >"$DIR/silences.json"
claim "the silence survives kill -9" [ "$(json "$DIR/silences.json" '$.silences[0].reason')" = "it is being repaired" ]
steadily 3 "and still holds" has_told team "$before"
claim "it is ended by its number" ask alert unsilence 1
eventually 10 "then the team is told" has_told team $((before + 1))

# --- the same rules over the recorded story ------------------------------------------------------------------------------------------

# rehearsed PATH VALUE [ARGS...]: that value of `alert test job_failed`
rehearsed() {
  local path=$1 value=$2
  shift 2
  ask alert test job_failed --json "$@" >"$DIR/rehearsal.json" || return 1
  [ "$(json "$DIR/rehearsal.json" "$path")" = "$value" ] || { note "$path is $(json "$DIR/rehearsal.json" "$path"), not $value"; return 1; }
}
fired() {
  sql "$STATE" "SELECT COUNT(*) FROM alerts WHERE rule = 'job_failed'$1"
}
claim "several incidents were recorded" [ "$(fired '')" -ge 3 ]
claim "beside the running program: as many firings as there were" rehearsed '$.rules[0].fired' "$(fired '')"
kill -TERM "$runtime"
ended "$runtime" 20
claim "it stops when it is asked to" [ "$code" = 0 ]
claim "without one: as many firings as there were" rehearsed '$.rules[0].fired' "$(fired '')"
claim "every event was read" rehearsed '$.unread' 0
claim "as many still fire" rehearsed '$.rules[0].firing' "$(fired ' AND cleared_at_ms IS NULL')"
claim "each with its time" rehearsed '$.alerts[0].fired_at' "$(sql "$STATE" "SELECT MIN(raised_at_ms) FROM alerts")"
claim "its subject" rehearsed '$.alerts[1].subject' critical
claim "its severity" rehearsed '$.alerts[1].severity' page
claim "its words" rehearsed '$.alerts[1].text' "$(sql "$STATE" "SELECT text FROM alerts WHERE alert = 2")"
claim "and what each channel was told" rehearsed '$.rules[0].notices[0].count' "$(told team)"
claim "each by itself" rehearsed '$.rules[0].notices[1].count' "$(told oncall)"
claim "and nobody is told of it" has_told team $((before + 1))
claim "with a rule that waits longer nothing fires" rehearsed '$.rules[0].fired' 0 --set alerts.rules.job_failed.for=1d
claim "the last second has none of them" rehearsed '$.rules[0].fired' 0 --last 1s
# The catalogue of today: critical is the first job, fragile is gone.
sed -e '/^  fragile:/,/^  critical:/{/^  critical:/!d}' -e 's/^jobs:/&\n  newcomer: {every: 1h, steps: [{name: other, exec: {argv: ["true"]}}]}/' \
  "$DIR/catalogue.yaml" >"$DIR/today.yaml"
"$PROGRAM" alert test job_failed --json --catalogue "$DIR/today.yaml" >"$DIR/today.json"
claim "jobs are known by their names" [ "$(json "$DIR/today.json" '$.alerts[0].text')" = "$(sql "$STATE" "SELECT text FROM alerts WHERE alert = 2")" ]
claim "those that are gone are passed over" [ "$(json "$DIR/today.json" '$.rules[0].fired')" = 1 ]
claim "and that is said" [ "$(json "$DIR/today.json" '$.passed_over')" -gt 0 ]
sqlite3 "$STATE/signalbox.db" "INSERT INTO events SELECT MAX(seq) + 1, MAX(at_ms), 'run_ended', 1, NULL, '{}' FROM events;
  INSERT INTO events SELECT MAX(seq) + 1, MAX(at_ms), 'run_eaten', 1, NULL, '{}' FROM events;
  INSERT INTO events SELECT MAX(seq) + 1, MAX(at_ms), 'component_changed', 1, NULL, '{\"component\":200,\"state\":\"failed\"}' FROM events"
claim "rows that make no sense are passed over and told" rehearsed '$.unread' 3
ask alert test >"$DIR/rules.txt"
claim "without a name every rule has a line" grep -qE "^job_failed +$(fired '') .* team $(told team), oncall $(told oncall)\$" "$DIR/rules.txt"
claim "also one that is off" grep -qE '^job_failing_streak +off in this catalogue' "$DIR/rules.txt"
claim "a rule that there is not is refused" refused 64 "$PROGRAM" alert test job_filed --catalogue "$DIR/catalogue.yaml"
finish
