#!/usr/bin/env bash
# `signalbox check`, beside no running program and beside one: what each component's check finds when the thing itself is broken.
. "$(dirname "$0")/lib.sh" "$1" check

STATE=$DIR/state
SPEED=120
start_world --speed 120
point
cp "$GROWTH" "$DIR/growth.yaml" # a copy: it is changed later
cp -r "$SOURCE/runtime/catalog/sites" "$DIR/sites"
pointed[1]=$DIR/growth.yaml

# state_is COMPONENT STATE [WORDS]: in the last check
state_is() {
  local row
  row=$(sqlite3 :memory: "SELECT json_extract(value, '\$.state') || ' ' || json_extract(value, '\$.reason')
    FROM json_each(CAST(readfile('$DIR/check.out') AS TEXT), '\$.components') WHERE json_extract(value, '\$.name') = '$1'")
  [ "${row%% *}" = "$2" ] && grep -qE -- "${3:-.*}" <<<"$row" || { note "$1 is $row"; show 5 <"$DIR/check.err"; return 1; }
}

checked() {
  json_of "$PROGRAM" check --json "${pointed[@]}" --state-dir "$STATE" "$@"
}

checked
claim "all there: ready, exit code 0" [ "$code" = 0 ]
for component in config store browser llm engine timezones disk; do claim "$component is ok" state_is "$component" ok; done
claim "every component has what scripts rely on" [ "$(sqlite3 :memory: "SELECT COUNT(*) FROM
  json_each(CAST(readfile('$DIR/check.out') AS TEXT), '\$.components') WHERE json_extract(value, '\$.class') IS NOT NULL
  AND json_extract(value, '\$.latency_ms') >= 0 AND json_extract(value, '\$.reason') IS NOT NULL
  AND json_extract(value, '\$.since') LIKE '2%Z'")" -ge 7 ]

chmod 755 "$STATE"
checked
claim "a state folder open to others is told" state_is disk degraded 'open to others.*chmod 700'
claim "and the verdict is degraded, exit code 2" [ "$code" = 2 ]
chmod 700 "$STATE"

json_of prlimit --nofile=150:150 "$PROGRAM" check --json "${pointed[@]}" --state-dir "$STATE"
claim "too few descriptors are told" state_is engine degraded 'limit of 150 open files.*raise LimitNOFILE'

before=$(now_ms)
checked --set llm.base_url=http://127.0.0.1:9/v1
claim "an endpoint that is gone is told" state_is llm failed
note "after $(($(now_ms) - before)) ms and four tries"

checked --set settings.chromium=/bin/false
claim "a browser that does not start is told" state_is browser failed

# A provider that has ended its models, as the price file of an installation tells.
mkdir -p "$DIR/prefix/bin" "$DIR/prefix/share/signalbox"
cp "$PROGRAM" "$DIR/prefix/bin/"
cp -r "$SOURCE/runtime/catalog" "$DIR/prefix/share/signalbox/catalog"
cp -r "$SOURCE/themes" "$DIR/prefix/share/signalbox/themes"
ends_in() {
  sed "/shutdown_date:/d; s/^\\( *\\)effective_from:.*/&\\n\\1shutdown_date: $(date -u -d "$1" +%F)/" "$SOURCE/runtime/catalog/prices.yaml" \
    >"$DIR/prefix/share/signalbox/catalog/prices.yaml"
  json_of "$DIR/prefix/bin/${PROGRAM##*/}" check --json "${pointed[@]}" --state-dir "$STATE" --set settings.practice=false --set settings.speed=1
}
ends_in '-3 days'
claim "a model that was ended is told, outside of the practice world" state_is llm failed 'ended model .*name its successor'
ends_in '3 days'
claim "one that will be, too" state_is llm degraded 'ends model .*name its successor'
ends_in '10 days'
claim "not long before" state_is llm ok

# --- beside a running program ------------------------------------------------------------------------------------------------------

start run "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set components.config.every=1s --set components.disk.every=1s
runtime=$started
eventually 20 "the program runs" grep -qs 'browser is ok' "$DIR/run.out"
checked
claim "check asks it" [ "$code" = 0 ]
claim "and its answer has the same form" state_is store ok
chmod 755 "$STATE"
touch "$DIR/growth.yaml" # written anew as it was: nobody is told
printf '# changed\n' >>"$DIR/growth.yaml"
stale() {
  checked && state_is config degraded 'changed after it was loaded' >/dev/null && state_is disk degraded >/dev/null
}
eventually 20 "a catalogue that was changed meanwhile is told, and the folder" stale
kill -TERM "$runtime"
claim "it ends" ended "$runtime" 45

# A component that must work at the start.
start must "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set settings.chromium=/bin/false --set settings.startup_deadline=2s \
  --set components.browser.at_start=fail
claim "a start that must not go on without its browser ends" ended "$started" 60
claim "with exit code 69" [ "$code" = 69 ]
claim "and says why" grep -q 'component browser does not work and components.browser.at_start is fail' "$DIR/must.err"
# --- what systemd hears -------------------------------------------------------------------------------------------------------------

chmod 700 "$STATE"
start hearer python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print("|".join(s.recv(4096).decode().split("\n")), flush=True)
' "$DIR/notify"
hearer=$started
is_socket() { [ -S "$DIR/notify" ]; }
eventually 10 "somebody listens as systemd would" is_socket
heard() {
  grep -qE -- "$1" "$DIR/hearer.out"
}
watchdogs() {
  [ "$(grep -c '^WATCHDOG=1' "$DIR/hearer.out")" -ge "$1" ]
}
start notified env NOTIFY_SOCKET="$DIR/notify" WATCHDOG_USEC=2000000 "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}"
notified=$started
eventually 40 "READY=1 with a status" heard '^READY=1.STATUS=(ready|degraded)'
claim "before it, more time for a migration" [ "$(head -n 1 "$DIR/hearer.out")" = "EXTEND_TIMEOUT_USEC=600000000|STATUS=opening the store" ]
eventually 10 "the watchdog is fed" watchdogs 2
kill -STOP "$notified"
fed=$(grep -c '^WATCHDOG=1' "$DIR/hearer.out")
steadily 3 "a program that stands still feeds it no more" negated watchdogs $((fed + 2))
kill -CONT "$notified"
eventually 15 "one that goes on does" watchdogs $((fed + 2))
kill -TERM "$notified"
claim "it drains" ended "$notified" 45
eventually 5 "STOPPING=1 at the end" heard '^STOPPING=1'
kill -TERM "$hearer"
ended "$hearer" 10
finish
