#!/usr/bin/env bash
# SIGHUP reads the configuration again, all or nothing: mistakes are told and nothing changes; what is new is told, the runtime drains and goes on
# with it, in the same process.
. "$(dirname "$0")/lib.sh" "$1" reload

STATE=$DIR/state
CATALOGUE=$DIR/catalogue.yaml
write() { # EVERY NAME...: a catalogue whose jobs are those, due that often
  local every=$1 name
  shift
  {
    printf 'catalogue: reloaded\nsettings: { drain: 5s }\npool: { lanes: { posting: 0, high: 0, low: 0 }, burst: 0, workers: 2 }\n'
    printf 'components: { browser: { used: false }, llm: { used: false } }\n'
    printf 'llm: { base_url: "http://127.0.0.1:1/v1", key: "file:%s" }\njobs:\n' "$DIR/key"
    printf '  repeat: { every: 1s, steps: [{ name: say, exec: { argv: [sh, "%s"] } }] }\n' "$DIR/said"
    for name in "$@"; do
      printf '  %s: { every: %s, steps: [{ name: look, check: { what: memory } }] }\n' "$name" "$every"
    done
  } >"$CATALOGUE"
}
listens() { # what systemd would hear
  exec python3 - "$DIR/notify" "$DIR/heard" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    with open(sys.argv[2], "ab") as out:
        out.write(s.recv(4096) + b"\n--\n")
PY
}
jobs_are() {
  "$PROGRAM" job list --json --catalogue "$CATALOGUE" --state-dir "$STATE" >"$DIR/jobs.json" 2>/dev/null &&
    [ "$(sqlite3 :memory: \
      "SELECT group_concat(json_extract(value, '\$.name'), ' ') FROM json_each(CAST(readfile('$DIR/jobs.json') AS TEXT))")" = "$1" ]
}

repeats() { # KEY: a job fails and says it
  printf 'echo the key is %s >&2\nexit 1\n' "$1" >"$DIR/said.new"
  mv "$DIR/said.new" "$DIR/said"
}
say_key() { # KEY: the key file holds it, and a job repeats it
  printf '%s' "$1" >"$DIR/key"
  repeats "$1"
}
told() { # WORDS: an event holds them
  sql_at_least "$STATE" "SELECT COUNT(*) FROM events WHERE payload LIKE '%$1%'" 1
}

say_key first-of-the-keys
chmod 600 "$DIR/key"
write 1s alpha beta
listens &
listener=$!
children+=("$listener")
wait_for 10 test -S "$DIR/notify" || give_up "no socket for the notices"
NOTIFY_SOCKET=$DIR/notify start run "$PROGRAM" run --catalogue "$CATALOGUE" --state-dir "$STATE"
runtime=$started
eventually 15 "it runs" jobs_are "repeat alpha beta" || give_up "no runtime: $(cat "$DIR/run.err")"
eventually 10 "a supervisor hears READY" grep -qs READY=1 "$DIR/heard"

kill -HUP "$runtime"
eventually 10 "the same configuration is no reason to begin anew" grep -q 'nothing to reload' "$DIR/run.err"

eventually 10 "a key that a job repeats is told as such" told '[redacted:llm.key]'
say_key second-of-the-keys
kill -HUP "$runtime"
eventually 10 "a key file that has changed is read by the same signal" grep -q 'a secret has another value now' "$DIR/run.err"
before=$(sql "$STATE" 'SELECT MAX(seq) FROM events')
redacted_after() {
  sql_at_least "$STATE" "SELECT COUNT(*) FROM events WHERE seq > $before AND payload LIKE '%redacted:llm.key%'" 2
}
eventually 10 "and kept out of what is told" redacted_after
claim "in no event stands the new key" sql_is "$STATE" \
  "SELECT COUNT(*) FROM events WHERE seq > $before AND payload LIKE '%second-of-the-keys%'" 0
repeats first-of-the-keys
before=$(sql "$STATE" 'SELECT MAX(seq) FROM events')
eventually 10 "the one before stays secret" redacted_after
claim "in no event stands the old key" sql_is "$STATE" "SELECT COUNT(*) FROM events WHERE payload LIKE '%first-of-the-keys%'" 0

printf '  gamma: { evry: 1s, steps: [] }\n' >>"$CATALOGUE"
kill -HUP "$runtime"
eventually 10 "a mistake is told with its place" grep -q "$CATALOGUE:10:" "$DIR/run.err"
eventually 10 "and that the old one goes on" grep -q 'is not reloaded' "$DIR/run.err"
claim "it does" is_alive "$runtime"
claim "with its jobs" jobs_are "repeat alpha beta"

write 2s alpha gamma
kill -HUP "$runtime"
eventually 20 "the new jobs are there" jobs_are "repeat alpha gamma"
claim "what was taken away is told" grep -q '^- jobs.beta.every: 1s$' "$DIR/run.err"
claim "what is new, and where" grep -q "^+ jobs.gamma.steps.look.name: look  (catalogue.yaml:9)" "$DIR/run.err" || show <"$DIR/run.err"
claim "what is different" grep -q '^~ jobs.alpha.every: 1s -> 2s  ' "$DIR/run.err"
claim "and nothing else" [ "$(grep -c '^[-+~] ' "$DIR/run.err")" = 7 ] || show <"$DIR/run.err"
claim "in the same process" is_alive "$runtime"
eventually 5 "a supervisor heard that it reloads" grep -q RELOADING=1 "$DIR/heard"
heard_ready_twice() {
  [ "$(grep -c READY=1 "$DIR/heard")" -ge 2 ]
}
eventually 10 "and that it is ready again" heard_ready_twice
claim "and not that it stops" negated grep -q STOPPING=1 "$DIR/heard"
eventually 20 "the new job runs" sql_at_least "$STATE" "SELECT COUNT(*) FROM job_runs WHERE job_name = 'gamma' AND state = 'succeeded'" 1
claim "no run was cut off" sql_is "$STATE" \
  "SELECT COUNT(*) FROM job_runs WHERE job_name <> 'repeat' AND state NOT IN ('succeeded', 'running', 'queued')" 0

kill -TERM "$runtime"
claim "then it drains as ever" ended "$runtime" 20
claim "and ends with 0" [ "$code" = 0 ]
eventually 5 "a supervisor heard that, too" grep -q STOPPING=1 "$DIR/heard"
claim "the journal has no hole" sql_is "$STATE" "SELECT MAX(seq) - MIN(seq) + 1 - COUNT(*) FROM events" 0
finish
