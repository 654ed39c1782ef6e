#!/usr/bin/env bash
# A second terminal beside the console: the commands that show and control, and an operator's verdicts on content, by commands and by keys.
. "$(dirname "$0")/lib.sh" "$1" control

STATE=$DIR/state
SPEED=120
start_world --speed 120
point
export EDITOR='sed -i -e s/^/EDITED-/'

# says PATTERN COMMAND...: the command ends with 0 and its output matches
says() {
  local pattern=$1
  shift
  "$PROGRAM" "$@" --state-dir "$STATE" >"$DIR/says.out" 2>&1 || { show 12 <"$DIR/says.out"; return 1; }
  grep -qE -- "$pattern" "$DIR/says.out" || { show 12 <"$DIR/says.out"; return 1; }
}

# says_no CODE PATTERN COMMAND...
says_no() {
  local expected=$1 pattern=$2 got
  shift 2
  "$PROGRAM" "$@" --state-dir "$STATE" >"$DIR/says.out" 2>&1
  got=$?
  [ "$got" = "$expected" ] && grep -qE -- "$pattern" "$DIR/says.out" || { note "exit code $got"; show 12 <"$DIR/says.out"; return 1; }
}

claim "without a runtime a command says so" says_no 69 'no runtime serves' status
in_terminal 120x40 "$PROGRAM" console --state-dir "$STATE" "${pointed[@]}" --set content.approval=required
eventually 15 "status turns ready" says '^ready PRACTICE' status || give_up "no runtime"

# --- looking ------------------------------------------------------------------------------------------------------------------------

claim "tmux gets a segment" says '^#\[fg=[a-z]*\]PRACTICE ready' status --format tmux
claim "nagios gets its line" says '^SIGNALBOX (OK|WARNING) - ready' status --format nagios
claim "job list has every job" says_no 0 '^plan ' job list
"$PROGRAM" job list --json --state-dir "$STATE" >"$DIR/jobs.json"
claim "29 of them, as JSON" [ "$(sqlite3 :memory: "SELECT json_array_length(CAST(readfile('$DIR/jobs.json') AS TEXT))")" = 29 ]
claim "an earlier name is shown as what it is now" says 'health_check is unified_health_monitor now, step check_job_execution' job show health_check
claim "why has an answer" says '.' job why posting
claim "contexts are listed" says '^0 +posting' context list
claim "the budget is shown" says '^tier +high' budget show
claim "alerts are listed" says '^ID +SEVERITY' alert list
claim "an unknown job is named" says_no 65 'no job of that name' job show nobody

# --- controlling --------------------------------------------------------------------------------------------------------------------

claim "pause answers" says '^paused metrics_scraper' job pause metrics_scraper --why "looking at it"
eventually 5 "the console shows it" job_is metrics_scraper 'PAUS='
claim "why tells who and why" says 'paused by .*: looking at it' job why metrics_scraper
claim "pausing again is refused" says_no 1 'refused: already paused' job pause metrics_scraper
claim "the audit has who paused it and why" says 'pause_job +metrics_scraper +- +done +- +looking at it +paused metrics_scraper' audit --last 1h
claim "and what was refused" says 'pause_job +metrics_scraper +- +refused' audit --last 1h
claim "in a stable form too" says '"kind":"pause_job","target":"metrics_scraper".*"reason":"looking at it"' audit --json
claim "resume answers" says '^resumed metrics_scraper' job resume metrics_scraper
eventually 5 "the store has it" sql_is "$STATE" "SELECT is_paused FROM jobs WHERE name = 'metrics_scraper'" 0
claim "a dry run asks nothing" says '^would ask .*"pause_job"' job pause metrics_scraper --dry-run
steadily 1 "and nothing happens" sql_is "$STATE" "SELECT is_paused FROM jobs WHERE name = 'metrics_scraper'" 0
claim "an earlier name runs what it is now" says 'started unified_health_monitor run [0-9]+' job run health_check --why test
forced="SELECT run FROM job_runs WHERE job_name = 'unified_health_monitor' AND cause = 'force'"
eventually 10 "the forced run succeeds" sql_at_least "$STATE" "SELECT COUNT(*) FROM ($forced AND state = 'succeeded')" 1
run=$(sql "$STATE" "$forced LIMIT 1")
claim "run show has its steps" says 'check_job_execution +succeeded' run show "$run"
claim "a run that did not fail is not retried" says_no 1 'refused:' run retry "$run"
claim "runs lists it by its earlier name" says "^$run +unified_health_monitor +force" runs --job health_check --limit 100
eventually 5 "who asked is in the journal" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM events WHERE kind = 'command_done' AND payload LIKE '%\"actor\":\"$(id -un)\"%run_job%'
   OR kind = 'command_done' AND payload LIKE '%started unified_health_monitor%' AND payload LIKE '%\"actor\":\"$(id -un)\"%'" 1
