#!/usr/bin/env bash
# What is refused, and what goes on when a part of the world is missing, broken or killed.
. "$(dirname "$0")/lib.sh" "$1" faults

component() {
  sqlite3 :memory: "SELECT json_extract(value, '$.$2') FROM json_each(CAST(readfile('$DIR/check.out') AS TEXT), '\$.components')
                    WHERE json_extract(value, '$.name') = '$1'"
}

says() {
  grep -qE -- "$1" <<<"$said"
}

start_world
point

# --- words that make no sense -----------------------------------------------------------------------------------------------------

claim "an unknown option is refused with 64" refused 64 "$PROGRAM" run --frobnicate
claim "an unknown command is refused with 64" refused 64 "$PROGRAM" frobnicate
claim "and help is named" says 'signalbox help'
claim "a --set without value is refused with 64" refused 64 "$PROGRAM" run --catalogue "$GROWTH" --set pool.policy --state-dir "$DIR/none"
claim "a --set of a key that does not exist is refused with 78" \
  refused 78 "$PROGRAM" run --catalogue "$GROWTH" --set pool.policies=strict --state-dir "$DIR/none"
claim "a console without a terminal is refused with 64" refused 64 "$PROGRAM" console --catalogue "$GROWTH" --state-dir "$DIR/none"
claim "none of them has made a state folder" [ ! -e "$DIR/none" ]

# --- a catalogue with mistakes ----------------------------------------------------------------------------------------------------

sed -e 's/^\( *\)timezone: UTC/\1timezone: Mars\/Base/' -e 's/policy: reclaim /policy: stingy /' -e 's/every: 60m/evry: 60m/' \
  -e 's/priority: 9/priority: nine/' "$GROWTH" >"$DIR/mistaken.yaml"
claim "a catalogue with mistakes is refused with 78" refused 78 "$PROGRAM" run --catalogue "$DIR/mistaken.yaml" --state-dir "$DIR/none"
for place in policy:stingy timezone:Mars evry:evry priority:nine; do
  line=$(grep -nE "^ *${place%:*}: .*${place#*:}|^ *evry: 60m" "$DIR/mistaken.yaml" | grep "${place#*:}" | head -n 1 | cut -d : -f 1)
  claim "the mistake in ${place%:*} is told with its place, line $line" says "mistaken\.yaml:$line:[0-9]+: .*${place#*:}"
done
claim "a misspelt key gets a suggestion" says 'did you mean "every"'
claim "nothing was started: no state folder" [ ! -e "$DIR/none" ]
claim "config check refuses it too" refused 78 "$PROGRAM" config check "$DIR/mistaken.yaml"

# --- a store that cannot be used --------------------------------------------------------------------------------------------------

mkdir "$DIR/corrupt"
head -c 20000 /dev/urandom >"$DIR/corrupt/signalbox.db"
cp "$DIR/corrupt/signalbox.db" "$DIR/corrupt.db"
claim "a corrupt store is refused with 65" refused 65 "$PROGRAM" run "${pointed[@]}" --state-dir "$DIR/corrupt"
claim "and what to do is said" says 'damaged.*(Move it away|restore a backup)'
claim "and it is left as it was" cmp -s "$DIR/corrupt/signalbox.db" "$DIR/corrupt.db"
json_of "$PROGRAM" check --json "${pointed[@]}" --state-dir "$DIR/corrupt"
claim "check says no to it" [ "$code" != 0 ]

# as_somebody COMMAND...: root may write everywhere, so root becomes somebody else
as_somebody() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi
}
mkdir -p "$DIR/closed/inner" "$DIR/read-only"
start_store() {
  start store "$PROGRAM" db migrate --catalogue "$GROWTH" --state-dir "$1"
  ended "$started"
}
start_store "$DIR/read-only"
claim "a store is made by db migrate" [ -s "$DIR/read-only/signalbox.db" ]
if [ "$(id -u)" = 0 ]; then
  chmod 755 "$DIR" && chown -R 65534:65534 "$DIR/closed" "$DIR/read-only"
fi
chmod 555 "$DIR/closed/inner"
claim "a state folder that may not be written is refused with 77" \
  refused 77 as_somebody "$PROGRAM" run "${pointed[@]}" --state-dir "$DIR/closed/inner"
claim "and what to do is said" says 'must exist and be writable'
chmod 444 "$DIR/read-only/signalbox.db"
claim "a read-only store is refused with 77" refused 77 as_somebody "$PROGRAM" run "${pointed[@]}" --state-dir "$DIR/read-only"
claim "and what to do is said" says 'cannot be written.*write permission'

# --- check against the world ------------------------------------------------------------------------------------------------------

