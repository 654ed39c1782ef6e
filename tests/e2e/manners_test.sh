#!/usr/bin/env bash
# A good guest in tmux: the title, no matter what jobs print; every way out leaves the terminal as it was; and the console as text, for who
# has no screen. With a catalogue of its own that needs neither browser nor network.
. "$(dirname "$0")/lib.sh" "$1" manners

STATE=$DIR/state
cat >"$DIR/jobs.yaml" <<'YAML'
catalogue: manners
jobs:
  quiet:
    every: 1h
    steps:
      - name: wait
        exec: { argv: [/bin/true] }
  rude:
    every: 1s
    timeout: 5s
    retry: { attempts: 1 }
    steps:
      - name: shout
        exec: { argv: [sh, -c, "printf '\\033]2;owned\\007\\033[2J\\033[6n\\007\\302\\2332J\\342\\200\\256rude words' >&2; exit 3"] }
YAML

console() {
  in_terminal "${1:-80x24}" "$PROGRAM" console --state-dir "$STATE" --catalogue "$DIR/jobs.yaml"
  eventually 10 "the console stands" screen_has 'quiet'
  eventually 10 "with a job that fails in hostile words" screen_has 'FAIL! +rude'
}

of_pane() {
  tmux_do display-message -p "#{$1}"
}

pane_is() {
  [ "$(of_pane "$1")" = "$2" ]
}

title_begins() {
  case $(of_pane pane_title) in "$1"*) ;; *) return 1 ;; esac
}

# --- the title, and what jobs print ------------------------------------------------------------------------------------------------------

console 120x40
eventually 5 "the title says how many have failed" title_begins 'signalbox 1F'
claim "and nothing that a job printed" negated title_begins owned
keys Enter
eventually 5 "the words are shown as text" screen_has 'rude words'
claim "the screen was not cleared by them" line_has 1 '^SIGNALBOX'
claim "no bell rang" pane_is window_bell_flag 0
keys q

# --- as text, beside the console ---------------------------------------------------------------------------------------------------------

once() { # again when it came upon the job at work, as it is for some milliseconds of each second
  "$PROGRAM" top --once --size 100x30 --state-dir "$STATE" >"$DIR/once" 2>"$DIR/once.err"
  once_code=$?
  grep -qE 'FAIL! +rude' "$DIR/once"
}
wait_for 10 once || show <"$DIR/once"
claim "top --once: exit code 0" [ "$once_code" = 0 ]
claim "as many lines as asked for" [ "$(wc -l <"$DIR/once")" = 30 ]
claim "none is wider" [ "$(LC_ALL=C.UTF-8 wc -L <"$DIR/once")" -le 100 ]
claim "the first line is the console's" grep -q '^SIGNALBOX.*VIEWER' <(head -1 "$DIR/once")
claim "the job that fails is in it" grep -qE 'FAIL! +rude' "$DIR/once"
claim "no control character is" negated grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$DIR/once"
COLUMNS=60 LINES=16 "$PROGRAM" top --once --ascii --state-dir "$STATE" >"$DIR/small"
claim "COLUMNS and LINES are followed" [ "$(wc -l <"$DIR/small")" = 16 ]
claim "LC_ALL=C: only ASCII" negated grep -qP '[^\x0a\x20-\x7e]' <(LC_ALL=C "$PROGRAM" top --once --state-dir "$STATE")
claim "80x24 when nothing says another size" [ "$("$PROGRAM" top --once --state-dir "$STATE" | wc -l)" = 24 ]
claim "CLICOLOR_FORCE: colours into a pipe" grep -q $'\033\[0;' <(CLICOLOR_FORCE=1 "$PROGRAM" top --once --state-dir "$STATE" --theme light)
claim "NO_COLOR has the last word" negated grep -q $'\033' <(NO_COLOR=1 CLICOLOR_FORCE=1 "$PROGRAM" top --once --state-dir "$STATE")
claim "a size that is none is refused" refused 64 "$PROGRAM" top --once --size wide --state-dir "$STATE"
claim "neither --once nor --plain is refused" refused 64 "$PROGRAM" top --state-dir "$STATE"
claim "no runtime: exit code 69" refused 69 "$PROGRAM" top --once --state-dir "$DIR/nowhere"

start plain "$PROGRAM" top --plain --state-dir "$STATE"
plain=$started
says() { grep -qE -- "$1" "$DIR/plain.out"; }
eventually 5 "top --plain: how things stand" says '^20[0-9TZ:-]+ 2 jobs: .*1 failing'
eventually 5 "what fails, with its words" says ' job rude failing: .*rude words'
"$PROGRAM" job pause quiet --why 'to be told' --state-dir "$STATE" >"$DIR/pause.out"
eventually 5 "a change is a line" says ' job quiet paused, was .*to be told'
claim "no control character is in it" negated grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$DIR/plain.out"
claim "no direction of text is" negated grep -qP '\xe2\x80\xae' "$DIR/plain.out"