claim "a context is recycled" says '^recycling ctx 2' context recycle 2
claim "the breaker of the LLM endpoints is tripped" says '^tripped the breaker of llm' site trip llm --why "too dear"
eventually 5 "the console names it" screen_has 'llm.*tripped'
claim "site breakers says by whom and why" says '^llm +tripped .*too dear' site breakers
claim "tripping it again is refused" says_no 1 'refused: its breaker is tripped already' site trip llm --why again
claim "it is reset" says '^reset the breaker of llm' site reset llm
claim "a name without a breaker is told" says_no 65 'there is no site "nobody"' site trip nobody --why test

# --- drafts: edited, approved, rejected ---------------------------------------------------------------------------------------------

drafts="SELECT COUNT(*) FROM content_metadata WHERE status = 'draft' AND kind = 'single'"
eventually 60 "plan writes drafts" sql_at_least "$STATE" "$drafts" 2
claim "nothing is out without approval" sql_is "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status = 'posted'" 0
keys 7
eventually 5 "7 shows the drafts" screen_has '= drafts that wait for approval: [1-9]'
tries=0
until sql_at_least "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE text LIKE 'EDITED-%'" 1 || [ $((tries += 1)) -gt 30 ]; do
  keys j E
  tick 0.3
done
claim "E edits the draft under the cursor in \$EDITOR" sql_is "$STATE" \
  "SELECT COUNT(*) FROM content_metadata WHERE text LIKE 'EDITED-%' AND status = 'draft'" 1
eventually 5 "the screen is back and says so" line_has -2 'has another text'
edited=$(sql "$STATE" "SELECT decision_id FROM content_metadata WHERE text LIKE 'EDITED-%'")
claim "no copy is left in the state folder" [ -z "$(compgen -G "$STATE/draft-*")" ]
keys A
eventually 5 "A approves it" negated sql_is "$STATE" "SELECT status FROM content_metadata WHERE decision_id = '$edited'" draft
eventually 60 "it is published as edited" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM content_metadata WHERE decision_id = '$edited' AND status IN ('posted', 'verified')" 1
site_state
claim "the site has the operator's words" grep -q 'EDITED-' "$DIR/site.json"
eventually 60 "more drafts" sql_at_least "$STATE" "$drafts" 2
keys g # the cursor went with its row
tries=0
until sql_at_least "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status = 'cancelled'" 1 || [ $((tries += 1)) -gt 30 ]; do
  keys j x
  tick 0.2
done
claim "x rejects the one under the cursor" sql_at_least "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status = 'cancelled'" 1
eventually 60 "and more" sql_at_least "$STATE" "$drafts" 1
draft=$(sql "$STATE" "SELECT decision_id FROM content_metadata WHERE status = 'draft' AND kind = 'single' LIMIT 1")
claim "content reject answers" says "^content row $draft rejected, by $(id -un)" content reject "$draft"
claim "and refuses the second time" says_no 1 '^refused: ' content reject "$draft"

# --- an uncertain row is settled to its post ----------------------------------------------------------------------------------------

eventually 60 "one more draft" sql_at_least "$STATE" "$drafts" 1
draft=$(sql "$STATE" "SELECT decision_id FROM content_metadata WHERE status = 'draft' AND kind = 'single' LIMIT 1")
fault '{"target": "site", "kind": "error500", "path": "/@"}'
fault '{"target": "site", "kind": "lost_confirmation", "path": "/api/posts"}'
claim "content approve answers" says "^content row $draft approved" content approve "$draft"
eventually 60 "its confirmation is lost: the row is uncertain" sql_is "$STATE" \
  "SELECT status FROM content_metadata WHERE decision_id = '$draft'" uncertain
claim "content list shows it" says "$draft +single +uncertain" content list --limit 100
site_state
post=$(json "$DIR/site.json" '$.posts[#-1].id')
claim "settle wants a row that is uncertain" says_no 1 'not uncertain' content settle "$edited" "$post"
text=$(sql "$STATE" "SELECT text FROM content_metadata WHERE decision_id = '$draft'")
post=$(sqlite3 :memory: "SELECT json_extract(value, '\$.id') FROM json_each(CAST(readfile('$DIR/site.json') AS TEXT), '\$.posts')
  WHERE json_extract(value, '\$.text') = '${text//\'/\'\'}'")
claim "content settle answers" says "is post $post, by $(id -un)" content settle "$draft" "$post"
eventually 5 "the row is posted, with that id" sql_is "$STATE" \
  "SELECT status || post_id FROM content_metadata WHERE decision_id = '$draft'" "posted$post"
faults_clear
keys 7
keys G
eventually 5 "the receipts journal on the page says who settled it" screen_has "$draft  .* settled post $post by operator"

# --- leaving ------------------------------------------------------------------------------------------------------------------------

keys q
keys Q
claim "Q asks, y leaves" answer y 'leave|Leave|drain'
eventually 45 "the console ends" has_ended
claim "with 0" [ "$(cat "$DIR/exit")" = 0 ]
claim "its socket is gone" [ ! -e "$STATE/signalbox.sock" ]
claim "runs are shown from the store" says "^[0-9]+ +[a-z_]+" runs --catalogue "$GROWTH" --limit 3
claim "a command says that nobody is there" says_no 69 'no runtime serves' job pause plan
claim "the audit is the store's: it outlives the runtime" says 'pause_job +metrics_scraper' audit --catalogue "$GROWTH"
finish
