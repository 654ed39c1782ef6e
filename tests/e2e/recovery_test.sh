#!/usr/bin/env bash
# The health monitor brings the browser back: a browser that was killed and cannot be started is restarted once, the outcome is an event, and it is
# not tried more often than allowed; what works is left alone.
. "$(dirname "$0")/lib.sh" "$1" recovery

STATE=$DIR/state
SPEED=120 # the health monitor looks every 7.5 s
start_world --speed 120
point

real=$(command -v chromium-headless-shell || command -v chromium) || give_up "no browser here"
printf '#!/bin/sh\nif [ -e %q ]; then echo "broken on purpose" >&2; exit 1; fi\nexec %q "$@"\n' "$DIR/broken" "$real" >"$DIR/browser"
chmod +x "$DIR/browser"

commands() { # KIND OUTCOME: of the health monitor
  printf "SELECT COUNT(*) FROM events WHERE kind = '%s' AND json_extract(payload, '\$.actor') = 'health_monitor' AND
    json_extract(payload, '\$.outcome') LIKE '%s'" "$1" "$2"
}
checked="SELECT COUNT(*) FROM job_runs WHERE job_name = 'unified_health_monitor' AND ended_at_ms IS NOT NULL"
restarted=$(commands command_done 'restarting browser: check_browser_pool found trouble')
ended="SELECT COUNT(*) FROM events WHERE kind = 'recovery_ended' AND json_extract(payload, '\$.component') = 'browser'"

component_is() {
  [ "$(sql "$STATE" "SELECT json_extract(payload, '\$.state') FROM events WHERE kind = 'component_changed'
    AND json_extract(payload, '\$.component') = 'browser' ORDER BY seq DESC LIMIT 1")" = "$1" ]
}

break_browser() {
  touch "$DIR/broken"
  kill -KILL "$(browser_of "$STATE")"
  eventually 10 "$1: the component is failed" component_is failed
}

start run "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set "settings.chromium=$DIR/browser" --set settings.drain=5s
runtime=$started
eventually 20 "the browser runs" component_is ok || give_up "no browser: $(tail -n 3 "$DIR/run.err")"
eventually 40 "the health monitor has looked twice" sql_at_least "$STATE" "$checked" 2
claim "what works is left alone" sql_is "$STATE" "SELECT COUNT(*) FROM events WHERE json_extract(payload, '\$.actor') = 'health_monitor'" 0

break_browser "killed and broken"
eventually 40 "the health monitor asks, and it is done" sql_is "$STATE" "$restarted" 1
rm "$DIR/broken"
eventually 60 "the recovery ends well, as an event" sql_is "$STATE" "$ended AND json_extract(payload, '\$.state') = 'ok'" 1
claim "the component works" component_is ok
site_state
eventually 60 "posts appear again" site_has_posts $(($(json "$DIR/site.json" '$.posts_created') + 1))

break_browser "broken again"
eventually 40 "a second recovery within 10 minutes is refused" sql_at_least "$STATE" \
  "$(commands command_refused 'browser: the last recovery was % ago, there is one in 10m00s')" 1
rm "$DIR/broken"
eventually 60 "the browser comes back by itself" component_is ok
claim "it was restarted once" sql_is "$STATE" "$restarted" 1
claim "with one outcome" sql_is "$STATE" "$ended" 1

kill -TERM "$runtime"
claim "it drains" ended "$runtime" 45
eventually 5 "no process is left behind" has_no_strays || strays | show
finish
