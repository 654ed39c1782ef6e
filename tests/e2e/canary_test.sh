#!/usr/bin/env bash
# Secrets that everything repeats - a program, a page, an endpoint, a webhook - are in nothing that is kept, shown, answered or passed on; and the
# incident bundles that are written on the way are whole.
. "$(dirname "$0")/lib.sh" "$1" canary

STATE=$DIR/state
export CANARY_KEY='cnry-env-8f3Kq"x&y<z2Lm' CANARY_TOKEN=cnry-loose-55Hd0s # one that is referred to, and one that merely lies there
file_canary=cnry-file-71Rt0Zp9Qw
printf '%s\n' "$file_canary" >"$DIR/key"
for word in spill keep; do
  printf 'echo "out %s" '\''%s'\''\necho "err %s" '\''%s'\'' >&2\n' "$file_canary" "$CANARY_KEY" "$file_canary" "$CANARY_KEY" >"$DIR/$word"
done
echo 'exit 1' >>"$DIR/spill"

start server python3 "$SOURCE/tests/support/canary_server.py" "$file_canary" "$CANARY_KEY"
wait_for 10 grep -qs '^[0-9]' "$DIR/server.out" || give_up "the server does not start: $(cat "$DIR/server.err")"
PORT=$(cat "$DIR/server.out")
cat >"$DIR/catalogue.yaml" <<YAML
catalogue: canary
settings: {state_dir: $STATE, store: "sqlite:$STATE/signalbox.db"}
alerts: {start_hold: 0s, group_wait: 0s}
llm:
  base_url: "http://127.0.0.1:$PORT/v1"
  key: "env:CANARY_KEY"
  aliases: {premium: practice-premium, economy: practice-economy}
components:
  llm: {class: optional}
channels:
  hook:
    webhook: {url: "http://127.0.0.1:$PORT/hook", secret: "file:$DIR/key", allow_private: true}
jobs:
  spill: {every: 2s, steps: [{name: say, exec: {argv: [sh, $DIR/spill]}}]}
  keep: {every: 2s, steps: [{name: say, exec: {argv: [sh, $DIR/keep]}}]}
  page: {every: 2s, steps: [{name: get, http: {url: "http://127.0.0.1:$PORT/page", headers: {Authorization: "Bearer cnry-none"}}}]}
  ask: {every: 2s, steps: [{name: ask, llm: {intent: content_generation, prompt: "hello"}}]}
YAML

in_terminal 200x50 "$PROGRAM" console --catalogue "$DIR/catalogue.yaml"
eventually 10 "the console stands" line_has 1 '^SIGNALBOX ' || give_up "no console"
pid=$(console_pid)
claim "a crash would leave no memory behind" grep -qE '^Max core file size +1 +1 ' "/proc/$pid/limits"
eventually 20 "a program that repeats the secrets has failed" job_is spill 'FAIL!'
eventually 20 "one that repeats them has succeeded, and a page was read" job_is page OK
eventually 20 "the endpoint that repeats its key was asked" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM llm_ledger WHERE reason IS NOT NULL" 1
eventually 20 "the webhook that repeats its key was tried" sql_at_least "$STATE" "SELECT COUNT(*) FROM notices WHERE attempts > 0" 1
eventually 10 "what was repeated is told as such" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM events WHERE payload LIKE '%[redacted:channels.hook]%'" 1

# --- captures ------------------------------------------------------------------------------------------------------------------------

bundles() {
  find "$STATE/incidents" -mindepth 1 -maxdepth 1 -type d -name "INC-*$1" 2>/dev/null | sort
}
bundle_count() {
  [ "$(bundles '' | wc -l)" = "$1" ]
}
copied() {
  tmux_do show-buffer 2>/dev/null
}
is_whole() {
  python3 "$SOURCE/tests/support/bundle_check.py" "$1" >"$DIR/checked" 2>&1 || { show 12 <"$DIR/checked"; return 1; }
  grep -qE -- "$2" "$DIR/checked"
}

