#!/usr/bin/env bash
# The disk of the store and the receipts is full, under load, and later it is not: nothing that must be on disk happens without, people hear of it,
# and with room again everything goes on by itself with no row lost or doubled. disk_test.sh PROGRAM RECEIPTS [postgres]: the store is a file, or the
# tables of a PostgreSQL.
#
# The disk is a tmpfs in a mount namespace of this script's own: it is gone with the script, however that ends.
if [ "${E2E_DISK_SPACE:-}" != own ]; then
  if unshare --mount --propagation private sh -c 'd=$(mktemp -d) && mount -t tmpfs -o size=1m none "$d"
    r=$?; umount "$d" 2>/dev/null; rmdir "$d"; exit $r'; then
    E2E_DISK_SPACE=own exec unshare --mount --propagation private bash "$0" "$@"
  fi
fi
. "$(dirname "$0")/lib.sh" "$1" disk
[ "${E2E_DISK_SPACE:-}" = own ] || skip_all "no file system may be mounted here (it takes root), so no disk can be filled"
RECEIPTS=$(realpath "$2") || exit 64
KIND=${3:-sqlite}

clean_up_disk() {
  local status=$? pid
  for pid in "${children[@]+"${children[@]}"}"; do kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
  [ "$KIND" = sqlite ] || stop_postgres QUIT
  [ "${E2E_KEEP:-0}" != 1 ] || cp -r "$STATE" "$DIR/state"
  cd / && umount "$DIR/disk" 2>/dev/null || umount --lazy "$DIR/disk"
  (exit "$status")
  clean_up
}
[ "$KIND" = sqlite ] || . "$(dirname "$0")/postgres.sh"
mkdir "$DIR/disk"
mount -t tmpfs -o size=288m,mode=755 none "$DIR/disk" || give_up "the disk cannot be mounted"
trap clean_up_disk EXIT
STATE=$DIR/disk/state
if [ "$KIND" = sqlite ]; then
  alert_of="json_extract(payload, '\$.alert')"
else # the server's own log stays where there is room: it would end the server
  alert_of="(payload::json ->> 'alert')::bigint"
  mkdir "$DIR/disk/tables" && chown postgres:postgres "$DIR/disk/tables"
  query postgres postgres "CREATE TABLESPACE small LOCATION '$DIR/disk/tables'"
  query postgres postgres "CREATE DATABASE signalbox OWNER signalbox TABLESPACE small"
fi

# fill: until not a byte more fits, and no file either
fill() {
  dd if=/dev/zero "of=$DIR/disk/ballast" bs=1M oflag=append conv=notrunc 2>/dev/null
  dd if=/dev/zero "of=$DIR/disk/ballast" bs=4k oflag=append conv=notrunc 2>/dev/null
  true
}

cat >"$DIR/receive" <<'SH'
#!/bin/sh
line=$(cat | tr -d '\n') && printf '%s\n' "$line" >>"$1"
SH
chmod +x "$DIR/receive"
start_world --speed 600
SPEED=600
point
cp "$GROWTH" "$DIR/catalogue.yaml"
cat >>"$DIR/catalogue.yaml" <<YAML
alerts: {start_hold: 1s, group_wait: 1s}
channels:
  team:
    exec: {argv: [$DIR/receive, $DIR/team]}
    rules: [dep_down]
YAML
pointed[1]=$DIR/catalogue.yaml
[ "$KIND" = sqlite ] || pointed+=(--set "settings.store=postgresql://signalbox@/signalbox?host=$DIR/pg")
start run "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set content.posts_per_run.high=4 --set content.stuck_after=30s \
  --set content.submit_deadline=3s --set content.replies_per_hour=60 --set content.reply_spacing=1m
runtime=$started

# of_store KEY: what the running program says of that component (plain lines may miss an event when much happens)
of_store() {
  curl -sf -m 10 --unix-socket "$STATE/signalbox.sock" -o "$DIR/components.json" http://localhost/v1/components || return 1
  sqlite3 :memory: "SELECT json_extract(value, '\$.$1') FROM json_each(CAST(readfile('$DIR/components.json') AS TEXT), '\$.components')
    WHERE json_extract(value, '\$.name') = 'store'"
}

store_is() {
  [ "$(of_store state)" = "$1" ]
}

filled_and_failed() {
  fill
  store_is failed
}

posts_out() {
  site_state && json "$DIR/site.json" '$.posts_created'
}

# told KIND: how many notices of that kind about the store the team took
told() {
  [ -e "$DIR/team" ] || { printf 0; return; }
  grep -c "\"kind\": *\"$1\".*\"subject\": *\"store\"\|\"subject\": *\"store\".*\"kind\": *\"$1\"" "$DIR/team"
}

has_told() {
  [ "$(told "$1")" = "$2" ]
}

ask() {
  "$PROGRAM" "$@" --state-dir "$STATE" 2>"$DIR/ask.err"
}

# the number of open alerts dep_down of the store, asked of the running program
firing_is() {
  ask alert list --json >"$DIR/alerts.json" || return 1
  [ "$(sqlite3 :memory: "SELECT COUNT(*) FROM json_each(CAST(readfile('$DIR/alerts.json') AS TEXT))
    WHERE json_extract(value, '\$.rule') = 'dep_down' AND json_extract(value, '\$.subject') = 'store'")" = "$1" ]
}

