#!/usr/bin/env bash
# What the recorded incidents of such systems need (docs/INCIDENTS.md), one after the other against one running system: the site answers for
# somebody else, shows posts late, logs out, is rebuilt, limits, is slow, is down; the database takes nothing. What must hold each time: one
# copy, no lost id, a class and a reason on the failed run, an alert, and everything goes on by itself.
. "$(dirname "$0")/lib.sh" "$1" incidents

STATE=$DIR/state
SPEED=300
start_world --speed 300
point

runtime() {
  start "run-$1" "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set content.submit_deadline=3s --set content.overdue_single=60d \
    --set settings.drain=5s "${@:2}"
  runtime=$started
  eventually 15 "$1: the runtime starts" grep -qs 'browser is ok' "$DIR/run-$1.out" || give_up "no runtime"
}

stop() {
  kill -TERM "$runtime"
  ended "$runtime" 45
}

posted() {
  sql "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified')"
}

posts_go_on() {
  sql_at_least "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified')" $(($1 + 1))
}

hits() {
  curl -sf -m 10 "$SITE/control/faults.json" >"$DIR/faults.json"
  [ "$(json "$DIR/faults.json" '$.faults[0].hits')" -ge "${1:-1}" ] 2>/dev/null
}

in_flight="SELECT COUNT(*) FROM content_metadata WHERE status IN ('posting', 'uncertain')"

# one_copy: what is on the site and what the rows say are the same, each once
one_copy() {
  site_state
  [ "$(sql "$STATE" "WITH site AS (SELECT json_extract(value, '\$.id') AS id, json_extract(value, '\$.text') AS text
      FROM json_each(CAST(readfile('$DIR/site.json') AS TEXT), '\$.posts') WHERE json_extract(value, '\$.id') NOT IN
      (SELECT json_extract(value, '\$.id') FROM json_each(CAST(readfile('$DIR/site-before.json') AS TEXT), '\$.posts')))
    SELECT (SELECT COUNT(*) - COUNT(DISTINCT text) FROM site) + (SELECT COUNT(*) FROM site WHERE id NOT IN
      (SELECT post_id FROM content_metadata WHERE post_id IS NOT NULL)) + (SELECT COUNT(*) FROM content_metadata
      WHERE status IN ('posted', 'verified') AND post_id NOT IN (SELECT id FROM site))")" = 0 ]
}

runtime first
eventually 40 "a first post" posts_go_on 0 || give_up "nothing is published"

# --- somebody else's answer: never adopted, the own post is found ---------------------------------------------------------------------

before=$(posted)
fault '{"target": "site", "kind": "swapped_response", "path": "/api/posts", "count": 1}'
eventually 60 "swapped response: it happens" hits
eventually 5 "it is refused by its text" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM events WHERE payload LIKE '%is not about this text: not adopted%'" 1
eventually 60 "the own post is adopted from the profile" sql_is "$STATE" "$in_flight" 0
faults_clear
claim "swapped response: one copy, with its own id" one_copy

# --- lost confirmation, and the post shows up late ------------------------------------------------------------------------------------

fault '{"target": "site", "kind": "late_visibility", "path": "/@", "delay_ms": 4000}'
fault '{"target": "site", "kind": "lost_confirmation", "path": "/api/posts", "count": 1}'
eventually 60 "lost confirmation: the row is uncertain" sql_at_least "$STATE" "$in_flight" 1
eventually 90 "the late post is found, and adopted" sql_is "$STATE" "$in_flight" 0
faults_clear
claim "late visibility: one copy" one_copy

# --- the site forgets the session -----------------------------------------------------------------------------------------------------

logins=$(json "$DIR/site.json" '$.logins')
before=$(posted)
fault '{"target": "site", "kind": "log_out", "path": "/compose", "count": 1}'
eventually 60 "log-out: it happens" hits
faults_clear
eventually 150 "it logs in again and posts go on" posts_go_on "$before"
site_state
claim "log-out: a new log-in, one" [ "$(json "$DIR/site.json" '$.logins')" -gt "$logins" ]

# --- another author answers for a post: nothing of it is stored -----------------------------------------------------------------------

fault '{"target": "site", "kind": "wrong_author", "path": "/post/"}'
eventually 60 "wrong author: the counters are rejected" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM events WHERE payload LIKE '%rejected: another author%'" 1
readings=$(sql "$STATE" "SELECT COUNT(*) FROM post_metrics")
rejected=$(sql "$STATE" "SELECT COUNT(*) FROM events WHERE payload LIKE '%rejected: another author%'")
eventually 60 "and again" sql_at_least "$STATE" "SELECT COUNT(*) FROM events WHERE payload LIKE '%rejected: another author%'" $((rejected + 2))
claim "nothing of it is stored" sql_is "$STATE" "SELECT COUNT(*) FROM post_metrics" "$readings"
faults_clear

# --- the site is rebuilt: drift is an alert with a kept page, not a silent zero -------------------------------------------------------

fault '{"target": "site", "kind": "layout_change", "path": "/compose"}'
# Without another row that is due a run ends well between the attempts of the only one; its third one comes three minutes after the second.
eventually 270 "layout change: posting fails for good, with the selector" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM job_runs WHERE job_name = 'posting' AND state = 'failed' AND error LIKE '%composer%'" 1 || {
  sql "$STATE" "SELECT status, COUNT(*), MAX(attempts), MAX(last_error) FROM content_metadata GROUP BY 1" | show
  sql "$STATE" "SELECT run, state, error_class, error FROM job_runs WHERE job_name = 'posting' ORDER BY run DESC LIMIT 6" | show
}
eventually 5 "an alert says so" sql_at_least "$STATE" "SELECT COUNT(*) FROM alerts WHERE rule = 'job_failed' AND job_name = 'posting'" 1
has_kept_page() {
  compgen -G "$STATE/failures/*publish*/page.png" >/dev/null
}
eventually 5 "the page is kept with the run" has_kept_page
before=$(posted)
faults_clear
eventually 150 "the site is as before: posts go on" posts_go_on "$before"
claim "layout change: nothing was lost or doubled" one_copy

