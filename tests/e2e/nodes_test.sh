#!/usr/bin/env bash
# Three nodes on one PostgreSQL, each with its own state folder as on its own machine. The active one is killed, paused for longer than its
# lease, stopped, and the server is restarted. Another one goes on each time; whoever comes back finds that it is not active any more. In the end
# no row is lost and every row has exactly one post.
. "$(dirname "$0")/lib.sh" "$1" nodes
. "$(dirname "$0")/postgres.sh"
query postgres postgres "CREATE DATABASE signalbox OWNER signalbox"
LOCATION="postgresql://signalbox@/signalbox?host=$DIR/pg"

SPEED=120
LEASE=3
NODES='a b c'
declare -A pid_of

start_world --speed "$SPEED"
point
pointed+=(--set "settings.store=$LOCATION" --set "settings.lease=${LEASE}s" --set settings.drain=5s)

run_node() { # NODE
  start "$1" "$PROGRAM" run --standby --state-dir "$DIR/$1" "${pointed[@]}" --set "settings.node=$1"
  pid_of[$1]=$started
}
owner() {
  sql - "SELECT COALESCE(node, '') FROM node_lease" 2>/dev/null
}
owner_is_not() {
  local now
  now=$(owner) && [ -n "$now" ] && [ "$now" != "$1" ]
}
answers() { # NODE PATH: the status
  curl -s -m 5 -o "$DIR/answer" -w '%{http_code}' --unix-socket "$DIR/$1/signalbox.sock" "http://localhost$2"
}
verdict() { # NODE
  answers "$1" /v1/status >/dev/null && json "$DIR/answer" '$.verdict'
}
is_standby() {
  [ "$(verdict "$1" 2>/dev/null)" = standby ]
}
is_active() {
  local now
  now=$(verdict "$1" 2>/dev/null) && [ -n "$now" ] && [ "$now" != standby ]
}
one_is_active() { # among those that live; the database says the same
  local node count=0 found=''
  for node in $NODES; do
    [ -n "${pid_of[$node]}" ] || continue
    if is_active "$node"; then found=$node count=$((count + 1)); else is_standby "$node" || return 1; fi
  done
  [ "$count" = 1 ] && [ "$(owner)" = "$found" ]
}
posts_out() {
  sql - "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified', 'archived')"
}
more_posts() { # SECONDS TEXT
  local now
  now=$(posts_out)
  eventually "$1" "$2" sql_at_least - \
    "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified', 'archived')" $((now + 2)) || show_last
}
show_last() {
  local node
  for node in $NODES; do
    note "$node:"
    tail -n 6 "$DIR/$node.err" | show
  done
  sql - "SELECT status, COUNT(*) FROM content_metadata GROUP BY 1" | show
}
taken_over() { # FROM TEXT: another node is active when the lease has ended, and works; the server's load may take its time
  local begun
  begun=$(now_ms)
  eventually "$LEASE" "$2" owner_is_not "$1" || show_last
  note "$(owner) has the lease after $(($(now_ms) - begun)) ms"
  eventually 20 "it runs" is_active "$(owner)" || show_last
  note "it runs after $(($(now_ms) - begun)) ms"
}

# --- one is active, the others wait -------------------------------------------------------------------------------------------------

for node in $NODES; do run_node "$node"; done
eventually 30 "of three nodes one is active" one_is_active || { show_last; finish; }
active=$(owner)
more_posts 120 "it posts"
for node in $NODES; do
  [ "$node" != "$active" ] || continue
  claim "$node waits: alive" [ "$(answers "$node" /livez)" = 200 ]
  claim "... not ready" [ "$(answers "$node" /readyz)" = 503 ]
  claim "... and says who is active" grep -q "node $active is active" "$DIR/answer"
  claim "... it opens no browser" [ ! -e "$DIR/$node/chromium.pid" ]
  claim "... it takes no command" [ "$(answers "$node" /v1/contexts)" = 503 ]
  start status "$PROGRAM" status --state-dir "$DIR/$node"
  ended "$started"
  claim "... status says so: exit 1" [ "$code" = 1 ] && grep -q '^standby: node' "$DIR/status.out" || show <"$DIR/status.out"
done
start list "$PROGRAM" node list --state-dir "$DIR/$active"
ended "$started"
claim "node list has three" [ "$(grep -cE '^[abc] ' "$DIR/list.out")" = 3 ] || show <"$DIR/list.out"
claim "and one of them active" grep -qE "^$active +active" "$DIR/list.out"
start list "$PROGRAM" node list --json "${pointed[@]}" --state-dir "$DIR/elsewhere"
ended "$started"
claim "from elsewhere the store tells it" [ "$(json "$DIR/list.out" '$.nodes[2].node')" = c ] || show <"$DIR/list.err"
claim "one that does not wait is refused with 75" refused 75 "$PROGRAM" run "${pointed[@]}" --state-dir "$DIR/other" --set settings.node=d
claim "and is told who is active" grep -q "in use by node $active" <<<"$said"
claim "a store for one process has no standby: 78" refused 78 "$PROGRAM" run --standby "${pointed[@]}" --state-dir "$DIR/other" \
  --set "settings.store=sqlite:$DIR/other.db"
