#!/usr/bin/env bash
# The day's money, from end to end: driven to zero while everything else goes on, open again at local midnight without a restart, a crash in the
# middle of calls, the bill of the endpoint beside the ledger, an operator's tier.
. "$(dirname "$0")/lib.sh" "$1" budget

STATE=$DIR/state
SPEED=120
start_world --speed 120
point

# A time zone whose midnight comes so many seconds from now: a day that ends within the test.
midnight_in() {
  local now offset
  now=$(($(date -u +%s) % 86400))
  offset=$(((86400 - now - $1 + 86400) % 86400))
  [ "$offset" -le 50400 ] || offset=$((offset - 86400)) # -10:00 .. +14:00
  local sign='' size=$offset
  [ "$offset" -ge 0 ] || { sign=-; size=$((-offset)); }
  printf 'Zone Test/Soon %s%d:%02d:%02d - SOON\n' "$sign" $((size / 3600)) $((size % 3600 / 60)) $((size % 60)) >"$DIR/zone.txt"
  zic -d "$DIR/zones" "$DIR/zone.txt" || give_up "zic cannot make a zone"
}

ask() {
  "$PROGRAM" "$@" --state-dir "$STATE" 2>&1
}

tier_is() {
  ask budget show --json >"$DIR/budget.json" && grep -qE -- "$1" <<<"$(json "$DIR/budget.json" '$.tier')"
}

charged() { # what the endpoint says that it charged, in nano-dollars
  curl -sf -m 10 "$SITE/v1/usage" >"$DIR/usage.json" && echo $(($(json "$DIR/usage.json" '$.cost_nano') - ${charged_before:-0}))
}

counted() { # what the ledger has spent or keeps as uncertain
  sql "$STATE" "SELECT SUM(spent_nano + uncertain_nano) FROM budget_windows"
}

# Between an endpoint's charge and the ledger's row a call is under way, so this holds whenever none is.
ledger_has_all() {
  local all
  all=$(charged) && [ -n "$all" ] && [ "$(counted)" -ge "$all" ]
}

runtime() {
  start "run-$1" env TZDIR="$DIR/zones" "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set budget.timezone=Test/Soon --set settings.drain=5s \
    --set content.spacing=30s "${@:2}"
  runtime=$started
  eventually 15 "$1: the runtime starts" grep -qs 'browser is ok' "$DIR/run-$1.out" || give_up "no runtime: $(tail -n 3 "$DIR/run-$1.err")"
}

# --- an endpoint that ignores its output cap may not be called ------------------------------------------------------------------------

fault '{"target": "llm", "kind": "ignored_cap", "path": "/v1/chat"}'
claim "it is found by the start-up check" refused 2 "$PROGRAM" check --state-dir "$DIR/cap" "${pointed[@]}"
claim "with what to do" grep -q 'ignores the output cap: asked for 1 token, charged 8. Set cap_field' <<<"$said"
faults_clear
claim "an obedient one passes" refused 0 "$PROGRAM" check --state-dir "$DIR/cap" "${pointed[@]}"
charged_before=$(curl -sf -m 10 "$SITE/v1/usage" >"$DIR/usage.json" && json "$DIR/usage.json" '$.cost_nano')

# --- driven to zero ------------------------------------------------------------------------------------------------------------------

midnight_in 75
runtime closing --set budget.limit_usd=0.002
eventually 60 "the money is used up: nothing is generated" tier_is '^(critical|closed)$'
claim "the cap was not passed" [ "$(charged)" -le 2000000 ]
claim "why says so in figures" grep -q 'of 0.0020 USD' <<<"$(ask budget why)"
eventually 45 "jobs that generate are planned less often" grep -qE "(plan|reply_posting): 1 due .*budget: less often" "$DIR/run-closing.out"
upkeep="SELECT COUNT(*) FROM job_runs WHERE job_name IN ('posting', 'metrics_scraper', 'unified_health_monitor') AND state = 'succeeded'"
before=$(sql "$STATE" "$upkeep")
calls=$(sql "$STATE" "SELECT COUNT(*) FROM llm_ledger WHERE state = 'settled'")
eventually 25 "posting, scraping and health go on" sql_at_least "$STATE" "$upkeep" $((before + 6))
claim "nothing that costs money does" sql_is "$STATE" "SELECT COUNT(*) FROM llm_ledger WHERE state = 'settled'" "$calls"
claim "the verdict is still ready" grep -q '"verdict":"ready"' <<<"$(ask status --json)"

