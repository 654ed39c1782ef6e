#!/usr/bin/env bash
# notify list | test: who is told about alerts, and real test messages, sent by the command itself.
. "$(dirname "$0")/lib.sh" "$1" notify

mkdir "$DIR/mail"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mail.test -addext subjectAltName=IP:127.0.0.1 -keyout "$DIR/mail/key.pem" \
  -out "$DIR/mail/cert.pem" 2>"$DIR/openssl.err" || give_up "openssl makes no certificate"
start mail /usr/bin/python3 "$SOURCE/tests/support/mail_server.py" "$DIR/mail" login
wait_for 20 grep -q '^listening ' "$DIR/mail.out" || give_up "no mail server"
port=$(sed -n 's/^listening //p' "$DIR/mail.out")
printf 'xyzzy\n' >"$DIR/password"
printf 'hook-key-4711\n' >"$DIR/hook"

cat >"$DIR/catalogue.yaml" <<YAML
catalogue: rehearsal
settings: {state_dir: $DIR/state}
channels:
  program:
    exec: {argv: [sh, -c, 'cat >"\$1"', sh, $DIR/got]}
  later:
    exec: {argv: [sh, -c, 'echo busy >&2; exit 75']}
  slow:
    exec: {argv: [sh, -c, 'echo "\$\$" >"\$1"; exec sleep 600', sh, $DIR/slow.pid]}
  team:
    smtp:
      url: smtp://127.0.0.1:$port
      from: signalbox@example.org
      to: [ops@example.net]
      user: ops
      password: file:$DIR/password
      ca_file: $DIR/mail/cert.pem
    rules: [job_*]
  hook:
    webhook: {url: "http://127.0.0.1:1/hook", secret: "file:$DIR/hook", allow_private: true}
  chat:
    slack: {url: "env:NO_SUCH_VARIABLE_HERE"}
jobs: {}
YAML

# notify CODE WORDS...
notify() {
  local expected=$1
  shift
  refused "$expected" "$PROGRAM" notify "$@" --catalogue "$DIR/catalogue.yaml"
}

# says PATTERN
says() {
  grep -qE -- "$1" <<<"$said" || { show 20 <<<"$said"; return 1; }
}

claim "list ends well" notify 0 list
claim "it names the channels" says '^team +smtp +warn +job_\* +smtp://127.0.0.1:'
claim "and keeps addresses to what may be seen" says '^hook +webhook +warn +all +http://127.0.0.1:1/\.\.\.$'
claim "list as JSON" notify 0 list --json
claim "six of them" [ "$(sqlite3 :memory: "SELECT json_array_length(CAST(readfile('$DIR/refused.out') AS TEXT))")" = 6 ]

claim "a test message goes to a program" notify 0 test program --severity page
claim "the command says so" says '^delivered through channel program \(exec\) in [0-9]+ ms, key test-[0-9a-f]{16}$'
claim "the program has it" grep -q '"title":"\[TEST PAGE\] notify_test: program (rehearsal)"' "$DIR/got"

start called_off "$PROGRAM" notify test slow --catalogue "$DIR/catalogue.yaml"
wait_for 20 test -s "$DIR/slow.pid" || give_up "the slow program did not begin"
kill -TERM "$started"
ended "$started"
claim "a test that is called off says so by its exit code" [ "$code" = 143 ]
claim "and ends the program it had started" is_gone "$(cat "$DIR/slow.pid")"

claim "a test message goes by mail" notify 0 test team --json
claim "the answer says delivered" says '"delivered":true,"status":0,"permanent":false'
claim "the mail server has read it" grep -q '"subject": "\[TEST INFO\] notify_test: team (rehearsal)"' "$DIR/mail/mail-1.json"
claim "over TLS, logged in" grep -q '"tls": true, "login": true' "$DIR/mail/mail-1.json"

claim "a dry run ends well" notify 0 test team --dry-run
claim "it shows the mail" says '^Subject: \[TEST INFO\] notify_test: team \(rehearsal\)'
claim "and names the password without showing it" says "as ops, password \(file:$DIR/password\)"
claim "nor anywhere else" negated grep -q xyzzy <<<"$said"
claim "and sends nothing" [ ! -e "$DIR/mail/mail-2.json" ]
claim "a dry run of the webhook" notify 0 test hook --dry-run
claim "says that it is signed" says "^X-Signalbox-Signature: v1=\(signed with file:$DIR/hook\)"
claim "and does not say the key" negated grep -q hook-key <<<"$said"

claim "a receiver that is not there: 69" notify 69 test hook
claim "with the reason" says 'channel hook: http://127.0.0.1:1: Failed to connect'
claim "a program that asks for later: 69" notify 69 test later
claim "with its words" says 'asks to be tried again later \(exit 75\): busy'
claim "the same as JSON" notify 69 test later --json
claim "it is not permanent" says '"delivered":false,"status":75,"permanent":false'
printf 'wrong\n' >"$DIR/password"
claim "a wrong password: 69" notify 69 test team
claim "the server has refused it" says 'channel team: smtp://127.0.0.1:[0-9]+: Login denied'
claim "a secret that is not there: 78" notify 78 test chat
claim "with its name" says 'NO_SUCH_VARIABLE_HERE is not set'
claim "an unknown channel: 65" notify 65 test nobody
claim "an unknown severity: 64" notify 64 test program --severity loud
claim "no words: 64, with examples" notify 64
claim "as they are typed" says 'signalbox notify test ops --severity page'
sed -i 's/slack: {url: .*}/slack: {url: "https:\/\/hooks.example\/T0"}/' "$DIR/catalogue.yaml"
claim "a secret in the catalogue: 78" notify 78 list
claim "at its line and column" says 'catalogue.yaml:22:18: url .* must be a reference'
finish
