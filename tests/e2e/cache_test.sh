#!/usr/bin/env bash
# The cache from end to end, on a real Redis that takes 10 clients, under 50 workers: it is killed, stopped and started again. No run is lost, the
# console shows it, one alert is raised and cleared for each outage, and there are never more connections than the pool has.
. "$(dirname "$0")/lib.sh" "$1" cache

STATE=$DIR/state
POOL=4
LOAD=8 # jobs, each due every second
REDIS=$DIR/redis.sock
command -v redis-server >/dev/null && command -v redis-cli >/dev/null || give_up "no redis-server here: install the package"

# --- a Redis of our own -----------------------------------------------------------------------------------------------------------

redis() {
  redis-cli -s "$REDIS" "$@" 2>/dev/null
}

answers() {
  [ "$(redis PING)" = PONG ]
}

redis_has() {
  [ -n "$(redis KEYS "$1")" ]
}

has_hung_up() {
  ! redis CLIENT LIST | grep -q ' name=signalbox '
}

start_redis() {
  # it ends with this script, however that ends
  start redis setpriv --pdeathsig KILL redis-server --port 0 --unixsocket "$REDIS" --save '' --appendonly no --dir "$DIR" --maxclients 10
  redis_pid=$started
  wait_for 30 answers || give_up "redis-server does not start: $(tail -n 3 "$DIR/redis.out")"
}

kill_redis() {
  kill -KILL "$redis_pid"
  ended "$redis_pid" 10
}

# our connections by their name, as the server counts them, until the end
sample_clients() {
  local list
  while :; do
    list=$(redis CLIENT LIST) && grep -c ' name=signalbox ' <<<"$list"
    tick 0.1
  done
}

most_clients() {
  sort -n "$DIR/sampler.out" | tail -n 1
}

# --- the practice catalogue, and jobs that do nothing but use the cache -------------------------------------------------------------

start_world
GROWTH=$DIR/cached.yaml
{
  cat "$SOURCE/runtime/catalog/growth.yaml"
  for i in $(seq "$LOAD"); do
    printf '  load_%d:\n    every: 30s\n    category: none\n    overlap: allow(8)\n    steps:\n' "$i"
    printf '      - { name: kept, http: { url: "%s/api/state.json?limit=%d", cache_for: 2s } }\n' "$SITE" "$i"
    printf '      - { name: asked, http: { url: "%s/api/state.json?limit=1", limit: 1000/1m } }\n' "$SITE"
    printf '      - { name: look, check: { what: cache } }\n'
  done
} >"$GROWTH"
point
pointed+=(--set "settings.cache=redis+unix://$REDIS" --set "settings.cache_pool=$POOL" --set pool.workers=50)

component() {
  sqlite3 :memory: "SELECT json_extract(value, '$.$1') FROM json_each(CAST(readfile('$DIR/check.out') AS TEXT), '\$.components')
                    WHERE json_extract(value, '$.name') = 'cache'"
}

json_of "$PROGRAM" check --json "${pointed[@]}" --state-dir "$DIR/check"
claim "without its Redis check says degraded: exit 2" [ "$code" = 2 ]
claim "the component says degraded, not failed and not ok" [ "$(component state)" = degraded ]
claim "and names the socket" grep -q "$REDIS: cannot be reached" <<<"$(component reason)"
start_redis
json_of "$PROGRAM" check --json "${pointed[@]}" --state-dir "$DIR/check"
claim "with it: ready" [ "$code" = 0 ]
claim "by a real look" [ "$(component state)" = ok ]
claim "a password in the address is refused without showing it" refused 78 "$PROGRAM" run --catalogue "$GROWTH" --state-dir "$DIR/none" \
  --set settings.cache=redis://box:hunter2@localhost/0
claim "and what to do is said" grep -q 'by reference in cache_password' <<<"$said"
claim "it is not shown" negated grep -q hunter2 <<<"$said"

