#!/usr/bin/env bash
# The past: a console rewinds to before a fault, changes nothing there and comes back; the same from a recording without a runtime, from an attached
# console and from a simulation.
. "$(dirname "$0")/lib.sh" "$1" replay

STATE=$DIR/state
WORKS=$DIR/works
touch "$WORKS"
cat >"$DIR/mine.yaml" <<END
catalogue: mine
alerts: { rules: { job_failing_streak: { off: true } } } # which comes second when the script takes long
jobs:
  looks:
    every: 2s
    steps:
      - name: look
        exec: { argv: [test, -e, $WORKS] }
  counts:
    every: 3s
    steps:
      - name: count
        exec: { argv: [pwd] }
END
mine=(--catalogue "$DIR/mine.yaml" --state-dir "$STATE")

go_to() { # go_to WHEN: by the prompt of @
  keys '@'
  typed "$1"
  keys Enter
}

# --- the console with its runtime -------------------------------------------------------------------------------------------------

in_terminal 120x40 "$PROGRAM" console "${mine[@]}"
eventually 15 "the job works" job_is looks OK || give_up "no console"
eventually 15 "a while is recorded" sql_at_least "$STATE" "SELECT COUNT(*) FROM job_runs WHERE job_name = 'looks' AND state = 'succeeded'" 3
before=$(date -u +%H:%M:%S)
tick 1.1
rm "$WORKS"
eventually 15 "the fault: it fails" job_is looks 'FAIL!'
eventually 10 "and that is an alert" line_has 2 'ALERT [1-9]/[1-9]'
is_recorded() {
  grep -q '"kind":"alert_raised"' "$STATE"/recordings/*.jsonl
}
eventually 5 "and recorded" is_recorded
keys '{'
eventually 5 "{ goes to a change: line 1 says PAST and when" line_has 1 ' PAST [0-9]{2}:[0-9]{2}:[0-9]{2}Z '
keys F
eventually 5 "F is live" line_has 1 ' LIVE '
go_to alert
eventually 5 "@ alert goes to the past" line_has 1 ' PAST [0-9]{2}:[0-9]{2}:[0-9]{2}Z '
eventually 5 "where the last alert was raised" screen_has 'alert 1 job_failed'
eventually 5 "the job fails there" job_is looks 'FAIL!'
go_to "$before"
eventually 5 "@ goes to a time before it" line_has 1 " PAST ${before}Z "
eventually 5 "no alert, nothing failed" line_has 2 'FAIL 0 .* ALERT 0/0'
keys '['
eventually 5 "[ goes on back" negated line_has 1 " PAST ${before}Z "
keys p
eventually 5 "an action is refused there" line_has -2 'refused: PAUSE changes nothing in the past'
keys '!'
eventually 5 "and another one" line_has -2 'refused: FORCE changes nothing in the past'
claim "nothing was paused" sql_is "$STATE" "SELECT COUNT(*) FROM jobs WHERE is_paused" 0
keys '}'
eventually 5 "} goes forward to a change" line_has -2 '(failed|alert|is ok)'
go_to x60
eventually 20 "played forward it meets the present again" line_has 1 ' LIVE '
keys '['
eventually 5 "[ from the present" line_has 1 ' PAST '
keys F
eventually 5 "F is live again" line_has 1 ' LIVE '
eventually 5 "with the failure" job_is looks 'FAIL!'
go_to 23h59m
eventually 5 "what is no time is told" line_has -2 'expected 14:02'
touch "$WORKS"
eventually 15 "the fault is over" job_is looks OK
keys Q
claim "Q asks, y leaves" answer y 'Leave: drain and stop'
eventually 40 "the program ends" has_ended || give_up "the program does not leave"
claim "with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
claim "the recordings are the owner's alone" [ "$(stat -c %a "$STATE/recordings" "$STATE"/recordings/*.jsonl | sort -u | tr '\n' ' ')" = "600 700 " ]
close_terminal

# --- a recording without a runtime ------------------------------------------------------------------------------------------------

in_terminal 120x40 "$PROGRAM" replay --state-dir "$STATE"
eventually 5 "replay shows the end of what was recorded" line_has 1 '^SIGNALBOX recording/.* PAST .* VIEWER' || give_up "no replay"
eventually 5 "where the jobs are" job_is looks '(OK|RUN)'
go_to alert
eventually 5 "the alert is in it" screen_has 'alert 1 job_failed'
eventually 5 "and the failure" job_is looks 'FAIL!'
keys p
eventually 5 "nothing can be changed" line_has -2 'refused: PAUSE changes nothing in a recording'
keys F
eventually 5 "there is no present" line_has -2 'this is a recording'
keys Q
eventually 5 "Q leaves at once" has_ended
claim "with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
close_terminal

# --- an attached console ----------------------------------------------------------------------------------------------------------

start run "$PROGRAM" run "${mine[@]}"
answers() {
  "$PROGRAM" status --state-dir "$STATE" >/dev/null 2>&1
  [ $? -le 2 ]
}
eventually 15 "a runtime without a console starts" answers
in_terminal 120x40 "$PROGRAM" attach --state-dir "$STATE"
eventually 15 "a console attaches" line_has 1 ' LIVE '
keys '['
eventually 5 "it rewinds in the recordings of the runtime" line_has 1 ' PAST '
go_to alert
eventually 5 "also to before the runtime's start" screen_has 'alert 1 job_failed'
keys q
eventually 5 "q is live again" line_has 1 ' LIVE '
keys Q
eventually 5 "and it detaches" has_ended
close_terminal
kill -TERM "$started"
claim "the runtime ends" ended "$started" 40

# --- a simulation -----------------------------------------------------------------------------------------------------------------

simulated() {
  "$PROGRAM" simulate --hours 6 --faults heavy --record "$DIR/simulated.jsonl" >/dev/null
}
claim "a simulation is recorded" simulated
in_terminal 80x24 "$PROGRAM" replay "$DIR/simulated.jsonl" --at 2026-01-05T03:30
eventually 5 "and replayed, from the time that was asked for" line_has 1 ' PAST 2026-01-05T03:30:00Z'
eventually 5 "with its jobs" line_has 2 '^29 jobs|^FAIL'
keys '}'
eventually 5 "} finds what went wrong after it" line_has -2 'PAST .* 0[3-6]:[0-9]{2}:[0-9]{2}Z'
keys Q
eventually 5 "Q leaves" has_ended
close_terminal
sed -i '2s/.*/{"seq":/' "$DIR/simulated.jsonl"
in_terminal 120x40 "$PROGRAM" replay "$DIR/simulated.jsonl" --at 2026-01-05T00:01
eventually 5 "a damaged line is named" line_has -2 '1 line of the recording is passed over: simulated.jsonl:2: '
keys Q
eventually 5 "Q leaves it too" has_ended
close_terminal
claim "what is no recording is refused with 65" refused 65 "$PROGRAM" replay "$GROWTH"
claim "and what is not there" refused 65 "$PROGRAM" replay "$DIR/nothing.jsonl"
claim "a time that is none is refused with 64" refused 64 "$PROGRAM" replay "$DIR/simulated.jsonl" --at noon
eventually 5 "no process is left behind" has_no_strays
finish