# --- the next day --------------------------------------------------------------------------------------------------------------------

days_opened() {
  [ "$(grep -c 'budget day opened: 0.0000 of 0.0020' "$DIR/run-closing.out")" -ge "$1" ]
}
eventually 80 "at local midnight a new day opens" days_opened 1
eventually 30 "calls are made again, without a restart" sql_at_least "$STATE" "SELECT COUNT(*) FROM llm_ledger WHERE state = 'settled'" $((calls + 1))
claim "in a window of their own" sql_at_least "$STATE" "SELECT COUNT(*) FROM budget_windows" 2
eventually 10 "the ledger has all that was charged" ledger_has_all
kill -TERM "$runtime"
ended "$runtime" 45

# --- a crash in the middle of calls --------------------------------------------------------------------------------------------------

midnight_in 40000
fault '{"target": "llm", "kind": "delay", "path": "/v1/chat", "delay_ms": 1500}'
runtime crashing
eventually 60 "a call is under way" sql_at_least "$STATE" "SELECT COUNT(*) FROM llm_ledger WHERE state = 'sent'" 1
kill -KILL "$runtime"
ended "$runtime" 10
faults_clear
runtime recovered
claim "it stays charged at its bound: uncertain" sql_at_least "$STATE" "SELECT COUNT(*) FROM llm_ledger WHERE state = 'unknown'" 1
claim "nothing is held by the dead" sql_is "$STATE" "SELECT COUNT(*) FROM llm_ledger WHERE state IN ('held', 'sent') AND boot NOT IN
  (SELECT boot FROM llm_ledger ORDER BY held_at_ms DESC LIMIT 1)" 0
eventually 10 "the ledger has all that was charged, and the lost call" ledger_has_all
claim "budget reconcile settles it by the bill" grep -q 'what was uncertain is settled' <<<"$(ask budget reconcile 0.0001)"
claim "nothing is uncertain any more" sql_is "$STATE" "SELECT SUM(uncertain_nano) FROM budget_windows" 0
claim "the provider's figure of the day is compared" grep -q 'the figures are compared' <<<"$(ask budget reconcile day 1.50)"
drifts() {
  grep -q 'budget_drift.*1.5000 USD for the day' <<<"$(ask alert list)"
}
eventually 10 "and differs: an alert with both figures" drifts
claim "another one agrees within a cent" grep -q 'the figures are compared' <<<"$(ask budget reconcile day 0.0010)"
agrees() {
  ! grep -q budget_drift <<<"$(ask alert list)"
}
eventually 10 "and the alert is over" agrees
claim "the correction is a row of its own" sql_is "$STATE" "SELECT COUNT(*) FROM llm_ledger WHERE state = 'correction' AND cost_nano = 100000" 1

# --- an operator's tier; what fails is explained -------------------------------------------------------------------------------------

claim "a tier needs an end and a reason" grep -q 'needs an end and a reason' <<<"$(ask budget force low)"
claim "force answers" grep -q 'tier is critical for 1h00m' <<<"$(ask budget force critical --for 1h --why "the campaign ends")"
claim "the tier is that" tier_is '^critical$'
claim "why names who and why" grep -q "forced by $(id -un) until .*: the campaign ends" <<<"$(ask budget why)"
claim "free gives it back" grep -q 'the policy decides again' <<<"$(ask budget free)"
fault '{"target": "llm", "kind": "quota", "path": "/v1/chat", "count": 1}'
has_alert() {
  grep -q "$1" <<<"$(ask alert list)"
}
eventually 60 "an empty account is an alert" has_alert llm_account
claim "budget show names the category" grep -qE '^budget_exceeded' <<<"$(ask budget show)"
claim "the verdict says what fails" grep -qE 'failed calls? since .*: budget_exceeded' <<<"$(ask budget why)"
kill -TERM "$runtime"
claim "it drains" ended "$runtime" 45
finish
