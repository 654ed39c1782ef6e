#!/usr/bin/env bash
# signalbox is killed with SIGKILL at random instants and started again; what it publishes must be on the site exactly once, whatever it
# was doing. The world around it (site and LLM endpoint) goes on. E2E_SEED repeats a run, E2E_KILLS sets how many there are.
# crash_test.sh PROGRAM RECEIPTS [postgres]: the store is a file, or a database on a server that lives on.
KIND=${3:-sqlite}
. "$(dirname "$0")/lib.sh" "$1" "crash-$KIND"
RECEIPTS=$(realpath "$2") || exit 64
[ "$KIND" = sqlite ] || . "$(dirname "$0")/postgres.sh"

SEED=${E2E_SEED:-$((($$ * 7919 + SECONDS) % 32768))}
KILLS=${E2E_KILLS:-$([ "$KIND" = sqlite ] && echo 60 || echo 20)}
RANDOM=$SEED
note "E2E_SEED=$SEED, $KILLS kills"
STATE=$DIR/state
SPEED=600
start_world --speed 600
point
if [ "$KIND" != sqlite ]; then
  query postgres postgres "CREATE DATABASE signalbox OWNER signalbox"
  pointed+=(--set "settings.store=postgresql://signalbox@/signalbox?host=$DIR/pg")
fi

# Many posts, replies and threads. A row is stuck when no run can be at it any more; those of a killed process are known at once.
signalbox() {
  local name=$1
  shift
  start "run-$name" "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set content.posts_per_run.high=4 --set content.stuck_after=30s \
    --set content.submit_deadline=3s --set jobs.viral_thread.every=60m --set jobs.viral_thread.offset=0 \
    --set content.replies_per_hour=60 --set content.reply_spacing=1m "$@"
  runtime=$started
  started_ms=$(now_ms)
}

is_started() {
  grep -qs . "$DIR/run-$1.out"
}

# A step of this very process that publishes is under way.
is_posting() {
  sql_at_least "$STATE" "SELECT COUNT(*) FROM job_steps WHERE name = 'publish' AND state = 'running' AND started_at_ms >= $started_ms" 1
}

has_no_sessions() {
  [ "$(query postgres postgres "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name LIKE 'signalbox pid%'")" = 0 ]
}

# The world of this round: quiet, slow, or losing its answers.
weather() {
  faults_clear
  case $(($1 % 3)) in
    0) ;;
    1) fault '{"target": "site", "kind": "delay", "path": "/api/posts", "delay_ms": 50, "delay_max_ms": 600}' ;;
    2) fault '{"target": "site", "kind": "lost_confirmation", "path": "/api/posts", "probability_pm": 500}' ;;
  esac
}

interrupted_missing=0
browsers_left=0
in_flight=0
open_runs=''
browser=''

# What the start after a kill must have said and done.
judge_start() {
  wait_for 45 is_started "$1" || { show 5 <"$DIR/run-$1.err"; give_up "start $1 after a kill does not come up"; }
  local run
  for run in $open_runs; do
    wait_for 20 sql_at_least "$STATE" "SELECT COUNT(*) FROM events WHERE kind = 'run_interrupted' AND run = $run" 1 ||
      { interrupted_missing=$((interrupted_missing + 1)); note "round $1: run $run was open and is not told as interrupted"; }
  done
  [ -z "$browser" ] || wait_for 20 is_gone "$browser" || { browsers_left=$((browsers_left + 1)); note "round $1: browser $browser still runs"; }
}

for ((round = 1; round <= KILLS; round++)); do
  weather "$round"
  signalbox "$round"
  judge_start "$round"
  # Every second time in the middle of a post, if there is one soon; else at any instant, start-up included.
  if [ $((round % 2)) = 0 ]; then
    wait_for 6 is_posting && tick "0.$(printf '%03d' $((RANDOM % 250)))"
  else
    tick "$((RANDOM % 3)).$(printf '%03d' $((RANDOM % 1000)))"
  fi
  if is_posting; then in_flight=$((in_flight + 1)); fi
  browser=$(browser_of "$STATE")
  kill -KILL "$runtime"
  ended "$runtime"
  [ "$KIND" = sqlite ] || wait_for 10 has_no_sessions # what was sent before the kill is still carried out after it
  # Between two steps a run only waits: nothing of it was cut.
  open_runs=$(sql "$STATE" "SELECT DISTINCT r.run FROM job_runs r JOIN job_steps s ON s.run = r.run
    WHERE r.ended_at_ms IS NULL AND r.state IN ('running', 'stopping') AND s.state = 'running'")
done
note "$in_flight kills while a row was in flight"

# Fine weather, and time to settle: one post in six seconds, so that the account's profile still shows what was posted before. A click that
# was promised and never happened is proven absent only by two readings, half a minute apart, half a minute after the last instant at which
# it could have arrived.
faults_clear
signalbox last --set content.posts_per_hour=1 --set content.posts_per_hour_max=1
judge_start last
ok "every start after a kill came up"
claim "every run that was under way is told as interrupted" [ "$interrupted_missing" = 0 ]
claim "the browser of a killed process is gone after the next start" [ "$browsers_left" = 0 ]
claim "some kills met a row in flight" [ "$in_flight" -gt 0 ]
in_flight_sql="SELECT COUNT(*) FROM content_metadata WHERE status IN ('posting', 'uncertain')"
eventually 120 "nothing stays in flight or uncertain" sql_is "$STATE" "$in_flight_sql" 0 ||
  sql "$STATE" "SELECT decision_id, status, attempts, last_error FROM content_metadata WHERE status IN ('posting', 'uncertain')" | show
note "settled after $SECONDS s"
# Not before: a row that may be on the site counts as a post of this hour.
posts=$(sql "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified')")
eventually 150 "posts go on: two more" \
  sql_at_least "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified')" $((posts + 2))
for kind in single reply thread; do # which come in what order depends on the machine
  eventually 120 "a post of kind $kind is out" sql_at_least "$STATE" \
    "SELECT COUNT(*) FROM content_metadata WHERE kind = '$kind' AND status IN ('posted', 'verified')" 1
done
kill -TERM "$runtime"
ended "$runtime" 45
claim "the last one drains and ends with 0" [ "$code" = 0 ]
# A drain between the click and the saving leaves both to the next start: then that one is needed, too.
for ((round = 1; round <= 3; round++)); do
  sql_is "$STATE" "$in_flight_sql" 0 && break
  note "drained in the middle of a post: started once more"
  signalbox "more-$round" --set content.posts_per_hour=1 --set content.posts_per_hour_max=1
  wait_for 90 sql_is "$STATE" "$in_flight_sql" 0
  kill -TERM "$runtime"
  ended "$runtime" 45
done
claim "the site answers" site_state

posts=$(sql "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified')")
note "rows: $(sql "$STATE" "SELECT kind || ' ' || status || ' ' || COUNT(*) FROM content_metadata GROUP BY kind, status" | paste -sd,)"
claim "something was posted" [ "$posts" -gt 3 ]
compare_site_and_store
[ "$KIND" != sqlite ] || claim "the store is sound" sql_is "$STATE" "PRAGMA integrity_check" ok
claim "the journal has no hole" sql_is "$STATE" "SELECT MAX(seq) - MIN(seq) + 1 - COUNT(*) FROM events" 0
eventually 5 "no process is left behind" has_no_strays || strays | show
claim "no browser profile is left behind" [ "$(profile_count)" = 0 ]
finish
