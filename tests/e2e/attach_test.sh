#!/bin/bash
# Consoles on a running runtime: several at once, one writes; detaching, losing the runtime and finding it again; nothing that happens to a
# console reaches the jobs.
#   attach_test.sh PROGRAM
. "$(dirname "$0")/lib.sh" "$1" attach

STATE=$DIR/state
SOCKET=$STATE/signalbox.sock

start_runtime() {
  start runtime "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}"
  runtime=$started
}

answers() {
  "$PROGRAM" status --state-dir "$STATE" >/dev/null 2>&1
  [ $? -le 2 ]
}

# A console is a window of the terminal; its process id is in NAME.pid, how it ended in NAME.exit.
# console NAME COMMAND...
console() {
  local name=$1
  shift
  tmux_do kill-window -t ":$name" 2>/dev/null # an earlier console of that name, which has ended
  rm -f "$DIR/$name.pid" "$DIR/$name.exit"
  {
    printf 'sh -c '\''echo $$ >"$0"; exec "$@"'\'' %q' "$DIR/$name.pid"
    printf ' %q' "$@"
    printf '\necho $? >%q; exec cat\n' "$DIR/$name.exit"
  } >"$DIR/$name.sh"
  tmux_do new-window -d -n "$name" "exec bash --norc --noprofile $DIR/$name.sh" || give_up "no window for console $name"
  wait_for 20 test -s "$DIR/$name.pid" || give_up "console $name does not start"
}

pid_of() {
  cat "$DIR/$1.pid"
}

text_of() {
  tmux_do capture-pane -p -t ":$1" 2>/dev/null
}

# shows NAME PATTERN
shows() {
  text_of "$1" | grep -qE -- "$2"
}

# For claims that fail: what the consoles show.
picture() {
  local name
  for name in a b; do
    note "console $name:"
    text_of $name | show 14
  done
}

# press NAME KEY...
press() {
  local name=$1 key
  shift
  for key; do
    tmux_do send-keys -t ":$name" "$key"
    tick 0.1
  done
}

# yes_in NAME: as answer() of lib.sh
yes_in() {
  wait_for 20 shows "$1" '\[y\] yes' || return 1
  tick 0.3
  local tries=0
  while shows "$1" '\[y\] yes' && [ $((tries += 1)) -le 20 ]; do
    press "$1" y
    wait_for 1 negated shows "$1" '\[y\] yes' || true
  done
  ! shows "$1" '\[y\] yes'
}

consoles_are() {
  [ "$(curl -sf -m 5 --unix-socket "$SOCKET" http://localhost/v1/consoles | grep -o '"name"' | wc -l)" = "$1" ]
}

runs_are_more_than() {
  sql_at_least "$STATE" "SELECT COUNT(*) FROM job_runs" $(($1 + 1))
}

# --- before there is a runtime ------------------------------------------------------------------------------------------------------

claim "attach without a runtime is refused, and says what to do" refused 69 "$PROGRAM" attach --state-dir "$DIR/nowhere"
claim "so is a socket that is none" refused 69 "$PROGRAM" attach "$DIR/none.sock"

start_world
point
start_runtime
wait_for 20 answers || give_up "the runtime does not start: $(cat "$DIR/runtime.err")"
in_terminal 120x40 cat

# --- two consoles ---------------------------------------------------------------------------------------------------------------------

console a "$PROGRAM" attach --state-dir "$STATE"
eventually 10 "a console shows the running runtime" shows a 'practice/.* LIVE .*WRITER'
console b "$PROGRAM" attach "$SOCKET"
eventually 10 "a second one, by its socket, watches" shows b 'practice/.* LIVE .*VIEWER'
press a / p l a n Enter p
eventually 5 "what one does it shows" shows a '^>PAUS= plan '
eventually 5 "and the other one too" shows b 'PAUS= plan '
press b / p l a n Enter p
eventually 5 "a viewer acts on nothing and is told who writes" shows b 'viewer: .* pid [0-9]+ writes; W takes over'
press b W
claim "taking over asks first" yes_in b
eventually 5 "then it writes" shows b ' WRITER'
eventually 5 "and the other one watches" shows a ' VIEWER'

press a Enter
eventually 10 "a job's definition comes from the runtime, with its places" shows a 'growth.yaml:[0-9]+|1-[0-9]+/[4-9][0-9]'
press a Enter
eventually 10 "its runs too" shows a 'runs of plan .*newest [0-9]+|the store has no run of it'
press a q q L
eventually 10 "and who did what" shows a 'pause_job +plan +ok'
press a q