json_of "$PROGRAM" check --json "${pointed[@]}" --state-dir "$DIR/check"
claim "check finds everything: exit 0" [ "$code" = 0 ]
claim "verdict ready" [ "$(json "$DIR/check.out" '$.verdict')" = ready ]
claim "the browser was really looked at" [ "$(component browser state)" = ok ]
fault '{"target": "llm", "kind": "error500"}'
json_of "$PROGRAM" check --json "${pointed[@]}" --state-dir "$DIR/check"
claim "without the LLM endpoint: exit 2" [ "$code" = 2 ]
claim "verdict degraded" [ "$(json "$DIR/check.out" '$.verdict')" = degraded ]
claim "llm failed, with the reason" [ "$(component llm state)" = failed ] && note "$(component llm reason)"
faults_clear

# --- no Chromium ------------------------------------------------------------------------------------------------------------------

STATE=$DIR/state
in_terminal 120x40 "$PROGRAM" console "${pointed[@]}" --state-dir "$STATE" --set settings.chromium=/nonexistent/chromium
eventually 10 "without Chromium: component browser failed" screen_has 'browser +FAIL' || give_up "the console does not come up"
eventually 5 "with the reason" sql_at_least "$STATE" "SELECT COUNT(*) FROM events WHERE kind = 'component_changed'
  AND json_extract(payload, '\$.component') = 'browser' AND json_extract(payload, '\$.reason') LIKE '%/nonexistent/chromium%'" 1
eventually 15 "jobs that need it are held" job_is posting 'HELD'
eventually 5 "and say what they wait for" screen_has 'HELD +posting .*browser'
eventually 15 "an alert is shown for it" screen_has '^ *![A-Z]+ .*browser failed: no executable'
eventually 5 "raised by the rule dep_down" sql_is "$STATE" "SELECT COUNT(*) FROM alerts WHERE rule = 'dep_down' AND component = 'browser'" 1
eventually 30 "jobs that do not need it run" job_is plan OK
eventually 15 "the upkeep too" job_is runtime_housekeeping '(OK|RUN)'

# --- two runtimes on one state folder ---------------------------------------------------------------------------------------------

claim "a second runtime on the same state folder is refused with 75" refused 75 "$PROGRAM" run "${pointed[@]}" --state-dir "$STATE"
claim "and the reason is said" says "another runtime already serves"
claim "the first goes on" is_alive "$(console_pid)"
keys Q
claim "the held console leaves" answer y 'Leave'
eventually 10 "with exit code 0" has_ended
claim "and code 0" [ "$(cat "$DIR/exit")" = 0 ]
close_terminal

# --- Chromium killed --------------------------------------------------------------------------------------------------------------

in_terminal 120x40 "$PROGRAM" console "${pointed[@]}" --state-dir "$STATE"
eventually 10 "with Chromium the contexts stand ready" screen_has '#2 +IDLE +low' || give_up "no contexts"
eventually 30 "a post appears" site_has_posts 1
eventually 60 "the alert of the earlier start is cleared" sql_is "$STATE" "SELECT COUNT(*) FROM alerts WHERE cleared_at_ms IS NULL" 0
victim=$(browser_of "$STATE")
note "browser $victim"
fault '{"target": "site", "kind": "delay", "path": "/post/", "delay_ms": 20000}'
only metrics_scraper
keys '!'
claim "metrics_scraper is forced" answer y 'Force-run metrics_scraper'
eventually 20 "it works in a context" screen_has '#[0-9] +(RUN|LEASED|BUSY|USED)[^ ]* .*metrics_scraper|#[0-9] .*metrics_scraper'
kill -KILL "$victim"
eventually 5 "kill -9 ends the browser" is_gone "$victim"
faults_clear
has_other_browser() {
  local now
  now=$(browser_of "$STATE")
  [ -n "$now" ] && [ "$now" != "$victim" ] && is_alive "$now"
}
eventually 20 "a new browser starts" has_other_browser
eventually 20 "the run that lost its context is retried and succeeds" job_is metrics_scraper OK
eventually 5 "it was told as lost with its browser" sql_at_least "$STATE" "SELECT COUNT(*) FROM events WHERE kind = 'run_retrying'
  AND json_extract(payload, '\$.job') = 2" 1
eventually 20 "no slot is lost: context 0 is idle again" screen_has '#0 +IDLE'
eventually 20 "and context 1" screen_has '#1 +IDLE'
eventually 20 "and context 2" screen_has '#2 +IDLE'
eventually 20 "none of them leased" line_has 2 'ctx 0/3 q0'
posted=$(json "$DIR/site.json" '$.posts_created')
eventually 150 "and posts go on appearing" site_has_posts $((posted + 1))
keys '\'
tick 0.15
keys Q
claim "the console leaves" answer y 'Leave'
eventually 40 "it ends" has_ended
claim "with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
claim "every lease was given back" sql_is "$STATE" "SELECT COUNT(*) FROM leases WHERE released_at_ms IS NULL" 0
eventually 5 "no process is left behind" has_no_strays || strays | show
claim "no browser profile is left behind" [ "$(profile_count)" = 0 ]
finish
