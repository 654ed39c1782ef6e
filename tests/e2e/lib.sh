# What the end-to-end scripts share: a folder of their own, the practice world, the program in a terminal (tmux), polling with deadlines,
# claims, and an end that leaves no process behind. Sourced by bash: lib.sh PROGRAM NAME.
#
# Nothing here sleeps to synchronise: every wait names what it waits for and gives up after its deadline. E2E_PATIENCE (default 1)
# multiplies the deadlines on slow machines; E2E_KEEP=1 keeps the folder.
# shellcheck shell=bash

set -u
PROGRAM=$(realpath "$1") || exit 64
E2E_NAME=$2
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
GROWTH=$SOURCE/runtime/catalog/growth.yaml
PATIENCE=${E2E_PATIENCE:-1}
GRACE=15
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/sb-e2e-$E2E_NAME.XXXXXX") || exit 73
DIR=$TMPDIR # browsers put their profile here too, so that every process of a test can be told by this path
export TMPDIR HOME=$DIR/home XDG_CONFIG_HOME=$DIR/home/config XDG_STATE_HOME=$DIR/home/state LC_ALL=C.UTF-8
export SIGNALBOX_PRACTICE_PASSWORD=practice SIGNALBOX_PRACTICE_KEY=practice # the practice world's words; neither is a secret
unset NO_COLOR CLICOLOR_FORCE TMUX TMUX_PANE
while IFS= read -r name; do
  case $name in SIGNALBOX_PRACTICE_*) ;; *) unset "$name" ;; esac
done < <(compgen -e SIGNALBOX_)
mkdir -p "$HOME"

claims_held=0
claims_failed=0
children=() # processes this script has started itself
SITE=''
LLM=''

# --- claims -----------------------------------------------------------------------------------------------------------------------

ok() {
  claims_held=$((claims_held + 1))
  printf 'ok - %s\n' "$*"
}

not_ok() {
  claims_failed=$((claims_failed + 1))
  printf 'not ok - %s\n' "$*"
  picture
  if [ "$claims_failed" = 6 ]; then
    note "given up after so many"
    finish
  fi
}

note() {
  printf '# %s\n' "$*"
}

show() {
  sed 's/^/#   /' | head -n "${1:-60}"
}

# claim TEXT COMMAND...: holds now
claim() {
  local text=$1
  shift
  if "$@"; then ok "$text"; else not_ok "$text"; return 1; fi
}

# eventually SECONDS TEXT COMMAND...: holds within the time, and the grace that a machine under load is given. How quick something is on a machine
# of its own is for the benchmarks to say.
eventually() {
  local seconds=$(($1 + GRACE)) text=$2
  shift 2
  if wait_for "$seconds" "$@"; then ok "$text"; else not_ok "$text (waited $seconds s)"; return 1; fi
}

# steadily SECONDS TEXT COMMAND...: holds now and does not stop holding within the time
steadily() {
  local seconds=$1 text=$2
  shift 2
  if wait_for "$seconds" negated "$@"; then not_ok "$text"; return 1; fi
  ok "$text"
}

negated() {
  ! "$@"
}

# Without this the rest makes no sense.
give_up() {
  not_ok "given up: $*"
  finish
}

finish() {
  printf '%s: %d ok, %d not ok, %s s\n' "$E2E_NAME" "$claims_held" "$claims_failed" "$SECONDS"
  [ "$claims_failed" = 0 ] && [ "$claims_held" -gt 0 ]
  exit
}

# skip_all TEXT: nothing could be run here; CTest is told so (SKIP_RETURN_CODE), it is no success
skip_all() {
  printf 'NOT RUN - %s\n' "$*"
  exit 77
}

# --- time -------------------------------------------------------------------------------------------------------------------------

