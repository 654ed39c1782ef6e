#!/usr/bin/env bash
# An operator's morning: the console on the practice world, from the first frame to leaving, by keys and by what the screen shows.
. "$(dirname "$0")/lib.sh" "$1" console

start_world
point
STATE=$DIR/state

in_terminal 80x24 "$PROGRAM" console --state-dir "$STATE" "${pointed[@]}"
eventually 10 "the first frame stands, marked PRACTICE" line_has 1 '^SIGNALBOX .* PRACTICE ' || give_up "no first frame"
note "first frame after $(($(now_ms) - launched_ms)) ms"
pid=$(console_pid)
eventually 5 "the first frame has all jobs" screen_has ' [0-9]+-[0-9]+/29 '
eventually 5 "line 2 counts contexts, budget and alerts" line_has 2 'FAIL 0 .* ctx [0-9]/3 .* LLM high .* ALERT 0/0'
eventually 5 "the last lines are the last operation and the keys" line_has -2 '^last op none'
eventually 5 "the keys shown come from the keymap" line_has -1 '^\?help .*p pause .*Q leave'
eventually 10 "every component is checked and fine" screen_has '5─Services─ all ok|5 Services─ all ok'
eventually 5 "line 2 counts the jobs" line_has 2 '^29 jobs FAIL 0 '
eventually 10 "three contexts stand ready" screen_has '#2 +IDLE +low'

eventually 30 "plan writes texts" job_is plan OK
eventually 40 "a post appears on the site" site_has_posts 1
eventually 15 "its row in the store is posted, with the site's id" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified') AND post_id IS NOT NULL" 1
eventually 5 "the budget shows settled calls" screen_has 'premium 0\.[0-9]+ x[0-9]'

# The other panes.
keys 8
eventually 5 "8 shows the timeline with who held the contexts" screen_has 'ctx #[0-9] (posting|high|low) .*\.*[a-z]'
eventually 5 "and a run of a job" screen_has '^ [a-zA-Z ] [a-z_]+ .*='
keys 7
eventually 5 "7 shows the content, with its counts in the title" \
  screen_has '7 Content< [0-9]+ drafts, [0-9]+ uncertain, [0-9]+ queued, [0-9]+ posted today .* [0-9.]+s old'
steadily 3 "it is read again and again" screen_lacks STALE
keys 9
eventually 5 "9 says that this is the only node" screen_has '^ this process has the store for itself'
keys 1

# Pause and resume.
claim "the filter leaves one job and selects it" only metrics_scraper
keys p
eventually 5 "p pauses the job: PAUS= in its row" job_is metrics_scraper 'PAUS='
eventually 5 "the last operation names it and its result" line_has -2 'last op .* metrics_scraper -> ok'
eventually 5 "the pause is in the store" sql_is "$STATE" "SELECT is_paused FROM jobs WHERE name = 'metrics_scraper'" 1
keys p
eventually 5 "p again resumes it" negated job_is metrics_scraper 'PAUS='
eventually 5 "the resume is in the store" sql_is "$STATE" "SELECT is_paused FROM jobs WHERE name = 'metrics_scraper'" 0

# Force-run.
before=$(sql "$STATE" "SELECT COUNT(*) FROM job_runs WHERE job_name = 'metrics_scraper' AND cause = 'force'")
keys '!'
claim "! asks, names the schedule it overrides, and y starts it" answer y 'overrides the schedule'
eventually 10 "the forced run is in the store, begun by force" sql_is "$STATE" \
  "SELECT COUNT(*) FROM job_runs WHERE job_name = 'metrics_scraper' AND cause = 'force'" $((before + 1))
eventually 30 "it succeeds" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM job_runs WHERE job_name = 'metrics_scraper' AND cause = 'force' AND state = 'succeeded'" 1
eventually 10 "it has read the counters of a post" sql_at_least "$STATE" "SELECT COUNT(*) FROM outcomes WHERE collected_at_ms IS NOT NULL" 1
keys '!'
eventually 5 "! asks again" is_asking
tick 0.4
keys Enter
steadily 1 "Enter answers nothing" is_asking
claim "Esc is no: the question is gone" answer Escape 'Force-run metrics_scraper'
claim "and nothing was started" sql_is "$STATE" \
  "SELECT COUNT(*) FROM job_runs WHERE job_name = 'metrics_scraper' AND cause = 'force'" $((before + 1))

# Undo and cancel.
keys p
eventually 5 "p pauses again" job_is metrics_scraper 'PAUS='
keys u
eventually 5 "u undoes it" negated job_is metrics_scraper 'PAUS='
fault '{"target": "site", "kind": "delay", "path": "/post/", "delay_ms": 20000}'
keys '!'
claim "a run is forced that will take long" answer y 'Force-run metrics_scraper'
eventually 20 "it runs" job_is metrics_scraper RUN
keys x
claim "x asks, and y cancels" answer y 'Cancel metrics_scraper run'
eventually 15 "the run ends as cancelled" sql_at_least "$STATE" \
  "SELECT COUNT(*) FROM job_runs WHERE job_name = 'metrics_scraper' AND state = 'cancelled'" 1
eventually 10 "its context is free again" line_has 2 'ctx 0/3'
eventually 5 "the last operation is the cancellation" line_has -2 'last op .*cancel.* metrics_scraper -> ok'
faults_clear

