#!/usr/bin/env bash
# The whole catalogue with its store on a real PostgreSQL of its own, while sessions are ended, the server is restarted and stays away for a
# while. In the end no row is lost, every row has exactly one post, and the store's trouble was one incident.
. "$(dirname "$0")/lib.sh" "$1" postgres

STATE=$DIR/state
SPEED=120

. "$(dirname "$0")/postgres.sh"

end_sessions() {
  query postgres postgres "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'signalbox pid%'"
}

query postgres postgres "CREATE DATABASE signalbox OWNER signalbox"
printf 'right horse\n' >"$DIR/password" # which nobody asks for, and nobody may show
LOCATION="postgresql://signalbox@/signalbox?host=$DIR/pg&password=file:$DIR/password"

# --- the commands -----------------------------------------------------------------------------------------------------------------

start_world --speed "$SPEED"
point
pointed+=(--set "settings.store=$LOCATION")
on_store() { # NAME COMMAND...: its output in NAME.out and NAME.err, its exit code in `code`
  local name=$1
  shift
  start "$name" "$PROGRAM" "$@" "${pointed[@]}" --state-dir "$STATE"
  ended "$started" 60
}
on_store migrate db migrate
claim "db migrate makes the schema" [ "$code" = 0 ] || show <"$DIR/migrate.err"
on_store status db status
claim "db status finds it" grep -q '^postgresql://signalbox@/signalbox.*: ok' "$DIR/status.out"
claim "config check refuses a location that makes no sense" refused 78 "$PROGRAM" config check "$GROWTH" --set "settings.store=mysql://x"
claim "and says how it should be" grep -q 'postgresql://USER@HOST' <<<"$said"
claim "and one that holds a password" refused 78 "$PROGRAM" config check "$GROWTH" --set "settings.store=postgresql://u:right horse@x/db"
claim "without showing it" negated grep -q horse <<<"$said"
json_of "$PROGRAM" check --json "${pointed[@]}" --state-dir "$DIR/check"
claim "check finds everything: exit 0" [ "$code" = 0 ] || show <"$DIR/check.err"

# --- the catalogue ----------------------------------------------------------------------------------------------------------------

start run "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}"
runtime=$started
eventually 20 "the runtime starts" grep -qs 'browser is ok' "$DIR/run.out" || give_up "no runtime: $(cat "$DIR/run.err")"
claim "a second runtime on the same database is refused with 75" \
  refused 75 "$PROGRAM" run "${pointed[@]}" --state-dir "$DIR/other"
claim "and who has it is said" grep -q 'is in use by node ' <<<"$said"
jobs=$(sed -n '/^jobs:/,$s/^  \([a-z_]*\):$/\1/p' "$GROWTH" | wc -l)
eventually 240 "every job of the catalogue has run and succeeded" sql_at_least "$STATE" \
  "SELECT COUNT(DISTINCT job_name) FROM job_runs WHERE state = 'succeeded'" "$jobs" ||
  sql "$STATE" "SELECT job_name, state, error_class, error FROM job_runs WHERE job_name NOT IN
    (SELECT job_name FROM job_runs WHERE state = 'succeeded')" | show
claim "and no statement was refused" sql_is "$STATE" "SELECT COUNT(*) FROM job_steps WHERE text LIKE '%refused%' OR text LIKE '%(42%'" 0 ||
  sql "$STATE" "SELECT name, text FROM job_steps WHERE text LIKE '%refused%' OR text LIKE '%(42%' LIMIT 10" | show
note "after $SECONDS s"
for table in post_metrics collected_posts reply_opportunities discovered_accounts follower_snapshots analyses insights performance bandit_arms; do
  eventually 90 "$table grows" sql_at_least "$STATE" "SELECT COUNT(*) FROM $table" 1
done
claim "no alert of the store so far" sql_is "$STATE" "SELECT COUNT(*) FROM alerts WHERE component = 'store'" 0
on_store backup db backup "$DIR/backup.dump"
claim "db backup copies it beside the running program" [ "$code" = 0 ] || show <"$DIR/backup.err"
claim "and the copy holds the journal" grep -q 'TABLE DATA public events' <("$PG/pg_restore" --list "$DIR/backup.dump")
claim "an existing file is not replaced" refused 75 "$PROGRAM" db backup "$DIR/backup.dump" "${pointed[@]}" --state-dir "$STATE"

# --- faults -----------------------------------------------------------------------------------------------------------------------

sql "$STATE" "SELECT decision_id FROM content_metadata ORDER BY 1" >"$DIR/rows-before"
claim "there are rows that could be lost" [ -s "$DIR/rows-before" ]
posts_out() {
  sql "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified', 'archived')"
}
more_posts() { # SECONDS TEXT: one more than now
  local now
  now=$(posts_out)
  eventually "$1" "$2" sql_at_least "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified', 'archived')" \
    $((now + 1)) || why_no_posts
}
# What a post needs, each as it is now.
why_no_posts() {
  local command
  for command in "job why posting" "job why plan" "status" "alert list" "budget show" "site breakers"; do
    # shellcheck disable=SC2086 # its words
    on_store why $command
    { printf '%s:\n' "$command" && cat "$DIR/why.out" "$DIR/why.err"; } | show 12
  done
  sql "$STATE" "SELECT status, COUNT(*), to_timestamp(MIN(scheduled_at_ms) / 1000), to_timestamp(MAX(posted_at_ms) / 1000), NOW()
    FROM content_metadata GROUP BY 1" | show
  sql "$STATE" "SELECT id, state, error_class, error, to_timestamp(queued_at_ms / 1000) FROM job_runs WHERE job_name IN ('posting', 'plan')
    ORDER BY id DESC LIMIT 12" | show
  sql "$STATE" "SELECT name, state, text FROM job_steps WHERE run_id IN (SELECT id FROM job_runs WHERE job_name IN ('posting', 'plan')
    ORDER BY id DESC LIMIT 6)" | show
}
for ((round = 0; round < 20; round++)); do
  end_sessions >/dev/null
  tick 0.3
