#!/usr/bin/env bash
# Three nodes on one PostgreSQL: one is active and lends a step to those that wait. A hand is killed, paused past its lease, stopped and called off,
# and the database is restarted, while the step runs; each run ends well and once.
. "$(dirname "$0")/lib.sh" "$1" hands
. "$(dirname "$0")/postgres.sh"
query postgres postgres "CREATE DATABASE signalbox OWNER signalbox"
LOCATION="postgresql://signalbox@/signalbox?host=$DIR/pg"
LEASE=3
NODES='a b c'
declare -A pid_of
mkdir "$DIR/begun"

# A step tells where it runs by its parent, and ends when its file is there.
cat >"$DIR/crunch" <<SCRIPT
#!/bin/sh
trap 'echo "\$PPID stopped" >>"$DIR/stopped"; exit 1' TERM
echo "\$PPID" >"$DIR/begun/\$1.new" && mv "$DIR/begun/\$1.new" "$DIR/begun/\$1.\$PPID"
until [ -e "$DIR/end-\$1" ] || [ ! -d "$DIR/begun" ]; do sleep 0.05; done
echo "{\"sum\": 6}"
SCRIPT
chmod +x "$DIR/crunch"
cat >"$DIR/hands.yaml" <<YAML
catalogue: hands
jobs:
  report:
    overlap: allow(4)
    steps:
      - name: read
        exec: {argv: [echo, '{"rows": 3}']}
      - name: crunch
        exec: {argv: ["$DIR/crunch", "{{run}}", "{{steps.read.json.rows}}"]}
        timeout: 60s
        node: any
YAML

run_node() { # NODE OPTION...
  local node=$1
  shift
  start "$node" "$PROGRAM" run --standby --state-dir "$DIR/$node" --catalogue "$DIR/hands.yaml" --set "settings.store=$LOCATION" \
    --set "settings.lease=${LEASE}s" --set settings.drain=5s --set "settings.node=$node" --set settings.hands=1 "$@"
  pid_of[$node]=$started
}
owner() {
  sql - "SELECT COALESCE(node, '') FROM node_lease" 2>/dev/null
}
hands_are() { # COUNT
  sql_is - "SELECT COUNT(*) FROM node_hands" "$1"
}
json_from() { # NODE PATH: the answer in answer
  curl -s -m 5 -o "$DIR/answer" -w '%{http_code}' --unix-socket "$DIR/$1/signalbox.sock" "http://localhost$2"
}
answers() {
  [ "$(json_from "$1" /v1/jobs)" = 200 ]
}
force() { # a run; its number is in $run
  local before
  before=$(sql - "SELECT COALESCE(MAX(run), 0) FROM job_runs")
  start force "$PROGRAM" job run report --state-dir "$DIR/$active"
  ended "$started" || show <"$DIR/force.err"
  wait_for 10 sql_at_least - "SELECT COALESCE(MAX(run), 0) FROM job_runs" $((before + 1))
  run=$(sql - "SELECT MAX(run) FROM job_runs")
}
begun_in() { # NODE: the run's step runs there
  [ -e "$DIR/begun/$run.${pid_of[$1]}" ]
}
has_ended_once() {
  sql_is - "SELECT COUNT(*) FROM events WHERE kind = 'step_ended' AND run = $run AND payload LIKE '%\"step\":1,%'" 1
}
has_succeeded() {
  sql_is - "SELECT state FROM job_runs WHERE run = $run" succeeded
}
ends_once() { # TEXT: the core has heard of one good end of that step, and of nothing else
  touch "$DIR/end-$run"
  eventually 20 "$1" has_succeeded || show_last
  claim "... once" has_ended_once
  claim "... and nothing stays lent" sql_is - "SELECT COUNT(*) FROM lent_steps" 0
}
show_last() {
  local node
  for node in $NODES; do
    note "$node:"
    tail -n 8 "$DIR/$node.err" | show
  done
  sql - "SELECT fence, state, node, token, is_called_off FROM lent_steps" | show
  sql - "SELECT run, state FROM job_runs" | show
}
others() { # the nodes that live and wait
  local node
  for node in $NODES; do [ "$node" = "$active" ] || [ -z "${pid_of[$node]}" ] || printf '%s ' "$node"; done
}
runs_elsewhere() { # another node than the active one and those named
  hand=$(runner_but "$@") && [ "$hand" != "$active" ]
}
runner_but() { # NODE...: who has begun the step, but those
  local node
  for node in $NODES; do
    case " $* " in *" $node "*) continue ;; esac
    [ -n "${pid_of[$node]}" ] && begun_in "$node" && printf '%s' "$node" && return
  done
  return 1
}

# --- a step runs on another node -----------------------------------------------------------------------------------------------------

