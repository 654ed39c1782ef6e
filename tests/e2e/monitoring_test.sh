#!/usr/bin/env bash
# A real Prometheus beside a real run: it reads /metrics by TCP, evaluates the shipped rules without an error, and fires and resolves what is
# provoked: a job that fails, a site whose breaker is tripped, the program's end. And a start that tells when it is ready.
. "$(dirname "$0")/lib.sh" "$1" monitoring

STATE=$DIR/state
SPEED=120

# One port of loopback after the other, from a place of this process' own, below those that outgoing connections take.
free_port() {
  local port=$((20000 + $$ % 12000))
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  printf '%s' "$port"
}

# query EXPRESSION: the first value, or nothing
query() {
  curl -sf -m 5 -G --data-urlencode "query=$1" "$PROM/api/v1/query" >"$DIR/query.json" &&
    sqlite3 :memory: "SELECT json_extract(CAST(readfile('$DIR/query.json') AS TEXT), '\$.data.result[0].value[1]')"
}

# at_least EXPRESSION VALUE: whole numbers
at_least() {
  local value
  value=$(query "$1") && [ -n "$value" ] && [ "${value%.*}" -ge "$2" ]
}

# alert_is NAME STATE: with the labels that Prometheus gives it
alert_is() {
  curl -sf -m 5 "$PROM/api/v1/alerts" >"$DIR/alerts.json" &&
    [ "$(sqlite3 :memory: "SELECT COUNT(*) FROM json_each(CAST(readfile('$DIR/alerts.json') AS TEXT), '\$.data.alerts')
      WHERE json_extract(value, '\$.labels.alertname') = '$1' AND json_extract(value, '\$.state') = '$2'")" -ge 1 ]
}

scrape() {
  curl -sf -m 10 "http://127.0.0.1:$PORT/metrics" >"$DIR/scrape" || { : >"$DIR/scrape"; return 1; }
}

# scraped SERIES VALUE
scraped() {
  scrape && grep -qxF "$1 $2" "$DIR/scrape"
}

start_world --speed 120
point
# the catalogue with a channel, so that its series are there
{ cat "$GROWTH"; printf 'channels:\n  ops:\n    exec: { argv: ["true"] }\n'; } >"$DIR/growth.yaml"
cp -r "$SOURCE/runtime/catalog/sites" "$DIR/sites"
pointed[1]=$DIR/growth.yaml
PORT=$(free_port)
mkfifo "$DIR/ready"
exec {ready_fd}<>"$DIR/ready"
"$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set settings.api_port="$PORT" --ready-fd "$ready_fd" \
  >"$DIR/run.out" 2>"$DIR/run.err" </dev/null &
runtime=$!
children+=("$runtime")
word=''
IFS= read -r -t 40 -u "$ready_fd" word || true
claim "the descriptor of --ready-fd is told when the start has ended well" [ "$word" = ready ] || give_up "$(cat "$DIR/run.err")"
claim "and then /startupz says so" curl -sf -m 5 -o /dev/null "http://127.0.0.1:$PORT/startupz"
claim "every loop answers" curl -sf -m 5 -o "$DIR/livez" "http://127.0.0.1:$PORT/livez?verbose"
for loop in api core workers journal keeper http; do claim "$loop among them" grep -qx "$loop answers" "$DIR/livez"; done
claim "/readyz names the store" sh -c "curl -sf -m 5 'http://127.0.0.1:$PORT/readyz?verbose' | grep -q '^store required ok'"

# --- one scrape --------------------------------------------------------------------------------------------------------------------