done
more_posts 150 "after sessions were ended twenty times posts go on"
stop_postgres QUIT
start_postgres
more_posts 150 "after a crash of the server posts go on"
stop_postgres INT
eventually 20 "without a server the store is told as failed" grep -qE 'store (is|became|->) ?failed|store.*failed' "$DIR/run.out"
steadily 15 "the program lives on without its store" is_alive "$runtime"
start_postgres
more_posts 150 "after the server was away posts go on"
back_ok() {
  [ "$(sql "$STATE" "SELECT payload::json ->> 'state' FROM events WHERE kind = 'component_changed' AND payload::json ->> 'component' = 'store'
    ORDER BY seq DESC LIMIT 1" 2>/dev/null)" = ok ]
}
eventually 20 "the store is ok again by itself" back_ok
sql "$STATE" "SELECT alert, rule, text, to_timestamp(raised_at_ms / 1000), to_timestamp(cleared_at_ms / 1000) FROM alerts
  WHERE component = 'store'" | show
eventually 60 "no alert of the store stays" sql_is "$STATE" "SELECT COUNT(*) FROM alerts WHERE component = 'store' AND cleared_at_ms IS NULL" 0
claim "its absence was an incident" sql_at_least "$STATE" "SELECT COUNT(*) FROM alerts
  WHERE component = 'store' AND cleared_at_ms - raised_at_ms > 8000" 1
on_store rehearsal alert test dep_down --json
claim "the rules of today make as many incidents of the journal as there were" \
  [ "$(json "$DIR/rehearsal.out" '$.rules[0].fired')" = "$(sql "$STATE" "SELECT COUNT(*) FROM alerts WHERE rule = 'dep_down'")" ]
for kind in alert_raised alert_cleared; do
  claim "each incident of the store has one $kind" sql_is "$STATE" "SELECT COUNT(*) - (SELECT COUNT(*) FROM alerts WHERE component = 'store')
    FROM events WHERE kind = '$kind' AND (payload::json ->> 'alert')::bigint IN (SELECT alert FROM alerts WHERE component = 'store')" 0
done

kill -KILL "$runtime"
ended "$runtime"
start again "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}"
runtime=$started
eventually 20 "after kill -9 the next start has the store at once" grep -qs 'browser is ok' "$DIR/again.out" || show <"$DIR/again.err"
more_posts 150 "and posts go on"

# --- what is left -----------------------------------------------------------------------------------------------------------------

kill -TERM "$runtime"
claim "it drains" ended "$runtime" 45
claim "and ends with 0" [ "$code" = 0 ]
in_flight="SELECT COUNT(*) FROM content_metadata WHERE status IN ('posting', 'uncertain')"
for ((round = 1; round <= 3; round++)); do # what the end cut is settled by the next start
  sql_is "$STATE" "$in_flight" 0 && break
  start "more-$round" "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set content.posts_per_hour=1 --set content.posts_per_hour_max=1
  runtime=$started
  wait_for 90 sql_is "$STATE" "$in_flight" 0
  kill -TERM "$runtime"
  ended "$runtime" 45
done
claim "nothing stays in flight or uncertain" sql_is "$STATE" "$in_flight" 0 ||
  sql "$STATE" "SELECT decision_id, status, attempts, last_error FROM content_metadata WHERE status IN ('posting', 'uncertain')" | show
claim "the site answers" site_state
site_ids() {
  sqlite3 :memory: "SELECT json_extract(value, '\$.id') FROM json_each(CAST(readfile('$1') AS TEXT), '\$.posts')" | LC_ALL=C sort
}
sql "$STATE" "SELECT decision_id FROM content_metadata" | LC_ALL=C sort >"$DIR/rows-after"
sql "$STATE" "SELECT post_id FROM content_metadata WHERE status IN ('posted', 'verified', 'archived')" | LC_ALL=C sort >"$DIR/posted"
LC_ALL=C comm -13 <(site_ids "$DIR/site-before.json") <(site_ids "$DIR/site.json") >"$DIR/on-site"
claim "no content row is lost" [ -z "$(LC_ALL=C comm -23 <(LC_ALL=C sort "$DIR/rows-before") "$DIR/rows-after")" ]
claim "something was posted" [ "$(wc -l <"$DIR/posted")" -gt 5 ]
claim "every posted row has exactly one post, every post exactly one row" cmp -s "$DIR/posted" "$DIR/on-site" ||
  diff "$DIR/posted" "$DIR/on-site" | show
claim "the journal has no hole" sql_is "$STATE" "SELECT MAX(seq) - MIN(seq) + 1 - COUNT(*) FROM events" 0
claim "no output and no row shows the password" negated grep -rqE 'right(%20| )horse' "$DIR"/*.out "$DIR"/*.err "$STATE"
claim "not even the journal" sql_is "$STATE" "SELECT COUNT(*) FROM events WHERE payload LIKE '%horse%'" 0
eventually 5 "no process is left behind" has_no_strays || strays | show
finish