claim "and it is said why" grep -q 'nodes share a postgresql://' <<<"$said"

# --- kill -9 ------------------------------------------------------------------------------------------------------------------------

for round in 1 2; do
  active=$(owner)
  kill -KILL "${pid_of[$active]}"
  ended "${pid_of[$active]}"
  pid_of[$active]=''
  taken_over "$active" "after kill -9 of $active another one is active ($round)"
  more_posts 90 "and posts"
  run_node "$active"
  eventually 20 "$active comes back and waits" is_standby "$active"
done

# --- paused for longer than the lease -----------------------------------------------------------------------------------------------

for round in 1 2 3; do
  active=$(owner)
  kill -STOP "${pid_of[$active]}"
  taken_over "$active" "while $active is paused another one is active ($round)"
  more_posts 90 "and posts"
  kill -CONT "${pid_of[$active]}"
  eventually 30 "$active wakes and waits" is_standby "$active" || show_last
  claim "it has found out" grep -q 'another node has taken over' "$DIR/$active.err"
  claim "the other one is still active" owner_is_not "$active"
  claim "... alone" one_is_active
done

# --- the server, and a clean stop ---------------------------------------------------------------------------------------------------

stop_postgres INT
tick 1
start_postgres
eventually 30 "after a restart of the server one is active" one_is_active || show_last
stop_postgres QUIT
start_postgres
eventually 30 "after a crash of the server one is active" one_is_active || show_last
more_posts 90 "and posts"
active=$(owner)
kill -TERM "${pid_of[$active]}"
claim "$active drains" ended "${pid_of[$active]}" 45
claim "and ends with 0" [ "$code" = 0 ]
pid_of[$active]=''
begun=$(now_ms)
claim "it has handed over" wait_for "$LEASE" owner_is_not "$active" # it does not wait for the lease's end
note "handed over $(($(now_ms) - begun)) ms after its end"
eventually 20 "the next one runs" one_is_active
more_posts 90 "and posts"

# --- what is left -------------------------------------------------------------------------------------------------------------------

last=$(owner)
for node in $NODES; do # those that wait first
  [ "$node" != "$last" ] && [ -n "${pid_of[$node]}" ] || continue
  kill -TERM "${pid_of[$node]}"
  claim "$node, which waits, ends with 0" ended "${pid_of[$node]}" 10 && [ "$code" = 0 ]
done
kill -TERM "${pid_of[$last]}"
claim "$last drains" ended "${pid_of[$last]}" 45
in_flight="SELECT COUNT(*) FROM content_metadata WHERE status IN ('posting', 'uncertain')"
for ((round = 1; round <= 3; round++)); do # what the end cut is settled by the next start
  sql_is - "$in_flight" 0 && break
  note "in flight: $(sql - "SELECT status || ' ' || COALESCE(last_error, '') FROM content_metadata WHERE status IN ('posting', 'uncertain')")"
  start "more-$round" "$PROGRAM" run --state-dir "$DIR/$last" "${pointed[@]}" --set "settings.node=$last" \
    --set content.posts_per_hour=1 --set content.posts_per_hour_max=1
  runtime=$started
  wait_for 180 sql_is - "$in_flight" 0
  kill -TERM "$runtime"
  ended "$runtime" 45
done
claim "nothing stays in flight or uncertain" sql_is - "$in_flight" 0
claim "the site answers" site_state
site_ids() {
  sqlite3 :memory: "SELECT json_extract(value, '\$.id') FROM json_each(CAST(readfile('$1') AS TEXT), '\$.posts')" | LC_ALL=C sort
}
sql - "SELECT post_id FROM content_metadata WHERE status IN ('posted', 'verified', 'archived')" | LC_ALL=C sort >"$DIR/posted"
LC_ALL=C comm -13 <(site_ids "$DIR/site-before.json") <(site_ids "$DIR/site.json") >"$DIR/on-site"
note "$(wc -l <"$DIR/posted") posts"
claim "much was posted" [ "$(wc -l <"$DIR/posted")" -gt 15 ]
claim "every posted row has exactly one post, every post exactly one row" cmp -s "$DIR/posted" "$DIR/on-site" ||
  diff "$DIR/posted" "$DIR/on-site" | show
claim "the journal has no hole" sql_is - "SELECT MAX(seq) - MIN(seq) + 1 - COUNT(*) FROM events" 0
claim "for one job and time there is one run" sql_is - "SELECT COUNT(*) FROM (SELECT 1 FROM job_runs WHERE cause = 'schedule'
  GROUP BY job_name, nominal_ns HAVING COUNT(*) > 1) AS twice" 0
claim "nobody is registered any more" sql_is - "SELECT COUNT(*) FROM nodes" 0
eventually 5 "no process is left behind" has_no_strays || strays | show
finish
