#!/usr/bin/env bash
# Completion scripts and the manual page: what bash really completes, and that every command and option of the program is in each of them.
# completion_test.sh PROGRAM. zsh, fish and man check the syntax of theirs when they are installed, and it is said when they are not.
set -u
PROGRAM=$(realpath "$1") || exit 64
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
DIR=$(mktemp -d "${TMPDIR:-/tmp}/sb-completion.XXXXXX") || exit 73
trap 'rm -rf "$DIR"' EXIT
export SIGNALBOX_CATALOGUE=$SOURCE/runtime/catalog/growth.yaml SIGNALBOX_STATE_DIR=$DIR/state HOME=$DIR
export SIGNALBOX_PRACTICE_PASSWORD=practice SIGNALBOX_PRACTICE_KEY=practice
failed=0

ok() { printf 'ok - %s\n' "$1"; }
not_ok() {
  failed=$((failed + 1))
  printf 'not ok - %s\n' "$1"
}

"$PROGRAM" completion bash >"$DIR/bash" || exit 1
# shellcheck source=/dev/null
. "$DIR/bash"

# completes "WORDS BEFORE" EXPECTED...: the last word is completed; each of EXPECTED must be offered, and with `only` nothing else
completes() {
  local line=$1 only=0 word
  shift
  [ "$1" = only ] && { only=1; shift; }
  read -r -a COMP_WORDS <<<"$line"
  [ "${line% }" = "$line" ] || COMP_WORDS+=('')
  COMP_WORDS[0]=$PROGRAM
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _signalbox
  for word; do
    case " ${COMPREPLY[*]-} " in *" $word "*) ;; *) not_ok "\"$line\" offers $word, not only: ${COMPREPLY[*]-}"; return ;; esac
  done
  if [ "$only" = 1 ] && [ "${#COMPREPLY[@]}" != $# ]; then not_ok "\"$line\" offers only $*, not ${COMPREPLY[*]-}"; return; fi
  ok "\"$line\" offers $*"
}

completes 'signalbox sta' only status
completes 'signalbox ' console practice simulate completion
completes 'signalbox job ' only list show why pause resume run retry
completes 'signalbox run ' only show retry cancel
completes 'signalbox completion ' only bash zsh fish
completes 'signalbox help sim' only simulate
completes 'signalbox job show pos' only posting
completes 'signalbox runs --job unified_h' only unified_health_monitor
completes 'signalbox --theme ' only dark light high-contrast deuteranopia protanopia mono amber
completes 'signalbox status --format ' only text tmux nagios
completes 'signalbox simulate --ag' only --against --against-policy
completes 'signalbox status --ag' only
completes 'signalbox status --fo' only --format
completes 'signalbox top --' --once --plain --size --state-dir

# The options of the themes' table of files and of the help are the same list.
themes=$(grep -v '^#' "$SOURCE/themes/INDEX" | sort | tr '\n' ' ')
offered=$(read -r -a COMP_WORDS <<<"x --theme"; COMP_WORDS+=(''); COMP_CWORD=2; _signalbox; printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
if [ "$themes" = "$offered" ]; then ok "every shipped theme is offered"; else not_ok "themes are $themes, offered are $offered"; fi

# A name that a shell would expand is not offered: the program's answer is not trusted.
printf '#!/bin/sh\necho '\''[{"name":"$(touch %s/owned)"},{"name":"fine_1"}]'\''\n' "$DIR" >"$DIR/liar"
chmod +x "$DIR/liar"
COMP_WORDS=("$DIR/liar" job show '') COMP_CWORD=3
_signalbox
if [ "${COMPREPLY[*]-}" = fine_1 ] && [ ! -e "$DIR/owned" ]; then ok "names that a shell would expand are left out"; else
  not_ok "offered: ${COMPREPLY[*]-}"; fi

commands=$("$PROGRAM" help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
options=$("$PROGRAM" help | sed -n 's/^  -., --\([a-z-]*\).*/\1/p')
"$PROGRAM" completion zsh >"$DIR/zsh"
"$PROGRAM" completion fish >"$DIR/fish"
"$PROGRAM" help --man >"$DIR/signalbox.1"
for word in $commands; do
  for file in bash zsh fish signalbox.1; do
    grep -qw -- "$word" "$DIR/$file" || not_ok "$file does not have the command $word"
  done
done
for word in $options; do
  for file in bash zsh; do grep -q -- "--$word\\b" "$DIR/$file" || not_ok "$file does not have --$word"; done
  grep -q -- "-l $word\\b" "$DIR/fish" || not_ok "fish does not have --$word"
  grep -qF -- "\\-\\-${word//-/\\-}" "$DIR/signalbox.1" || not_ok "the manual page does not have --$word"
done
[ "$(wc -w <<<"$commands")" -gt 15 ] && [ "$(wc -w <<<"$options")" -gt 30 ] &&
  ok "every command and option is in every script and on the page"

bash -n "$DIR/bash" && ok "bash reads its script"
if command -v zsh >/dev/null; then zsh -n "$DIR/zsh" && ok "zsh reads its script" || not_ok "zsh"; else echo "NOT RUN - zsh is not installed"; fi
if command -v fish >/dev/null; then
  fish -n "$DIR/fish" && ok "fish reads its script" || not_ok "fish"
else echo "NOT RUN - fish is not installed"; fi
if command -v mandoc >/dev/null; then
  mandoc -T lint -W error "$DIR/signalbox.1" && ok "mandoc finds no mistake" || not_ok "mandoc"
else echo "NOT RUN - mandoc is not installed"; fi
if command -v groff >/dev/null; then
  warnings=$(groff -man -Tutf8 -ww "$DIR/signalbox.1" 2>&1 >"$DIR/page")
  if [ -z "$warnings" ] && grep -q 'signalbox - terminal operations console' "$DIR/page"; then ok "groff formats the page without a warning"; else
    not_ok "groff: $warnings"; fi
else echo "NOT RUN - groff is not installed"; fi

"$PROGRAM" completion csh 2>"$DIR/err"
[ $? = 64 ] && grep -q 'bash, zsh or fish' "$DIR/err" && ok "another shell is refused, with what there is" || not_ok "csh"
[ "$failed" = 0 ]