# Everything pauses, and goes on.
keys P
claim "P asks, and y pauses everything" answer y 'Stop all dispatch|[Pp]ause'
eventually 5 "the pause of everything is in the store" sql_is "$STATE" "SELECT COUNT(*) FROM pauses WHERE scope = 'all'" 1
runs_begun() {
  sql "$STATE" "SELECT COUNT(*) FROM job_runs WHERE started_at_ms IS NOT NULL"
}
begun=$(runs_begun)
more_begun() {
  [ "$(runs_begun)" != "$begun" ]
}
steadily 4 "no run begins meanwhile" negated more_begun
keys P
eventually 5 "P again wants the word" screen_has 'resume'
tick 0.4
keys r e s u m e y
eventually 5 "the word and y resume" sql_is "$STATE" "SELECT COUNT(*) FROM pauses WHERE scope = 'all'" 0
eventually 10 "and runs begin again" more_begun

# A job fails, is seen, and is retried.
fault '{"target": "llm", "kind": "bad_json", "path": "/v1/chat/completions"}'
claim "plan is selected" only plan
keys '!'
claim "plan is forced" answer y 'Force-run plan'
eventually 30 "it fails: FAIL! in its row" job_is plan 'FAIL!'
eventually 20 "after three attempts" screen_has "FAIL! +plan +3/3"
eventually 5 "line 2 counts it" line_has 2 'FAIL [1-9]'
eventually 5 "an alert is shown for it" screen_has '^ *!PAGE .* plan'
eventually 5 "raised by the rule job_failed" sql_is "$STATE" "SELECT COUNT(*) FROM alerts WHERE rule = 'job_failed' AND job_name = 'plan'" 1
eventually 5 "line 2 counts the alert" line_has 2 'ALERT [1-9]'
faults_clear
keys r
eventually 30 "r retries the run from its failed step, and it succeeds" job_is plan OK
eventually 10 "its alert clears" screen_lacks '^ *!PAGE .* plan'
eventually 5 "in the store too" sql_is "$STATE" "SELECT COUNT(*) FROM alerts WHERE job_name = 'plan' AND cleared_at_ms IS NULL" 0
eventually 5 "the last operation is the retry" line_has -2 'last op .*retry.* plan -> ok'

# Views.
keys Enter
eventually 5 "Enter opens the detail: each step" screen_has 'generate'
eventually 5 "with the gate and the queue" screen_has 'gate.*|queue'
keys Enter
eventually 10 "Enter again: its runs, from the store" screen_has '[0-9]+ succeeded .* retry '
keys Enter
eventually 10 "and again: the run with its steps and events" screen_has 'what happened'
eventually 5 "the attempts that failed are there" screen_has '#[123] +[0-9] +[a-z]+ +failed'
keys q
keys q
keys q
eventually 5 "q goes back to the list" screen_has 'Contexts & lanes'
keys L
eventually 5 "L shows what operators did: the retry" screen_has 'retry_run +plan +ok'
keys q
keys '?'
eventually 5 "? opens help, made from the keymap" screen_has 'force-run the selected job now'
keys q
eventually 5 "q closes it" screen_lacks 'force-run the selected job now'
keys '\'
eventually 5 "\\ clears the filter: all jobs again" screen_has ' [0-9]+-[0-9]+/29 '
keys /
typed zzz
keys Enter
eventually 5 "a filter that nothing passes says so" screen_has '0-0/0|0/29|0 of 29|no job'
keys '\'
eventually 5 "and is cleared" screen_has ' [0-9]+-[0-9]+/29 '

# Sizes.
resize 200x50
eventually 5 "200x50: the screen is filled to its last line" line_has 50 '^\?help'
eventually 5 "200x50: all panes" screen_has 'Budget'
resize 120x40
eventually 5 "120x40: the keys stand in the last line" line_has 40 '^\?help'
resize 40x8
eventually 5 "40x8: line 1 still stands" line_has 1 '^SIGNALBOX .*LIVE'
eventually 5 "40x8: line 2 still stands" line_has 2 '^FAIL [0-9]+ .*ALERT [0-9]'
eventually 5 "40x8: the alerts still stand" screen_has 'Alerts'
resize 1x1
eventually 5 "1x1: one cell, and the program lives" line_has 1 '^S?$'
claim "1x1: the program lives" is_alive "$pid"
resize 80x24
eventually 5 "80x24 again: all is back" line_has 24 '^\?help .*Q leave'
eventually 5 "80x24 again: all jobs" screen_has ' [0-9]+-[0-9]+/29 '

# Leaving.
browser=$(browser_of "$STATE")
claim "a browser works for the console" is_alive "$browser"
keys Q
claim "Q asks, y leaves" answer y 'Leave: drain and stop'
eventually 40 "the program ends" has_ended || give_up "the program does not leave"
claim "with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
claim "it says nothing on stderr" [ ! -s "$DIR/terminal.err" ]
claim "the terminal has its modes again" cmp -s "$DIR/stty-before" "$DIR/stty-after"
pane_is() { # tmux reads what was written at the end a little later than the end itself
  [ "$(tmux_do display-message -p "$1")" = "$2" ]
}
eventually 5 "the alternate screen is off" pane_is '#{alternate_on}' 0
eventually 5 "the cursor is shown" pane_is '#{cursor_flag}' 1
eventually 5 "keypad and mouse are as before" pane_is '#{keypad_flag}#{mouse_any_flag}' 00
claim "the browser is gone" is_gone "$browser"
eventually 5 "no process is left behind" has_no_strays || strays | show
claim "no browser profile is left behind" [ "$(profile_count)" = 0 ]
claim "no run is left as running: ended, or held for the next start" sql_is "$STATE" \
  "SELECT COUNT(*) FROM job_runs WHERE ended_at_ms IS NULL AND state <> 'held'" 0
finish