# --- captures -------------------------------------------------------------------------------------------------------------------------

newest_bundle() {
  find "$STATE/incidents" -mindepth 1 -maxdepth 1 -type d -name 'INC-*' 2>/dev/null | sort | tail -n 1
}
has_bundle() {
  [ -n "$(newest_bundle)" ]
}
is_whole() { # BUNDLE
  grep -qE '^jobs\..*  # .*growth\.yaml:[0-9]+:[0-9]+$' "$1/config" && grep -qE '^settings\..*  # --set' "$1/config" &&
    ! grep -q '^- config' "$1/README.txt" && ! grep -q 'FILES DIFFER' "$1/config"
}
press a C
eventually 10 "C in an attached console writes a bundle beside the runtime's state" has_bundle
claim "with the configuration as the runtime has it: each value with its place, its flags too" is_whole "$(newest_bundle)" ||
  show <"$(newest_bundle)/README.txt"
claim "the command alone does, without being told the catalogue" eval \
  'made=$("$PROGRAM" incident --state-dir "$STATE" 2>"$DIR/incident.err") && is_whole "$made"' || show <"$DIR/incident.err"
curl -sf -m 5 --unix-socket "$SOCKET" http://localhost/v1/status >"$DIR/status.json"
claim "status says where the past is" [ "$(json "$DIR/status.json" '$.recordings')" = "$STATE/recordings" ]

# --- detaching ------------------------------------------------------------------------------------------------------------------------

before=$(sql "$STATE" "SELECT COUNT(*) FROM job_runs")
press b Q
eventually 5 "leaving detaches at once" shows b '^detached; jobs go on'
eventually 5 "with exit code 0" grep -qsx 0 "$DIR/b.exit"
eventually 30 "the jobs go on" runs_are_more_than "${before:-0}"
eventually 5 "and nobody was made the writer unasked" shows a ' VIEWER'
console b "$PROGRAM" --state-dir "$STATE"
eventually 10 "the plain command attaches to what runs already, and writes" shows b ' LIVE .*WRITER'

press b 6 z
eventually 5 "its log begins before it" shows b 'plan .*paused|paused plan'
press b z 1

# --- losing the runtime, and finding it again -----------------------------------------------------------------------------------------

kill -KILL "$runtime"
ended "$runtime"
eventually 10 "a runtime that is killed is LOST, in one" shows a ' LOST [0-9]+s'
eventually 10 "and in the other console" shows b ' LOST [0-9]+s'
claim "their picture stays" shows a 'PAUS= plan '
press a '?'
eventually 5 "and so do their keys" shows a 'Help'
press a q
press b \\ / p l a n Enter p
eventually 5 "a command says that it was not sent" shows b 'not sent: resume_job plan'
start_runtime
eventually 30 "a runtime that is back is found by one" shows a ' LIVE '
eventually 30 "and by the other, which writes again" shows b ' LIVE .*WRITER'
eventually 10 "with the state that the runtime remembers" shows a 'PAUS= plan '
press b p
eventually 5 "and commands go through" shows b '-> ok: resumed plan'
eventually 5 "to both" negated shows a 'PAUS= plan '

# --- what a console weighs, and what its death costs ----------------------------------------------------------------------------------

for name in a b; do
  note "console $name: $(grep -E '^VmRSS' "/proc/$(pid_of $name)/status" | tr -s '\t ' ' '), private $(
    awk '/^Private_Dirty/ { sum += $2 } END { print sum }' "/proc/$(pid_of $name)/smaps_rollup") kB"
done
claim "two consoles have seats" consoles_are 2
kill -KILL "$(pid_of b)"
eventually 5 "the seat of a console that is killed is free" consoles_are 1
claim "and the runtime lives" is_alive "$runtime"
before=$(sql "$STATE" "SELECT COUNT(*) FROM job_runs")
eventually 30 "its jobs go on" runs_are_more_than "${before:-0}"
kill -TERM "$(pid_of a)"
eventually 5 "a console that is asked to end detaches" shows a '^detached; jobs go on'
kill -TERM "$runtime"
ended "$runtime" 40
claim "the runtime stops as it was told" [ "$code" = 0 ]
close_terminal
eventually 10 "nothing is left running" has_no_strays
finish