now_ms() {
  local now=$EPOCHREALTIME
  printf '%s' $((10#${now//[.,]/} / 1000))
}

# wait_for SECONDS COMMAND...: polls; false when the time is over
wait_for() {
  local until=$(($(now_ms) + ${1%s} * 1000 * PATIENCE))
  shift
  while ! "$@"; do
    [ "$(now_ms)" -lt "$until" ] || return 1
    tick
  done
}

# One turn of a poll: reading a pipe that nobody writes to costs no process.
tick() {
  IFS= read -r -t "${1:-0.05}" -u "$tick_fd" _ || true
}
exec {tick_fd}<> <(:)

# --- processes --------------------------------------------------------------------------------------------------------------------

is_alive() {
  local stat
  IFS= read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  stat=${stat##*) }
  [ "${stat%% *}" != Z ]
}

is_gone() {
  ! is_alive "$1"
}

# Processes whose command line or environment names the folder: browsers by their profile, the program by its state folder, and whatever
# either of them started. This script, what it started on purpose and tmux are not among them.
strays() {
  local entry pid line
  for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    case " $$ $BASHPID ${tmux_pid:-} ${children[*]-} " in *" $pid "*) continue ;; esac
    is_alive "$pid" || continue
    line=$(tr '\0' ' ' 2>/dev/null <"$entry/cmdline") || continue
    case $line in
      *chrom*"$DIR"* | *"$PROGRAM"*"$DIR"*) printf '%s %s\n' "$pid" "${line:0:160}" ;;
    esac
  done
}

# browser_of STATE_DIR: the main process of the installation's browser
browser_of() {
  local group group_started browser rest
  read -r group group_started browser rest 2>/dev/null <"$1/chromium.pid" && printf '%s' "$browser"
}

has_no_strays() {
  [ -z "$(strays)" ]
}

# profiles of browsers which nobody removed
profile_count() {
  find "$DIR" -maxdepth 1 -name 'signalbox-browser-*' | wc -l
}

# start NAME COMMAND...: in the background, output in NAME.out and NAME.err; its process id is in $started. The files are emptied here, not by
# the child, so that nobody takes the words of an earlier process of that name for this one's.
start() {
  local name=$1
  shift
  : >"$DIR/$name.out" && : >"$DIR/$name.err"
  "$@" >>"$DIR/$name.out" 2>>"$DIR/$name.err" </dev/null &
  started=$!
  children+=("$started")
}

# ended PID: waits for a child and puts its exit code into $code
ended() {
  wait_for "${2:-20}" is_gone "$1" || { code=-1; return 1; }
  wait "$1" 2>/dev/null
  code=$?
  local left=() child
  for child in "${children[@]}"; do [ "$child" = "$1" ] || left+=("$child"); done
  children=("${left[@]+"${left[@]}"}")
}

clean_up() {
  local status=$? pid
  trap - EXIT
  for pid in "${children[@]+"${children[@]}"}"; do kill -KILL "$pid" 2>/dev/null; done
  [ -z "${tmux_pid:-}" ] || tmux_do kill-server 2>/dev/null
  while read -r pid _; do kill -KILL "$pid" 2>/dev/null; done < <(children=() strays)
  wait 2>/dev/null
  if [ "${E2E_KEEP:-0}" = 1 ]; then note "kept: $DIR"; else rm -rf "$DIR"; fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# refused CODE COMMAND...: ends by itself with that exit code; its words are in `said`
refused() {
  local expected=$1
  shift
  start refused "$@"
  ended "$started" 40
  said=$(cat "$DIR/refused.err" "$DIR/refused.out")
  [ "$code" = "$expected" ] || { note "exit code $code, expected $expected"; show 12 <<<"$said"; return 1; }
}

# json_of COMMAND...: its exit code in `code`, its output in check.out
json_of() {
  start check "$@"
  ended "$started" 40
}

# --- the practice world -----------------------------------------------------------------------------------------------------------

# start_world [ARGS...]: site and LLM endpoint alone, on a free port
start_world() {
  start world "$PROGRAM" practice --serve-only --state-dir "$DIR/world" "$@"
  wait_for 30 grep -qs '^faults ' "$DIR/world.out" || give_up "the practice world does not start: $(cat "$DIR/world.err")"
  SITE=$(sed -n 's/^site //p' "$DIR/world.out")
  LLM=$(sed -n 's/^llm  *//p' "$DIR/world.out")
  site_state
  cp "$DIR/site.json" "$DIR/site-before.json"
}

# points COMMAND at the world: sets the array `pointed`
point() {
  pointed=(--catalogue "$GROWTH" --set settings.practice=true --set "settings.speed=${SPEED:-30}"
    --set "sites.practice.base_url=$SITE" --set "sites.practice.allowed_hosts=${SITE#http://}" --set "llm.base_url=$LLM"
    --set "budget.limit_usd=$((5 * ${SPEED:-30}))"
    --set content.posts_per_hour=120 --set content.posts_per_hour_max=240 --set content.spacing=20s)
}

# fault JSON: sets a fault
fault() {
  curl -sf -m 10 -o /dev/null -H 'Content-Type: application/json' -d "$1" "$SITE/control/faults" || give_up "no fault could be set: $1"
}

faults_clear() {
  fault '{"clear": true}'
}

# Reads what the site holds into site.json.
site_state() {
  curl -sf -m 10 -o "$DIR/site.json.new" "$SITE/api/state.json?limit=100000" && mv "$DIR/site.json.new" "$DIR/site.json"
}

# json FILE PATH: one value of a file
json() {
  sqlite3 :memory: "SELECT json_extract(CAST(readfile('$1') AS TEXT), '$2')"
}

site_has_posts() {
  site_state && [ "$(json "$DIR/site.json" '$.posts_created')" -ge "$1" ]
}

# --- the store --------------------------------------------------------------------------------------------------------------------

# sql STATE_DIR STATEMENT: reads the store of an installation, also beside a running program
sql() {
  sqlite3 -readonly -cmd '.timeout 5000' "$1/signalbox.db" "$2"
}

# sql_is STATE_DIR STATEMENT VALUE
sql_is() {
  [ "$(sql "$1" "$2" 2>/dev/null)" = "$3" ]
}

sql_at_least() {
  local value
  value=$(sql "$1" "$2" 2>/dev/null) && [ -n "$value" ] && [ "$value" -ge "$3" ]
}

# A statement over the store's rows that also reads files.
sql_beside_site() {
  sql "$STATE" "$1"
}

# one_number TEXT EXPECTED SELECT...: over the store's rows, the site's posts of the account (site) and those before the test (before)
one_number() {
  local text=$1 expected=$2 value
  value=$(sql_beside_site "WITH
    site AS (SELECT json_extract(value, '\$.id') AS id, json_extract(value, '\$.text') AS text, json_extract(value, '\$.reply_to') AS reply_to
             FROM json_each(CAST(readfile('$DIR/site.json') AS TEXT), '\$.posts')
             WHERE json_extract(value, '\$.id') NOT IN
               (SELECT json_extract(value, '\$.id') FROM json_each(CAST(readfile('$DIR/site-before.json') AS TEXT), '\$.posts'))),
    posted AS (SELECT * FROM content_metadata WHERE status IN ('posted', 'verified', 'archived'))
    $3")
  if [ "$value" = "$expected" ]; then ok "$text"; else not_ok "$text: $value instead of $expected"; fi
}

# compare_site_and_store: of the installation in STATE, after it has stopped; RECEIPTS is the program that lists open effects
compare_site_and_store() {
  one_number "every reply and later part hangs under its target" 0 \
    "SELECT COUNT(*) FROM posted JOIN site ON site.id = posted.post_id WHERE COALESCE(site.reply_to, '') <> COALESCE(posted.target_post_id, '')"
  one_number "no part of a thread is out before the one before it" 0 "SELECT COUNT(*) FROM posted p WHERE p.part > 1 AND NOT EXISTS
    (SELECT 1 FROM posted b WHERE b.thread_id = p.thread_id AND b.part = p.part - 1 AND b.post_id = p.target_post_id)"
  one_number "every posted row has its post on the site" 0 "SELECT COUNT(*) FROM posted WHERE post_id NOT IN (SELECT id FROM site)"
  one_number "with the row's text" 0 "SELECT COUNT(*) FROM posted JOIN site ON site.id = posted.post_id WHERE site.text <> posted.text"
  one_number "no post of the account is without its row" 0 "SELECT COUNT(*) FROM site WHERE id NOT IN (SELECT post_id FROM posted)"
  one_number "no text is on the site twice" 0 "SELECT COUNT(*) - COUNT(DISTINCT text) FROM site"
  one_number "no two rows have the same post" 0 "SELECT COUNT(*) - COUNT(DISTINCT post_id) FROM posted"
  one_number "every posted row is in the archive" 0 "SELECT COUNT(*) FROM posted WHERE decision_id NOT IN (SELECT decision_id FROM posted_decisions)"

  # An intent without a submit promises nothing: its row may wait in the queue for another try.
  "$RECEIPTS" "$STATE/receipts.journal" >"$DIR/open-effects"
  claim "the receipts can be read" [ $? -le 1 ]
  claim "no receipt stays unsettled" negated grep -v '^intended ' "$DIR/open-effects"
  intended_in_flight() {
    local decision
    while read -r _ decision; do
      sql "$STATE" "SELECT decision_id, status FROM content_metadata
        WHERE decision_id = '$decision' AND status NOT IN ('queued', 'cancelled', 'failed')"
    done < <(grep '^intended ' "$DIR/open-effects")
  }
  claim "an open intent is of a row that waits" [ -z "$(intended_in_flight)" ]
}

# --- the terminal -----------------------------------------------------------------------------------------------------------------

tmux_do() {
  tmux -S "$DIR/tmux.sock" -f "$DIR/tmux.conf" "$@"
}

# in_terminal COLSxROWS COMMAND...: runs a command on a terminal of that size. What the terminal was before and after is in stty-before and
# stty-after, the exit code in `exit`.
in_terminal() {
  local size=$1
  shift
  rm -f "$DIR/exit" "$DIR/stty-before" "$DIR/stty-after" "$DIR/terminal.pid"
  printf 'set -g status off\nset -g escape-time 0\nset -g remain-on-exit on\nset -g default-terminal "%s"\n' \
    "${TERMINAL:-tmux-256color}" >"$DIR/tmux.conf"
  {
    printf 'stty -g >%q\n' "$DIR/stty-before"
    printf 'sh -c '\''echo $$ >"$0"; exec "$@"'\'' %q' "$DIR/terminal.pid"
    printf ' %q' "$@"
    printf ' 2>%q\n' "$DIR/terminal.err"
    printf 'code=$?; stty -g >%q; echo $code >%q.new; mv %q.new %q\n' "$DIR/stty-after" "$DIR/exit" "$DIR/exit" "$DIR/exit"
    printf 'exec cat\n'
  } >"$DIR/terminal.sh"
  launched_ms=$(now_ms)
  tmux_do new-session -d -x "${size%x*}" -y "${size#*x}" "exec bash --norc --noprofile $DIR/terminal.sh" || give_up "tmux does not start"
  tmux_pid=$(tmux_do display-message -p '#{pid}')
}

close_terminal() {
  tmux_do kill-server 2>/dev/null
  wait_for 5 is_gone "$tmux_pid"
  tmux_pid=''
}

has_pid() {
  [ -s "$DIR/terminal.pid" ]
}

console_pid() {
  wait_for 20 has_pid && cat "$DIR/terminal.pid"
}

# keys KEY...: as tmux names them, at the pace of a person: what comes faster is taken for pasted text, as it should be
keys() {
  local key
  for key; do
    tmux_do send-keys "$key"
    tick 0.06
  done
}

typed() {
  tmux_do send-keys -l "$1"
  tick 0.15
}

screen() {
  tmux_do capture-pane -p 2>/dev/null
}

screen_has() {
  screen | grep -qE -- "$1"
}

screen_lacks() {
  ! screen_has "$1"
}

# line_has NUMBER PATTERN: from 1; negative from the last
line_has() {
  local text
  if [ "$1" -gt 0 ]; then text=$(screen | sed -n "${1}p"); else text=$(screen | tail -n "$((-$1))" | head -n 1); fi
  grep -qE -- "$2" <<<"$text"
}

# job_is JOB PATTERN: the job's row begins so
job_is() {
  screen | grep -qE -- "^.?$2 +$1( |$)"
}

has_ended() {
  [ -s "$DIR/exit" ]
}

resize() {
  tmux_do resize-window -x "${1%x*}" -y "${1#*x}"
}

# The last picture and the last words, for whoever reads of a failure.
picture() {
  if [ -n "${tmux_pid:-}" ]; then
    note "screen:"
    screen | show 60
    [ ! -s "$DIR/terminal.err" ] || { note "stderr:"; show 10 <"$DIR/terminal.err"; }
  fi
}

# only JOB: filters the list to one job, so that the selection stands on it
only() {
  keys '\' 0 /
  typed "$1"
  keys Enter
  wait_for 20 selected "$1"
}

selected() {
  screen | grep -qE -- "^>.* $1( |$)"
}

is_asking() {
  screen_has '\[y\] yes'
}

# answer KEY PATTERN: a question with that text comes up; presses the key until it is gone. A question hears no key in its first quarter of a
# second, so a person who has just seen it takes that long.
answer() {
  wait_for 20 is_asking || return 1
  wait_for 20 screen_has "$2" || return 1
  tick 0.3
  local tries=0
  while is_asking && [ $((tries += 1)) -le 20 ]; do
    keys "$1"
    wait_for 1 negated is_asking || true
  done
  ! is_asking
}