# --- under load ---------------------------------------------------------------------------------------------------------------------

succeeded="SELECT COUNT(*) FROM job_runs WHERE job_name LIKE 'load_%' AND state = 'succeeded'"
lost="SELECT COUNT(*) FROM job_runs WHERE job_name LIKE 'load_%' AND ended_at_ms IS NOT NULL AND state <> 'succeeded'"
raised="SELECT COUNT(*) FROM alerts WHERE rule = 'dep_down' AND component = 'cache'"
more() { # MORE: so many further runs of the load succeed
  eventually 60 "$2" sql_at_least "$STATE" "$succeeded" $(($(sql "$STATE" "$succeeded") + $1))
}

in_terminal 120x40 "$PROGRAM" console "${pointed[@]}" --state-dir "$STATE"
eventually 20 "the console shows the cache" screen_has 'cache +OK' || give_up "no console"
start sampler sample_clients
eventually 30 "the load runs" sql_at_least "$STATE" "$succeeded" $((LOAD * 3)) || give_up "no load"
eventually 10 "kept answers are in Redis" redis_has 'signalbox:http:*'
eventually 10 "and turns" redis_has 'signalbox:http-limit:127.0.0.1:* 1000/1m'

outage() { # NUMBER HOW: what is seen while Redis is away
  eventually 10 "$2: the component is degraded" screen_has 'cache +DEGR'
  eventually 10 "$2: one alert is raised" sql_is "$STATE" "$raised" "$1"
  claim "$2: as a warning" sql_is "$STATE" "$raised AND severity = 'warn' AND text LIKE 'cache is degraded: redis %'" "$1"
  more $((LOAD * 4)) "$2: the load goes on"
}

recovery() { # NUMBER HOW
  eventually 20 "$2: the component is ok again, by itself" screen_has 'cache +OK'
  eventually 45 "$2: the alert is cleared" sql_is "$STATE" "$raised AND cleared_at_ms IS NOT NULL" "$1"
  more $((LOAD * 2)) "$2: the load goes on in Redis"
  claim "$2: no further alert was raised" sql_is "$STATE" "$raised" "$1"
  eventually 10 "$2: Redis is used again" redis_has 'signalbox:http:*'
}

kill_redis
outage 1 "Redis killed"
start_redis
recovery 1 "Redis started again"

kill -STOP "$redis_pid"
outage 2 "Redis hangs"
kill -CONT "$redis_pid"
recovery 2 "Redis goes on"

for _ in 1 2 3 4 5; do
  redis CLIENT KILL TYPE normal SKIPME yes >/dev/null
  tick 0.3
done
more $((LOAD * 2)) "killed connections cost nothing"

# --- what is left ---------------------------------------------------------------------------------------------------------------------

claim "no run of the load was lost" sql_is "$STATE" "$lost" 0
claim "no due time of it was passed over" sql_is "$STATE" "SELECT COUNT(*) FROM events WHERE kind = 'nominal_skipped'
  AND json_extract(payload, '\$.job') >= 29" 0 # the load stands after the 29 jobs of the catalogue
health="SELECT COUNT(*) FROM job_runs WHERE job_name = 'unified_health_monitor' AND state = 'succeeded'"
eventually 60 "the health monitor has looked at it" sql_at_least "$STATE" "$health" 1
keys '\'
tick 0.15
keys Q
claim "the console leaves" answer y 'Leave'
eventually 40 "it ends" has_ended
claim "with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
eventually 5 "its connections are gone" has_hung_up
note "at most $(most_clients) connections in $(wc -l <"$DIR/sampler.out") looks; $(sql "$STATE" "$succeeded") runs"
claim "connections were seen" [ "$(most_clients)" -ge 1 ]
claim "and never more than the pool has" [ "$(most_clients)" -le "$POOL" ]
eventually 5 "no process is left behind" has_no_strays || strays | show
finish