# --- a slow composer is no failure ----------------------------------------------------------------------------------------------------

fails="SELECT COUNT(*) FROM job_runs WHERE job_name = 'posting' AND state = 'failed'"
failed=$(sql "$STATE" "$fails")
before=$(posted)
fault '{"target": "site", "kind": "delay", "path": "/api/posts", "delay_ms": 2000, "delay_max_ms": 7000}'
eventually 150 "slow composer: posts go on" posts_go_on $((before + 1))
faults_clear
claim "without a false failure" sql_is "$STATE" "$fails" "$failed"

# --- the site limits, then is down ----------------------------------------------------------------------------------------------------

fault '{"target": "site", "kind": "error429", "path": "/compose", "count": 2}'
eventually 60 "rate limited: it happens" hits
faults_clear
before=$(posted)
eventually 150 "and posts go on" posts_go_on "$before"
fault '{"target": "site", "kind": "error500"}'
eventually 90 "site down: runs fail with status and address" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM job_runs WHERE state = 'failed' AND error LIKE '%500%'" 1
upkeep="SELECT COUNT(*) FROM job_runs WHERE job_name = 'runtime_housekeeping' AND state = 'succeeded'"
eventually 10 "the upkeep goes on meanwhile" sql_at_least "$STATE" "$upkeep" $(($(sql "$STATE" "$upkeep") + 2))
before=$(posted)
faults_clear
eventually 200 "the site is back: posts go on" posts_go_on "$before"
eventually 150 "nothing stays in flight or uncertain" sql_is "$STATE" "$in_flight" 0
claim "one copy of everything" one_copy
stop
claim "the runtime drains and ends with 0" [ "$code" = 0 ]

# --- the database takes nothing after a publish, over two restarts ------------------------------------------------------------------

# The same post must not go out again while nobody can save that it did. Another process holds the database's write lock for the outage.
is_publishing() {
  sql_at_least "$STATE" "SELECT COUNT(*) FROM job_steps WHERE name = 'publish' AND state = 'running'" 1
}
runtime outage
site_state
out=$(json "$DIR/site.json" '$.posts_created')
fault '{"target": "site", "kind": "delay", "path": "/api/posts", "delay_ms": 2500}'
eventually 60 "outage: a post is under way" is_publishing
coproc HOLDER { sqlite3 "$STATE/signalbox.db"; }
holder=$HOLDER_PID
printf ".timeout 15000\nBEGIN IMMEDIATE;\nSELECT 'held';\n" >&"${HOLDER[1]}"
IFS= read -r -t 20 held <&"${HOLDER[0]}"
claim "the database takes nothing any more" [ "$held" = held ]
eventually 20 "the post goes out all the same" site_has_posts $((out + 1))
faults_clear
kill -KILL "$runtime"
ended "$runtime"
for start in 1 2; do
  start "run-outage-$start" "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set content.submit_deadline=3s
  steadily 3 "start $start meanwhile: nothing goes out" negated site_has_posts $((out + 2))
  kill -KILL "$started"
  ended "$started"
done
printf 'ROLLBACK;\n.quit\n' >&"${HOLDER[1]}"
eventually 10 "the database is back" is_gone "$holder"
before=$(posted)
runtime after
eventually 150 "posts go on" posts_go_on $((before + 1))
eventually 150 "nothing stays in flight or uncertain" sql_is "$STATE" "$in_flight" 0
stop
claim "database outage: exactly one copy, no id lost" one_copy

# --- a wrong password: it says what to do, and publishes nothing ----------------------------------------------------------------------

export SIGNALBOX_PRACTICE_PASSWORD=not-the-word-7f3a
STATE=$DIR/state-wrong
runtime wrong
eventually 60 "wrong password: the job fails" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM job_runs WHERE state = 'failed' AND job_name IN ('posting', 'session_monitor', 'reply_posting')" 1
eventually 5 "an alert names it" sql_at_least "$STATE" "SELECT COUNT(*) FROM alerts WHERE rule = 'job_failed'" 1
claim "the password is in no log and no row" negated grep -rqs 'not-the-word-7f3a' "$STATE"
stop
export SIGNALBOX_PRACTICE_PASSWORD=practice

# --- a profile that does not fit is told before anything is run ---------------------------------------------------------------------

json_of "$PROGRAM" site check practice --json "${pointed[@]}" --state-dir "$DIR/site-check"
claim "site check: every flow fits, exit 0" [ "$code" = 0 ]
fault '{"target": "site", "kind": "layout_change", "path": "/search"}'
json_of "$PROGRAM" site check practice --json "${pointed[@]}" --state-dir "$DIR/site-check"
claim "rebuilt: exit 1" [ "$code" = 1 ]
claim "it names the flow and the selector" grep -q '"flow":"search","state":"FAILED".*data-role' "$DIR/check.out"
faults_clear
claim "an unknown site is told, with 65" refused 65 "$PROGRAM" site check nowhere "${pointed[@]}" --state-dir "$DIR/site-check"
eventually 5 "no process is left behind" has_no_strays || strays | show
finish