for node in $NODES; do run_node "$node"; done
eventually 20 "one is active, the others offer their hands" hands_are 2 || { show_last; finish; }
active=$(owner)
eventually 20 "it answers" answers "$active"
force
eventually 10 "the step runs on another node" runs_elsewhere || { show_last; finish; }
start list "$PROGRAM" node list --state-dir "$DIR/$active"
ended "$started"
claim "node list shows what that one runs" grep -qE "^$hand +standby .* report/crunch" "$DIR/list.out" || show <"$DIR/list.out"
claim "and that the active one lends it" grep -qE "^$active +active " "$DIR/list.out"
claim "the API tells it" [ "$(json_from "$active" /v1/nodes)" = 200 ] && grep -q '"lent":1' "$DIR/answer" || show <"$DIR/answer"
ends_once "its answer is the run's"
claim "the run's log names the node" sql_at_least - "SELECT COUNT(*) FROM events WHERE payload LIKE '%runs on node $hand%'" 1
claim "its output came back" sql_is - "SELECT COUNT(*) FROM step_outputs WHERE run = $run AND output LIKE '%\"sum\"%'" 1
has_done() { sql_is - "SELECT done FROM node_hands WHERE node = '$hand'" 1; }
eventually 5 "and its node counts it" has_done

# --- called off ----------------------------------------------------------------------------------------------------------------------

force
eventually 10 "another one runs" runs_elsewhere || show_last
start cancel "$PROGRAM" run cancel "$run" --yes --state-dir "$DIR/$active"
ended "$started"
is_cancelled() { sql_is - "SELECT state FROM job_runs WHERE run = $run" cancelled; }
eventually 10 "cancelled here" is_cancelled || show_last
claim "... the program was stopped there" grep -qs "^${pid_of[$hand]} stopped" "$DIR/stopped"
claim "... and its row is gone" sql_is - "SELECT COUNT(*) FROM lent_steps" 0

# --- kill -9 -------------------------------------------------------------------------------------------------------------------------

force
eventually 10 "a step runs elsewhere" runs_elsewhere || show_last
first=$hand
kill -KILL "${pid_of[$first]}"
begun=$(now_ms)
ended "${pid_of[$first]}"
eventually $((LEASE + 2)) "after kill -9 of $first another node has it" runs_elsewhere "$first" || show_last
note "$hand runs it $(($(now_ms) - begun)) ms after the kill"
ends_once "the run succeeds"
pid_of[$first]=''
run_node "$first"
eventually 20 "$first is back and offers its hand" hands_are 2 || show_last

# --- paused for longer than the lease --------------------------------------------------------------------------------------------------

force
eventually 10 "a step runs elsewhere" runs_elsewhere || show_last
first=$hand
kill -STOP "${pid_of[$first]}"
eventually $((LEASE + 2)) "while $first is paused another node begins it" runs_elsewhere "$first" || show_last
ends_once "the run succeeds while $first sleeps" # the program of the paused node has ended too
kill -CONT "${pid_of[$first]}"
eventually 10 "$first wakes: what it says does not count" grep -q 'does not count' "$DIR/$first.err" || show_last
claim "... and the core has still heard of one end" has_ended_once

# --- a clean stop, and the database ------------------------------------------------------------------------------------------------------

eventually 10 "both offer their hands" hands_are 2
force
eventually 10 "a step runs elsewhere" runs_elsewhere || show_last
first=$hand
kill -TERM "${pid_of[$first]}"
eventually 5 "$first is stopped: it gives the step back" runs_elsewhere "$first" || show_last
claim "... and ends with 0" ended "${pid_of[$first]}" 10 && [ "$code" = 0 ]
pid_of[$first]=''
claim "... its program is over" grep -qs stopped "$DIR/stopped"
stop_postgres INT
start_postgres
ends_once "the server was restarted meanwhile: the run succeeds"

# --- nobody there, and the active node ---------------------------------------------------------------------------------------------------

for node in $(others); do
  kill -TERM "${pid_of[$node]}"
  ended "${pid_of[$node]}"
  pid_of[$node]=''
done
force
here() { begun_in "$active"; }
eventually 5 "without other nodes it runs here" here || show_last
ends_once "as ever"
for node in $NODES; do [ "$node" = "$active" ] || run_node "$node"; done
eventually 20 "both wait again" hands_are 2
force
eventually 10 "a step runs elsewhere" runs_elsewhere || show_last
stopped=$(wc -l <"$DIR/stopped")
kill -KILL "${pid_of[$active]}"
ended "${pid_of[$active]}"
pid_of[$active]=''
was_stopped() { [ "$(wc -l <"$DIR/stopped")" -gt "$stopped" ]; }
eventually $((LEASE + 10)) "the active one is killed: what it lent ends" was_stopped || show_last
nothing_lent() { sql_is - "SELECT COUNT(*) FROM lent_steps" 0; }
eventually $((LEASE + 10)) "... and its rows" nothing_lent || show_last
for node in $NODES; do
  [ -n "${pid_of[$node]}" ] || continue
  kill -TERM "${pid_of[$node]}"
  claim "$node ends with 0" ended "${pid_of[$node]}" 20 && [ "$code" = 0 ]
done
claim "nobody offers anything" sql_is - "SELECT COUNT(*) FROM node_hands" 0
eventually 5 "no process is left behind" has_no_strays || strays | show
finish
