#!/usr/bin/env bash
# Poor terminals: no colours, no UTF-8, no cursor addressing.
. "$(dirname "$0")/lib.sh" "$1" terminals

start_world
point

# console NAME [VARIABLE=VALUE...] -- [OPTIONS...]: the first whole picture, with its attributes, in picture.NAME
console() {
  local name=$1 settings=()
  shift
  while [ "$1" != -- ]; do settings+=("$1"); shift; done
  shift
  in_terminal 80x24 env "${settings[@]}" "$PROGRAM" console --state-dir "$DIR/state-$name" "${pointed[@]}" "$@"
  eventually 10 "$name: the console stands" screen_has ' [0-9]+-[0-9]+/29 '
  eventually 10 "$name: with its contexts" screen_has '#2 +IDLE +low'
  tmux_do capture-pane -p -e >"$DIR/picture.$name"
}

leave() {
  keys Q
  answer y 'Leave' >/dev/null
  eventually 40 "$1: leaves" has_ended
  claim "$1: with exit code 0" [ "$(cat "$DIR/exit")" = 0 ]
  claim "$1: the terminal has its modes again" cmp -s "$DIR/stty-before" "$DIR/stty-after"
  close_terminal
}

# Parameters 30 to 38, 40 to 48 and 90 to 107 of "select graphic rendition" are colours; 39 and 49 are the terminal's own.
has_colours() {
  grep -oE $'\033\\[[0-9;:]*m' "$1" | tr -d '\033[m' | tr ';:' '\n\n' | grep -qE '^(3[0-8]|4[0-8]|9[0-7]|10[0-7])$'
}

has_bytes_above_ascii() {
  LC_ALL=C grep -q $'[\x80-\xff]' "$1"
}

console plain --
claim "plain: colours are used" has_colours "$DIR/picture.plain"
claim "plain: lines are drawn in UTF-8" has_bytes_above_ascii "$DIR/picture.plain"
leave plain

console no-color NO_COLOR=1 --
claim "NO_COLOR: no colour is used" negated has_colours "$DIR/picture.no-color"
leave no-color

console mono TERM=xterm-mono --
claim "TERM=xterm-mono: no colour is used" negated has_colours "$DIR/picture.mono"
leave mono

console c-locale LC_ALL=C --
claim "LC_ALL=C: only ASCII is written" negated has_bytes_above_ascii "$DIR/picture.c-locale"
leave c-locale

console ascii -- --ascii --theme mono
claim "--ascii --theme mono: only ASCII" negated has_bytes_above_ascii "$DIR/picture.ascii"
claim "--ascii --theme mono: no colour" negated has_colours "$DIR/picture.ascii"
leave ascii

# Every kind of terminal and every theme, with a catalogue that needs no browser: such a console stands at once.
quietly() {
  local name=$1 pattern=$2 settings=()
  shift 2
  while [ "$1" != -- ]; do settings+=("$1"); shift; done
  shift
  in_terminal 80x24 env "${settings[@]}" "$PROGRAM" console --state-dir "$DIR/state-quiet" --catalogue "$SOURCE/runtime/catalog/minimal.yaml" "$@"
  eventually 10 "$name: the console stands" screen_has "$pattern"
  tmux_do capture-pane -p -e >"$DIR/picture.$name"
}

for type in tmux-256color screen xterm-256color linux xterm-mono vt100; do
  quietly "$type" 'store_check' "TERM=$type" --
  case $type in
    xterm-mono | vt*) claim "TERM=$type: no colour is used" negated has_colours "$DIR/picture.$type" ;;
    *) claim "TERM=$type: colours are used" has_colours "$DIR/picture.$type" ;;
  esac
  leave "TERM=$type"
done
for theme in $(grep -v '^#' "$SOURCE/themes/INDEX"); do
  quietly "$theme" 'store_check' NO_COLOR= -- --theme "$theme"
  case $theme in
    mono) claim "theme $theme: no colour is used" negated has_colours "$DIR/picture.$theme" ;;
    *) claim "theme $theme: colours are used" has_colours "$DIR/picture.$theme" ;;
  esac
  claim "theme $theme: it is the one that was asked for" negated grep -q 'theme not used' "$DIR/state-quiet/signalbox.log"
  leave "theme $theme"
done
quietly pink 'store_check' NO_COLOR= -- --theme pink
claim "a theme that is not there is told in the log, and the console works" grep -q 'theme not used.*pink' "$DIR/state-quiet/signalbox.log"
leave pink
for size in 60x16 400x120; do
  in_terminal "$size" "$PROGRAM" console --state-dir "$DIR/state-quiet" --catalogue "$SOURCE/runtime/catalog/minimal.yaml"
  eventually 10 "$size: the console stands" screen_has 'store_check'
  eventually 5 "$size: with the keys in the last line" line_has -1 'help'
  leave "$size"
done
quietly forced 'store_check' NO_COLOR=1 CLICOLOR_FORCE=1 --
claim "NO_COLOR has the last word before CLICOLOR_FORCE" negated has_colours "$DIR/picture.forced"
leave forced

# A terminal that cannot place the cursor, or that nobody knows, is told so, and nothing stays behind.
for type in dumb no-such-terminal; do
  in_terminal 80x24 env "TERM=$type" "$PROGRAM" console --state-dir "$DIR/state-$type" "${pointed[@]}"
  eventually 15 "TERM=$type: ends by itself" has_ended
  claim "TERM=$type: with exit code 69" [ "$(cat "$DIR/exit")" = 69 ]
  claim "TERM=$type: and says what to do" grep -q 'set TERM=xterm-256color' "$DIR/terminal.err"
  [ "$type" != dumb ] || claim "TERM=dumb: plain lines are named" grep -q 'signalbox top --plain' "$DIR/terminal.err"
  claim "TERM=$type: the terminal has its modes again" cmp -s "$DIR/stty-before" "$DIR/stty-after"
  close_terminal
done
eventually 5 "no process is left behind" has_no_strays || strays | show
finish