# --- the segment of a status line --------------------------------------------------------------------------------------------------------

"$PROGRAM" status --format tmux --state-dir "$STATE" >"$DIR/segment"
claim "status --format tmux" grep -qE '^#\[fg=[a-z]+\][A-Za-z _]+#\[default\] [0-9]+R [0-9]+F ' "$DIR/segment"
before=$(now_ms)
for _ in {1..50}; do "$PROGRAM" status --format tmux --state-dir "$STATE" >"$DIR/segment"; done
note "status --format tmux: $((($(now_ms) - before) / 50)) ms each, of 50, process start included"

# --- ways out ----------------------------------------------------------------------------------------------------------------------------

pid=$(console_pid)
is_stopped() { grep -q '^State:.*T' "/proc/$pid/status"; }
# A thread that a library has started, and that does not block it, would take a signal away from the terminal.
takes_a_signal() {
  local task mask
  for task in "/proc/$pid/task/"*; do
    mask=$(sed -n 's/^SigBlk:[[:space:]]*//p' "$task/status" 2>/dev/null)
    [ -n "$mask" ] || continue # it has ended meanwhile
    ((16#${mask: -8} & 1 << 27 && 16#${mask: -8} & 1 << 19)) || { note "thread $(cat "$task/comm"): SigBlk $mask"; return 0; }
  done
  return 1
}
claim "no thread takes SIGWINCH or SIGTSTP away" negated takes_a_signal
kill -TSTP "$pid"
eventually 5 "SIGTSTP stops it" is_stopped
eventually 5 "and gives the screen back" pane_is alternate_on 0
eventually 5 "with the title from before" negated title_begins signalbox
kill -CONT "$pid"
eventually 5 "SIGCONT: the screen is its own again" pane_is alternate_on 1
eventually 5 "with its title" title_begins signalbox
eventually 5 "and its picture" line_has 1 '^SIGNALBOX'

left_clean() {
  eventually 5 "$1: the screen is the shell's again" pane_is alternate_on 0
  # tmux reads what was written at the end a little later than the end itself
  eventually 5 "$1: the cursor is visible" pane_is cursor_flag 1
  eventually 5 "$1: the keypad and cursor keys are plain" pane_is keypad_cursor_flag 0
  eventually 5 "$1: the title is not ours any more" negated title_begins signalbox
  claim "$1: the terminal has its modes again" cmp -s "$DIR/stty-before" "$DIR/stty-after"
}
keys Q
answer y 'Leave' >/dev/null
eventually 20 "Q: ends" has_ended
claim "Q: with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
left_clean Q
ended "$plain" 10
claim "top --plain ends with the runtime and says why, exit code 69" [ "$code" = 69 ]
claim "in words" grep -q 'closed its event stream' "$DIR/plain.err"
close_terminal

start run "$PROGRAM" run --state-dir "$STATE" --catalogue "$DIR/jobs.yaml"
run=$started
wait_for 10 "$PROGRAM" status --state-dir "$STATE" >"$DIR/status.out" 2>&1
start plain "$PROGRAM" top --plain --state-dir "$STATE"
plain=$started
eventually 5 "top --plain beside a runtime without console" says ' 2 jobs: '
kill -TERM "$run"
ended "$plain" 20
claim "a drain is told to its end, exit code 0" [ "$code" = 0 ]
claim "in words" says ' drained'
ended "$run" 20

for signal in TERM HUP SEGV; do
  console
  kill -"$signal" "$(console_pid)"
  eventually 20 "SIG$signal: ends" has_ended
  [ "$signal" = SEGV ] || claim "SIG$signal: with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
  [ "$signal" != SEGV ] || claim "SIGSEGV: with its code" [ "$(cat "$DIR/exit")" = 139 ]
  left_clean "SIG$signal"
  close_terminal
done

# The terminal itself dies and nobody says goodbye: what runs ends in order, and the next one can start.
console
pid=$(console_pid)
kill -KILL "$tmux_pid"
eventually 20 "the terminal was killed: the console ends" is_gone "$pid"
tmux_pid=''
"$PROGRAM" db status --state-dir "$STATE" --catalogue "$DIR/jobs.yaml" >"$DIR/db.out" 2>&1
claim "its store is sound" [ $? = 0 ]
claim "it drained" sql_at_least "$STATE" "SELECT COUNT(*) FROM events WHERE kind = 'drained'" 4
eventually 5 "no process is left behind" has_no_strays || strays | show
finish
