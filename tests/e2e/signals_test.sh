#!/usr/bin/env bash
# Ends by signal: a drain, a hurried drain, a terminal that goes away, and what the next start finds after kill -9.
. "$(dirname "$0")/lib.sh" "$1" signals

STATE=$DIR/state
SPEED=90
start_world
point

run() {
  start run "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" "$@"
  runtime=$started
}

printed() {
  grep -qE -- "$1" "$DIR/run.out"
}

open_runs() {
  sql "$STATE" "SELECT COUNT(*) FROM job_runs WHERE ended_at_ms IS NULL AND state IN ('running', 'stopping')"
}

# --- SIGTERM ----------------------------------------------------------------------------------------------------------------------

run
eventually 15 "the runtime starts" printed 'browser is ok' || give_up "no runtime"
kill -TERM "$runtime"
claim "SIGTERM ends it" ended "$runtime" 40
claim "with exit code 0" [ "$code" = 0 ]
claim "it says that it drained" printed 'drained'
claim "no run is left open" [ "$(open_runs)" = 0 ]
eventually 5 "no process is left behind" has_no_strays || strays | show

# --- SIGTERM while a post is under way, then the next start -----------------------------------------------------------------------

fault '{"target": "site", "kind": "delay", "path": "/api/posts", "delay_ms": 1500}'
run
is_publishing() {
  sql_at_least "$STATE" "SELECT COUNT(*) FROM job_steps WHERE name = 'publish' AND state = 'running'" 1
}
eventually 60 "a post is under way" is_publishing || give_up "nothing is published"
kill -TERM "$runtime"
claim "SIGTERM meanwhile ends it too" ended "$runtime" 40
claim "with exit code 0" [ "$code" = 0 ]
claim "the running step came to its end: its receipt is there" \
  sql_at_least "$STATE" "SELECT COUNT(*) FROM job_steps WHERE name = 'publish' AND state = 'succeeded'" 1
claim "no run is left as running" [ "$(open_runs)" = 0 ]
faults_clear
posted=$(site_state; json "$DIR/site.json" '$.posts_created')
claim "the post is on the site" [ "$posted" = 1 ]
run
eventually 30 "the next start brings its row to an end" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified') AND post_id = '$(json "$DIR/site.json" '$.posts[0].id')'" 1

# --- a second SIGTERM hurries -----------------------------------------------------------------------------------------------------

# A step that takes very long: the profile pages of the account do not answer for a minute.
fault '{"target": "site", "kind": "delay", "path": "/post/", "delay_ms": 60000}'
is_reading() {
  sql_at_least "$STATE" "SELECT COUNT(*) FROM job_steps WHERE name = 'read' AND state = 'running'" 1
}
eventually 60 "a long step runs" is_reading
before=$(now_ms)
kill -TERM "$runtime"
eventually 5 "the first SIGTERM drains" printed 'drain'
steadily 2 "and waits for the step" is_alive "$runtime"
kill -TERM "$runtime"
claim "the second SIGTERM hurries it" ended "$runtime" 15
note "ended $(($(now_ms) - before)) ms after the first signal; the drain alone may take 30 s"
claim "with exit code 0" [ "$code" = 0 ]
claim "no run is left as running" [ "$(open_runs)" = 0 ]
claim "every lease was given back" sql_is "$STATE" "SELECT COUNT(*) FROM leases WHERE released_at_ms IS NULL" 0
eventually 5 "no process is left behind" has_no_strays || strays | show
faults_clear

# --- SIGHUP: the terminal goes away -----------------------------------------------------------------------------------------------

in_terminal 80x24 "$PROGRAM" console --state-dir "$STATE" "${pointed[@]}"
eventually 10 "the console stands" screen_has '#2 +IDLE' || give_up "no console"
pid=$(console_pid)
kill -HUP "$pid"
eventually 40 "SIGHUP ends the console" has_ended
claim "with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
claim "the terminal has its modes again" cmp -s "$DIR/stty-before" "$DIR/stty-after"
claim "no run is left as running" [ "$(open_runs)" = 0 ]
eventually 5 "no process is left behind" has_no_strays || strays | show
close_terminal

in_terminal 80x24 "$PROGRAM" console --state-dir "$STATE" "${pointed[@]}"
eventually 10 "another console stands" screen_has '#2 +IDLE'
pid=$(console_pid)
close_terminal # the pane is gone, and with it the terminal
eventually 40 "without its terminal the console ends by itself" is_gone "$pid" || kill -KILL "$pid"
eventually 5 "no process is left behind" has_no_strays || strays | show
claim "no run is left as running" [ "$(open_runs)" = 0 ]

# --- kill -9 of the console -------------------------------------------------------------------------------------------------------

in_terminal 80x24 "$PROGRAM" console --state-dir "$STATE" "${pointed[@]}"
eventually 10 "a third console stands" screen_has '#2 +IDLE'
browser=$(browser_of "$STATE")
kill -KILL "$(console_pid)"
eventually 10 "kill -9 ends the console" has_ended
run
eventually 15 "the next start comes up" printed 'browser is ok'
eventually 5 "the browser of the killed one is gone" is_gone "$browser"
claim "there is a new one" is_alive "$(browser_of "$STATE")"
kill -INT "$runtime"
claim "SIGINT drains like SIGTERM" ended "$runtime" 40
claim "with exit code 0" [ "$code" = 0 ]
eventually 5 "no process is left behind" has_no_strays || strays | show
claim "no browser profile is left behind" [ "$(profile_count)" = 0 ]
finish
