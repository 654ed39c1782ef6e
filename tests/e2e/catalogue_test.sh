#!/usr/bin/env bash
# The whole catalogue against the practice world: every job runs and succeeds, and what the jobs are for grows: posts of each kind, counters,
# opportunities, accounts, followers, analyses, what was learnt.
. "$(dirname "$0")/lib.sh" "$1" catalogue

STATE=$DIR/state
SPEED=120
start_world --speed 120
point
start run "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}"
runtime=$started
eventually 15 "the runtime starts" grep -qs 'browser is ok' "$DIR/run.out" || give_up "no runtime"

jobs=$(sed -n '/^jobs:/,$s/^  \([a-z_]*\):$/\1/p' "$GROWTH" | wc -l)
claim "the catalogue has 29 jobs" [ "$jobs" = 29 ]
eventually 240 "every one of them has run and succeeded" sql_at_least "$STATE" \
  "SELECT COUNT(DISTINCT job_name) FROM job_runs WHERE state = 'succeeded'" "$jobs" ||
  sql "$STATE" "SELECT job_name, state, error_class, error FROM job_runs WHERE job_name NOT IN
    (SELECT job_name FROM job_runs WHERE state = 'succeeded')" | show
note "after $SECONDS s"
for kind in single reply thread; do
  eventually 90 "a $kind is out" sql_at_least "$STATE" \
    "SELECT COUNT(*) FROM content_metadata WHERE kind = '$kind' AND status IN ('posted', 'verified')" 1
done
eventually 90 "posts were seen again on the site" sql_at_least "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status = 'verified'" 3
for table in post_metrics collected_posts reply_opportunities discovered_accounts follower_snapshots post_attribution analyses insights \
  performance; do
  eventually 90 "$table grows" sql_at_least "$STATE" "SELECT COUNT(*) FROM $table" 1
done
eventually 90 "plan has learnt from measured posts" sql_at_least "$STATE" "SELECT COUNT(*) FROM bandit_arms" 4
before=$(sql "$STATE" "SELECT SUM(views) FROM outcomes")
eventually 60 "the counters of the posts grow" sql_at_least "$STATE" "SELECT COALESCE(SUM(views), 0) FROM outcomes" $((${before:-0} + 1))
kill -TERM "$runtime"
claim "it drains" ended "$runtime" 45
claim "and ends with 0" [ "$code" = 0 ]
finish
