#!/usr/bin/env bash
# An alert of the running program leaves it through real channels: at once, after failures of the receiver, and across kill -9 neither twice nor
# never; a dead man's switch hears of the start, the life and the end.
. "$(dirname "$0")/lib.sh" "$1" notices

STATE=$DIR/state
certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout "$1/key.pem" -out "$1/cert.pem" \
    2>"$DIR/openssl.err" || give_up "openssl makes no certificate"
}
# receiver NAME PROGRAM WORDS...: its port in $port
receiver() {
  local name=$1 program=$2
  shift 2
  mkdir "$DIR/$name"
  certificate "$DIR/$name"
  start "$name-server" /usr/bin/python3 "$SOURCE/tests/support/$program" "$DIR/$name" "$@"
  wait_for 20 grep -q '^listening ' "$DIR/$name-server.out" || give_up "no $name server"
  port=$(sed -n 's/^listening //p' "$DIR/$name-server.out")
}
receiver mail mail_server.py login
mail_port=$port
receiver hook https_server.py
hook_port=$port
receiver heart https_server.py
export HEART_URL=https://127.0.0.1:$port/uuid
printf 'xyzzy\n' >"$DIR/password"
printf 'hook-key-4711\n' >"$DIR/key"
cat >"$DIR/pager" <<'SH'
#!/bin/sh
# busy twice, then it takes what it is given
cat >>"$1.tried"
echo >>"$1.tried"
[ "$(wc -l <"$1.tried")" -gt 2 ] || exit 75
tail -n 1 "$1.tried" >>"$1"
SH

cat >"$DIR/catalogue.yaml" <<YAML
catalogue: rehearsal
settings: {state_dir: $STATE, store: "sqlite:$STATE/signalbox.db"}
alerts: {start_hold: 0s, group_wait: 0s}
channels:
  hook:
    webhook: {url: "https://127.0.0.1:$hook_port/hook", secret: "file:$DIR/key", ca_file: $DIR/hook/cert.pem, allow_private: true}
    rules: [job_failed]
  team:
    smtp: {url: "smtp://127.0.0.1:$mail_port", from: signalbox@example.org, to: [ops@example.net], user: ops, password: "file:$DIR/password",
           ca_file: $DIR/mail/cert.pem}
    rules: [job_failed]
  pager:
    exec: {argv: [sh, $DIR/pager, $DIR/paged]}
    rules: [job_*ed]
  pages_only:
    exec: {argv: [sh, -c, 'cat >>"\$1"', sh, $DIR/never]}
    min_severity: page
  heart:
    deadman: {url: "env:HEART_URL", every: 10s, ca_file: $DIR/heart/cert.pem, allow_private: true}
jobs:
  flip: {every: 1s, category: background, steps: [{exec: {argv: [test, -e, $DIR/good]}}]}
YAML

run() {
  start runtime "$PROGRAM" run --catalogue "$DIR/catalogue.yaml"
  runtime=$started
}
# has FILE KIND COUNT: so many notices of that kind
has() {
  [ "$(grep -o "\"kind\":\"$2\"" "$1" 2>/dev/null | wc -l)" = "$3" ]
}
# mail_has N SUBJECT
mail_has() {
  grep -qF "\"subject\": \"$2\"" "$DIR/mail/mail-$1.json" 2>/dev/null
}
tells() {
  "$PROGRAM" "${@:2}" --state-dir "$STATE" >"$DIR/tells.out" 2>&1
  grep -qE -- "$1" "$DIR/tells.out" || { show 12 <"$DIR/tells.out"; return 1; }
}

run
eventually 20 "the webhook has the alert" has "$DIR/hook/got" firing 1
eventually 20 "the mail server has it" mail_has 1 '[WARN] job_failed: flip (rehearsal)'
eventually 20 "the dead man's switch hears of the start" grep -q '^signalbox rehearsal starting at' "$DIR/heart/got"
claim "why says who was told" tells '^hook +told' alert why 1
claim "and who was not, and why" tells '^pages_only +below what the channel is told' alert why 1
eventually 20 "a busy pager is tried again" has "$DIR/paged.tried" firing 2
claim "with the same key" [ "$(grep -o '"key":"[^"]*"' "$DIR/paged.tried" | sort -u | wc -l)" = 1 ]

kill -KILL "$runtime"
ended "$runtime"
run
eventually 40 "after kill -9 the pager is told what it had not taken" has "$DIR/paged" firing 1
claim "with the same key as before" [ "$(grep -o '"key":"[^"]*"' "$DIR/paged.tried" | sort -u | wc -l)" = 1 ]
eventually 20 "the job fails on" tells '^[0-9]+ .*flip' runs --failed
claim "nobody is told a second time" has "$DIR/hook/got" firing 1
touch "$DIR/good"
eventually 20 "the webhook hears that it is over" has "$DIR/hook/got" resolved 1
eventually 20 "so does the mail server" mail_has 2 '[RESOLVED] job_failed: flip (rehearsal)'
eventually 20 "and the pager" has "$DIR/paged" resolved 1
claim "all of one incident" [ "$(cat "$DIR/hook/got" "$DIR/paged" | grep -o '"incident":"[^"]*"' | sort -u | wc -l)" = 1 ]
claim "in one thread of mails" [ "$(sed 's/.*"parent": \("[^"]*"\).*/\1/' "$DIR"/mail/mail-[12].json | sort -u | wc -l)" = 1 ]
eventually 30 "the dead man's switch hears that we live" grep -q '^signalbox rehearsal alive at .*, worst alert: none' "$DIR/heart/got"

kill -TERM "$runtime"
ended "$runtime" 40
claim "the program ends well" [ "$code" = 0 ]
claim "the last ping says that it was meant" [ "$(grep -c '^signalbox rehearsal stopping at' "$DIR/heart/got")" = 1 ]
claim "nothing was told twice" has "$DIR/hook/got" firing 1
claim "nor to who asked for pages alone" [ ! -e "$DIR/never" ]
claim "no secret in what was said" negated grep -rqE 'hook-key-4711|xyzzy|/uuid' "$DIR/runtime.out" "$DIR/runtime.err"
claim "nor in the state" negated grep -rqaE 'hook-key-4711|xyzzy|/uuid' "$STATE"
finish