keys C
eventually 10 "C writes a bundle and tmux has its path" screen_has 'captured INC-[^ ]* \(copied by tmux\) in .*/incidents'
copied_is() {
  [ "$(copied)" = "$1" ]
}
eventually 5 "the buffer is the path" copied_is "$(bundles '')"
claim "the bundle is whole" is_whole "$(bundles '')" ' LIVE None '
keys 1
y_copies_the_selected() { # two jobs fail, and which of them is the worse one changes
  local job
  job=$(screen | sed -nE 's/^>[A-Z!]+ +([a-z]+) .*/\1/p')
  keys y
  [ -n "$job" ] && wait_for 2 copied_is "$job"
}
eventually 5 "y copies the name of the job under the cursor" y_copies_the_selected
keys 4 Y
eventually 5 "Y copies the pane" eval 'copied | grep -q "4 *Alerts\|>4 Alerts<"'
keys i
wait_for 20 screen_has 'Open an incident'
tick 0.4
keys Enter
eventually 5 "i opens an incident, which line 1 shows" line_has 1 ' INC-[0-9]{8}-1 '
"$PROGRAM" status --json --state-dir "$STATE" >"$DIR/status.json"
claim "status tells it by its id" grep -qE '"incident":"INC-[0-9]{8}-1"' "$DIR/status.json"
keys F
eventually 5 "the picture is frozen" line_has 1 'FROZEN'
keys C
eventually 10 "C writes what is frozen, under the incident" bundle_count 2
claim "that bundle says so" is_whole "$(bundles -1)" ' FROZEN -[0-9:]+ INC-[0-9]{8}-1 '
keys F
live=$("$PROGRAM" incident --note "over the socket" --catalogue "$DIR/catalogue.yaml")
claim "incident writes one over the socket" is_whole "$live" ' LIVE INC-'
claim "with the note" grep -q 'over the socket' "$live/README.txt"

# --- everything else that answers ----------------------------------------------------------------------------------------------------

for route in status jobs jobs/spill jobs/keep runs runs?failed=1 contexts budget alerts notifications components content nodes \
  'events?until=described'; do
  curl -s -m 10 --unix-socket "$STATE/signalbox.sock" "http://localhost/v1/$route" >>"$DIR/answers"
done
curl -s -m 10 --unix-socket "$STATE/signalbox.sock" http://localhost/metrics >>"$DIR/answers"
for pane in 1 2 3 4 5 6; do
  keys "$pane" z
  tick 0.3
  screen >>"$DIR/screens"
done
keys 1 Enter
tick 0.3
screen >>"$DIR/screens"
claim "answers and screens were taken" [ "$(cat "$DIR/answers" "$DIR/screens" | wc -c)" -gt 20000 ]
"$PROGRAM" runs --failed --state-dir "$STATE" >>"$DIR/screens" 2>&1
keys q Q
claim "the console leaves" answer y 'drain'
eventually 20 "it has ended" has_ended

offline=$("$PROGRAM" incident --catalogue "$DIR/catalogue.yaml" 2>"$DIR/offline.err")
claim "without a runtime the bundle comes from the store" is_whole "$offline" ' OFFLINE INC-'
claim "and says what is missing" grep -q 'no runtime runs' "$offline/README.txt"

# --- nothing of them anywhere --------------------------------------------------------------------------------------------------------

sqlite3 -readonly "$STATE/signalbox.db" .dump >"$DIR/dump.sql"
claim "the store has what the jobs said" grep -q 'redacted:llm.key' "$DIR/dump.sql"
for archive in "$STATE"/incidents/*.tar.gz; do gunzip -c "$archive" >>"$DIR/archives"; done
for canary in cnry-env-8f cnry-file-71 cnry-loose-55; do
  found=$(grep -rlaF -- "$canary" "$STATE" "$DIR/dump.sql" "$DIR/answers" "$DIR/screens" "$DIR/archives" "$DIR/status.json" \
    "$DIR/offline.err" "$DIR/terminal.err")
  if [ -z "$found" ]; then ok "$canary is nowhere"; else
    not_ok "$canary is in $found"
    grep -rhaoF -m 3 -- "$canary" $found | show 6
    grep -haE -m 2 -o ".{60}$canary.{20}" $found | show 6
  fi
done
finish
