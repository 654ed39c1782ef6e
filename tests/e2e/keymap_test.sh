#!/usr/bin/env bash
# An operator's own keys, and one action on many, in the program itself: two small jobs, no browser, no practice world.
. "$(dirname "$0")/lib.sh" "$1" keymap

cat >"$DIR/catalogue.yaml" <<'END'
catalogue: keymap
settings: { drain: 1s }
jobs:
  alpha:
    every: 1h
    timeout: 10m
    steps: [{ name: work, timeout: 10m, exec: { argv: [sleep, "600"] } }]
  beta:
    every: 1h
    retry: { attempts: 1 }
    steps: [{ name: fail, exec: { argv: ["false"] } }]
  gamma:
    every: 1h
    steps: [{ name: look, exec: { argv: ["true"] } }]
END
STATE=$DIR/state
KEYS=$XDG_CONFIG_HOME/signalbox/keys.yaml
mkdir -p "${KEYS%/*}"

# The file.
cp "$SOURCE/tests/golden/keymap-mistakes.yaml" "$DIR/keys.yaml"
claim "every mistake of a keymap is told in one run" refused 78 "$PROGRAM" keys --keys "$DIR/keys.yaml"
sed "s|^tests/golden/keymap-mistakes.yaml|$DIR/keys.yaml|" "$SOURCE/tests/golden/keymap-mistakes.txt" >"$DIR/expected"
claim "with its place, a caret and what to do" diff "$DIR/expected" "$DIR/refused.err"
claim "a keymap that is named must be there" refused 69 "$PROGRAM" keys --keys "$DIR/none.yaml"
cp "$DIR/keys.yaml" "$KEYS"
in_terminal 100x30 "$PROGRAM" console --catalogue "$DIR/catalogue.yaml" --state-dir "$STATE"
eventually 10 "the console does not start with a wrong keymap" has_ended
claim "with exit code 78" [ "$(cat "$DIR/exit")" = 78 ]
claim "and says how to do without" grep -q -- '--keys builtin' "$DIR/terminal.err"
close_terminal
printf 'pause: Z\nfreeze: [F, Delete]\nmark_clear: none\n' >"$KEYS"
claim "the keymap in force has no mistakes" refused 0 "$PROGRAM" keys --check
claim "and is named" grep -q "no mistakes: $KEYS" <<<"$said"
start keys "$PROGRAM" keys
ended "$started" 10
claim "keys shows where a key comes from" grep -qE '^pause +Z +R +jobs detail run +keys.yaml:1:8 ' "$DIR/keys.out"
claim "an action without a key is shown too" grep -qE '^mark_clear +none ' "$DIR/keys.out"
start json "$PROGRAM" keys --json
ended "$started" 10
claim "the same as JSON" [ "$(json "$DIR/json.out" '$[#-1].origin')" = built-in ]

# The tmux around the terminal.
in_terminal 100x30 bash -c '"$1" keys --check; echo "exit $?"; tmux set-option -g prefix C-d; "$1" keys --check; echo "then $?"' _ "$PROGRAM"
eventually 10 "in a tmux with another prefix there is no finding" screen_has '^exit 0'
eventually 10 "its live prefix is found on a key" screen_has '^C-d is the prefix of the tmux around this terminal: half_down does not get it'
eventually 5 "and keys --check says no" screen_has '^then 1'
close_terminal

# The console with these keys.
in_terminal 100x30 "$PROGRAM" console --catalogue "$DIR/catalogue.yaml" --state-dir "$STATE"
eventually 10 "the jobs are there" job_is beta 'FAIL!'
eventually 10 "gamma has run" job_is gamma OK
eventually 5 "the footer shows the keys in force" line_has -1 'Z pause'
keys p
eventually 5 "the built-in key is free" line_has -2 'p does nothing in Jobs'
only gamma
keys Z
eventually 5 "the new one pauses" job_is gamma 'PAUS='
keys u
eventually 5 "and u takes it back" negated job_is gamma 'PAUS='

# Marks.
keys '\' '*'
eventually 5 "* marks all" screen_has 'marked:3'
keys Z
claim "one action on three asks first" answer y 'Pause 3 jobs'
eventually 5 "and tells the results of each" line_has -2 'pause_job of 3: 3 done, 0 refused, 0 failed'
eventually 5 "gamma is paused" job_is gamma 'PAUS='
eventually 5 "beta too" job_is beta 'FAIL!'
eventually 5 "each is a command of its own in the store" sql_is "$STATE" "SELECT COUNT(*) FROM jobs WHERE is_paused = 1" 3
keys u
eventually 5 "u takes all three back as one" line_has -2 'resume_job of 3: 3 done'
eventually 5 "in the store too" sql_is "$STATE" "SELECT COUNT(*) FROM jobs WHERE is_paused = 1" 0

# A silence with a reason, its author and its end; and its end by key.
keys 4
eventually 10 "an alert is there" screen_has 'beta retryable at fail'
keys s
eventually 5 "s shows what it matches now" screen_has 'matches now: 1 alert'
tick 0.3
keys y
typed 'known since noon'
keys Enter
claim "y begins it" answer y 'Silence job_fail'
eventually 5 "the pane shows who and until when" screen_has '-SIL .*until [0-9:]+Z by '
eventually 5 "and marks what nobody is told of" screen_has '\[silent\]'
start silences "$PROGRAM" alert silences --state-dir "$STATE" --catalogue "$DIR/catalogue.yaml"
ended "$started" 10
claim "the runtime has it with its reason" grep -q 'known since noon' "$DIR/silences.out"
keys S
eventually 5 "S ends it" screen_lacks '-SIL '

# Acknowledge all that is shown, and take it back.
keys A
claim "A asks and names them" answer y 'Acknowledge [0-9] alerts'
eventually 5 "all are acknowledged" line_has 2 'ALERT 0/'
keys u
eventually 5 "u takes the acknowledgements back" line_has 2 'ALERT [1-9]/'

# A breaker.
keys 5 z G b
claim "a breaker is tripped by y and a reason" wait_for 20 screen_has 'Trip the breaker of '
tick 0.3
keys y
typed 'they asked'
keys Enter
claim "y trips it" answer y 'Trip the breaker'
eventually 5 "it shows as tripped" screen_has 'TRIP!.*they asked'
keys b
claim "b resets it" answer y 'Reset the breaker'
eventually 5 "it is closed again" screen_lacks 'TRIP!'

keys Q
answer y 'Leave' >/dev/null
eventually 20 "it leaves" has_ended
claim "with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
close_terminal
finish