eventually 40 "posts appear" site_has_posts 4 || give_up "no load: $(tail -n 3 "$DIR/run.err")"

# --- full ---------------------------------------------------------------------------------------------------------------------------

sql "$STATE" "SELECT decision_id FROM content_metadata" | LC_ALL=C sort >"$DIR/rows-before"
claim "there are rows that could be lost" [ -s "$DIR/rows-before" ]
eventually 60 "on a full disk the store is told as failed" filled_and_failed || give_up "the disk is full and nobody minds"
full_since=$SECONDS
reason=$(of_store reason)
note "$reason"
claim "with the reason" grep -qE 'full|No space' <<<"$reason"
eventually 10 "dep_down fires" firing_is 1
eventually 30 "the team hears of it all the same" has_told firing 1
# What was on disk before may still end; then nothing that must be on disk happens.
is_quiet() {
  before=$(posts_out) && ! wait_for 3 site_has_posts $((before + 1))
}
eventually 40 "what was on disk has come to its end" is_quiet
rows=$(sql "$STATE" "SELECT MAX(seq) FROM events")
steadily 10 "nothing more is published" negated site_has_posts $((before + 1))
claim "the journal stands still" sql_is "$STATE" "SELECT MAX(seq) FROM events" "$rows"
claim "the program lives" is_alive "$runtime"
claim "and answers" firing_is 1
note "full for $((SECONDS - full_since)) s"

# --- room again ---------------------------------------------------------------------------------------------------------------------

rm "$DIR/disk/ballast"
eventually 30 "with room again the store is ok by itself" store_is ok
eventually 150 "posts go on" site_has_posts $((before + 2))
eventually 60 "the alert clears" firing_is 0
eventually 20 "and the team hears of it" has_told resolved 1

# --- now and then full, for moments ---------------------------------------------------------------------------------------------------

for ((round = 1; round <= 4; round++)); do
  wait_for 30 filled_and_failed || note "round $round: not full enough"
  tick "0.$((RANDOM % 1000))"
  rm "$DIR/disk/ballast"
  wait_for 30 store_is ok || give_up "round $round: the store does not come back"
done
ok "it was full a few times more"
before=$(posts_out)
eventually 150 "posts go on" site_has_posts $((before + 2))
open_sql="SELECT COUNT(*) FROM content_metadata WHERE status IN ('posting', 'uncertain')"

# --- what became of it ----------------------------------------------------------------------------------------------------------------

eventually 90 "no alert of the store stays" firing_is 0
kill -TERM "$runtime"
ended "$runtime" 45
claim "it drains and ends with 0" [ "$code" = 0 ]
# Posts in doubt are looked for on the site, twice, half a minute apart; a drain between click and saving leaves both to the next start.
for ((round = 1; round <= 4; round++)); do
  start "more-$round" "$PROGRAM" run --state-dir "$STATE" "${pointed[@]}" --set content.posts_per_hour=1 --set content.posts_per_hour_max=1 \
    --set content.stuck_after=30s --set content.submit_deadline=3s
  runtime=$started
  wait_for 20 store_is ok || give_up "it does not start again: $(tail -n 3 "$DIR/more-$round.out" "$DIR/more-$round.err")"
  wait_for 120 sql_is "$STATE" "$open_sql" 0
  kill -TERM "$runtime"
  ended "$runtime" 45
  [ "$code" = 0 ] || not_ok "start $round ends with $code"
  sql_is "$STATE" "$open_sql" 0 && break
  note "drained in the middle of a post: started once more"
done
claim "it starts again, and nothing stays in flight or uncertain" sql_is "$STATE" "$open_sql" 0 ||
  sql "$STATE" "SELECT decision_id, status, attempts, last_error FROM content_metadata WHERE status IN ('posting', 'uncertain')" | show
claim "the site answers" site_state
sql "$STATE" "SELECT decision_id FROM content_metadata" | LC_ALL=C sort >"$DIR/rows-after"
claim "no row is lost" [ -z "$(LC_ALL=C comm -23 "$DIR/rows-before" "$DIR/rows-after")" ]
claim "the journal has no hole" sql_is "$STATE" "SELECT MAX(seq) - MIN(seq) + 1 - COUNT(*) FROM events" 0
first=$(sql "$STATE" "SELECT MIN(alert) FROM alerts WHERE rule = 'dep_down' AND subject = 'store'")
claim "the first time was one incident" sql_is "$STATE" "SELECT COUNT(*) FROM events WHERE kind = 'alert_raised' AND $alert_of = $first" 1
claim "which ended once" sql_is "$STATE" "SELECT COUNT(*) FROM events WHERE kind = 'alert_cleared' AND $alert_of = $first" 1
if [ "$KIND" = sqlite ]; then
  claim "the store is sound" sql_is "$STATE" "PRAGMA integrity_check" ok
fi
claim "something was posted" sql_at_least "$STATE" "SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified', 'archived')" 8
compare_site_and_store
claim "no notice went twice" [ -z "$(sed -n 's/.*"key": *"\([^"]*\)".*/\1/p' "$DIR/team" | sort | uniq -d)" ]
eventually 5 "no process is left behind" has_no_strays || strays | show
finish