claim "a scrape is answered" scrape
claim "promtool accepts it" sh -c "promtool check metrics <'$DIR/scrape'"
claim "a web page elsewhere cannot read it by a name of its own" [ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' -H 'Host: evil.example' \
  "http://127.0.0.1:$PORT/metrics")" = 421 ]
claim "commands are refused there" [ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' -d '{"kind":"pause_all"}' \
  "http://127.0.0.1:$PORT/v1/commands")" = 403 ]

# --- a real Prometheus ---------------------------------------------------------------------------------------------------------------

PROM=http://127.0.0.1:$(free_port)
# the shipped rules, in the time of a test
sed 's/for: [0-9a-z]*$/for: 1s/' "$SOURCE/docs/monitoring/prometheus-rules.yaml" >"$DIR/rules.yaml"
sed "s/127.0.0.1:9464/127.0.0.1:$PORT/; s/scrape_interval: .*/scrape_interval: 1s/; s|prometheus-rules.yaml|$DIR/rules.yaml|" \
  "$SOURCE/docs/monitoring/prometheus.yaml" >"$DIR/prometheus.yaml"
printf 'global:\n  evaluation_interval: 1s\n' >>"$DIR/prometheus.yaml"
start prometheus prometheus --config.file="$DIR/prometheus.yaml" --storage.tsdb.path="$DIR/tsdb" --web.listen-address="${PROM#http://}" \
  --log.level=warn
prometheus=$started
eventually 30 "Prometheus runs and reaches the program" at_least 'up{job="signalbox"}' 1 || give_up "$(tail -n 5 "$DIR/prometheus.err")"

rules_are_healthy() {
  curl -sf -m 5 "$PROM/api/v1/rules" >"$DIR/rules.json" || return 1
  local good all
  all=$(sqlite3 :memory: "SELECT COUNT(*) FROM json_tree(CAST(readfile('$DIR/rules.json') AS TEXT)) WHERE key = 'health'")
  good=$(sqlite3 :memory: "SELECT COUNT(*) FROM json_tree(CAST(readfile('$DIR/rules.json') AS TEXT)) WHERE key = 'health' AND value = 'ok'")
  [ "$all" -ge 25 ] && [ "$good" = "$all" ]
}
eventually 30 "every rule is evaluated without an error" rules_are_healthy
claim "the label job is the catalogue's, not Prometheus'" at_least 'count(signalbox_job_info{job="posting"})' 1

# Names of rules and dashboard, against what this very run has written; those of series that come with their first value are in METRICS.md.
series_exist() {
  local name
  missing=''
  scrape || return 1
  for name in $(sed 's/^  - name:.*//' "$SOURCE/docs/monitoring/prometheus-rules.yaml" "$SOURCE/docs/monitoring/grafana-dashboard.json" |
    grep -o 'signalbox_[a-z_]*' | sort -u); do
    grep -q "^$name[{ ]" "$DIR/scrape" || missing="$missing $name"
  done
  [ -z "$missing" ]
}
eventually 90 "every metric that rules and dashboard name is in a scrape" series_exist || note "not there:$missing"

# --- a job that fails ------------------------------------------------------------------------------------------------------------------

tell() {
  "$PROGRAM" "$@" --state-dir "$STATE" --why "monitoring test" >"$DIR/tell.out" 2>&1
}
FAILING=expert_analysis_unified
failed_runs="SELECT COUNT(*) FROM job_runs WHERE job_name = '$FAILING' AND state = 'failed'"
its_rule_fires() {
  [ -n "$(query "ALERTS{alertname=\"SignalboxJobFailed\", alertstate=\"firing\", job=\"$FAILING\"}")" ]
}
claim "nothing is wrong yet" negated alert_is SignalboxBreakerOpen firing
claim "the rule of that job is quiet" negated its_rule_fires
# an answer that is none: the endpoint is not down, so no breaker holds the run
fault '{"target": "llm", "kind": "bad_json", "path": "/v1/chat/completions"}'
eventually 30 "a job that needs the LLM is started" tell job run "$FAILING"
eventually 90 "its run fails" sql_at_least "$STATE" "$failed_runs" 1
eventually 30 "the rule fires" its_rule_fires
faults_clear
eventually 60 "it is started again" tell job run "$FAILING"
eventually 90 "it succeeds and the rule resolves" negated its_rule_fires

# The counter is what the store says, once nothing of the job moves any more.
claim "the job is paused" tell job pause "$FAILING"
counter_agrees() {
  scraped "signalbox_runs_total{job=\"$FAILING\",outcome=\"failed\"}" "$(sql "$STATE" "$failed_runs")"
}
eventually 20 "the counter of its failures is the journal's: $(sql "$STATE" "$failed_runs")" counter_agrees

# --- a breaker --------------------------------------------------------------------------------------------------------------------------

claim "an operator trips the site's breaker" tell site trip practice
eventually 30 "the rule fires" alert_is SignalboxBreakerOpen firing
claim "an operator resets it" tell site reset practice
eventually 60 "the rule resolves" negated alert_is SignalboxBreakerOpen firing

# --- the end ------------------------------------------------------------------------------------------------------------------------------

kill -TERM "$runtime"
claim "the program drains" ended "$runtime" 45
claim "and ends with 0" [ "$code" = 0 ]
eventually 30 "the rule for a program that is gone fires" alert_is SignalboxDown firing
kill -TERM "$prometheus"
claim "Prometheus ends" ended "$prometheus" 20
finish
