#!/bin/sh
# selftest.sh HERE [CC]: each check of this folder, fed a small house that is right (it must agree) and the same with one thing wrong at
# a time (it must say so). A check that cannot fail proves nothing.
set -eu
here=$1 cc=${2:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
errors=0 cases=0
house=$work/house

fresh() {
  rm -rf "$house"
  mkdir -p "$house"
  (
    cd "$house"
    mkdir -p runtime/base runtime/model runtime/core/alerts runtime/os runtime/services/net runtime/services/notify runtime/steps/native \
      runtime/services/store/migrations runtime/services/cache tui/model tui/view tui/keys tui/theme tui/export tui/panes tui/term themes \
      include/signalbox/base include/signalbox/os include/signalbox/ports tests/unit
    echo 'int sb_one(void);' >include/signalbox/base/one.h
    echo '#include "signalbox/base/one.h"' >include/signalbox/os/os.h
    echo 'int sb_port(void);' >include/signalbox/ports/http.h
    for room in base model core; do
      printf '#include "signalbox/base/one.h"\n#include <string.h>\nint sb_%s(void);\nint sb_%s(void) { return (int)strlen("x"); }\n' \
        "$room" "$room" >"runtime/$room/one.c"
    done
    printf 'int sb_one(void);\nint sb_one(void) { return 1; }\n' >runtime/base/two.c
    for room in model view keys theme export; do
      printf 'int sb_tui_%s(void);\nint sb_tui_%s(void) { return 2; }\n' "$room" "$room" >"tui/$room/one.c"
    done
    printf '#include <pthread.h>\nint sb_os(void) { return pthread_self() != 0; }\n' >runtime/os/one.c
    printf '#include "signalbox/os/os.h"\n#include <curl/curl.h>\n#include "own.h"\n' >runtime/services/net/one.c
    echo '/* sleep() in a comment, and "sleep(" in a string */ const char *sb_text = "sleep(1)";' >runtime/services/net/own.h
    printf 'X(HTTP, http)\n' >runtime/steps/steps.def
    printf 'void sb_step_http(int x)\n{\n}\n' >runtime/steps/http.c
    printf 'static int helper(void)\n{\n}\n' >runtime/steps/helper.c
    printf 'X(claim)\n' >runtime/steps/natives.def
    printf 'enum sb_err sb_native_claim(int x)\n{\n}\n' >runtime/steps/native/claim.c
    printf 'X(LATE, late)\n' >runtime/core/alerts/alerts.def
    printf 'int sb_alert_rule_late(int x);\nint sb_alert_rule_late(int x)\n{\n    return x;\n}\n' >runtime/core/alerts/late.c
    printf 'X(memory, "memory")\n' >runtime/services/cache/backends.def
    printf 'enum sb_err sb_cache_backend_memory(int x)\n{\n}\n' >runtime/services/cache/memory.c
    printf 'X(SLACK, slack, post)\n' >runtime/services/notify/channels.def
    printf 'enum sb_err sb_channel_write_slack(int x)\n{\n}\n' >runtime/services/notify/slack.c
    printf "X(JOBS, jobs, '1', \"Jobs\", JOBS)\n" >tui/panes/panes.def
    printf 'void sb_pane_draw_jobs(int x)\n{\n}\n' >tui/panes/jobs.c
    printf 'MIGRATION(1, "start")\n#include "migrations/0001_start.sql"\nEND\n' >runtime/services/store/migrations.def
    echo 'X' >runtime/services/store/migrations/0001_start.sql
    printf '# shipped\ndark\n' >themes/INDEX
    echo 'text = 1 2' >themes/dark.theme
    echo 'void a__holds(void);' >tests/unit/a_test.c
    mkdir -p docs
    echo '| incident | what must hold | `a__holds` |' >docs/INCIDENTS.md
    printf 'PACKAGES="gcc tmux\ncurl"\n' >bootstrap
    printf '<!-- packages -->\n    gcc tmux curl\n<!-- /packages -->\n' >README.md
  )
}

run() {
  case "$1" in
    includes) sh "$here/includes.sh" "$house" "$here/rooms.txt" ;;
    symbols) sh "$here/symbols.sh" "$house" "$here/symbols.txt" "$cc" ;;
    tables) sh "$here/tables.sh" "$house" "$here/tables.txt" ;;
    banned) sh "$here/banned.sh" "$house" "$work/banned.txt" ;;
    size) sh "$here/size.sh" "$house" ;;
    packages) sh "$here/packages.sh" "$house" ;;
    incidents) sh "$here/incidents.sh" "$house" ;;
    api_page) sh "$here/api_page.sh" "$house" ;;
  esac
}

agrees() { # CHECK
  cases=$((cases + 1))
  if ! run "$1" >"$work/said" 2>&1; then
    echo "$1: the right house is refused:"
    cat "$work/said"
    errors=$((errors + 1))
  fi
}

# refuses CHECK TEXT FILE CONTENT: the house with CONTENT appended to FILE must be refused with TEXT
refuses() {
  cases=$((cases + 1))
  fresh
  # shellcheck disable=SC2059 # the content is a format on purpose: it has newlines
  [ -z "$3" ] || { mkdir -p "$house/$(dirname "$3")"; printf "$4\n" >>"$house/$3"; }
  expect "$1" "$2"
}

expect() {
  if run "$1" >"$work/said" 2>&1; then
    echo "$1: did not see: $2"
    errors=$((errors + 1))
  elif ! grep -qF "$2" "$work/said"; then
    echo "$1: refused, but did not say '$2':"
    cat "$work/said"
    errors=$((errors + 1))
  fi
}

without() { # CHECK TEXT FILE: the house without FILE
  cases=$((cases + 1))
  fresh
  rm "$house/$3"
  expect "$1" "$2"
}

# the exception of the crash handler has no file in this house
cp "$here/banned.txt" "$work/banned.txt"

fresh
for check in includes symbols tables banned size packages incidents api_page; do
  agrees "$check"
done

refuses includes 'runtime/base may not include "signalbox/os/os.h" (os)' runtime/base/bad.c '#include "signalbox/os/os.h"'
refuses includes 'runtime/core is pure and may not include <time.h>' runtime/core/bad.c '#include <time.h>'
refuses includes 'runtime/core may not include <pthread.h>; only: runtime/os' runtime/core/bad.c '  #  include <pthread.h>'
refuses includes 'runtime/steps may not include <curl/curl.h>; only: runtime/services/net' runtime/steps/bad.c '#include <curl/curl.h>'
refuses includes 'tui/panes may not include <curses.h>' tui/panes/bad.c '#include <curses.h>'
refuses includes 'runtime/services/net may not include <hiredis/hiredis.h>; only: runtime/services/cache' runtime/services/net/bad.c \
  '#include <hiredis/hiredis.h>'
refuses includes 'include by path "../os/secret.h"' runtime/base/bad.c '#include "../os/secret.h"'
refuses includes '"../../base/x.h"' runtime/core/alerts/bad.c '#include "../../base/x.h"'
refuses includes '"other.h" is not a header of runtime/services/net' runtime/services/net/bad.c '#include "other.h"'
refuses includes '<lzma.h> is not known' runtime/os/bad.c '#include <lzma.h>'
refuses includes 'folder runtime/attic has no room line' runtime/attic/bad.c 'int x;'
refuses includes 'include/signalbox/os may not include "signalbox/ports/http.h"' include/signalbox/os/bad.h '#include "signalbox/ports/http.h"'
refuses includes 'belongs to no unit' runtime/os/bad.c '#include "signalbox/secret/x.h"'

refuses symbols 'runtime/core may not call clock_gettime' runtime/core/bad.c \
  '#include <time.h>\nlong f(void);\nlong f(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return t.tv_sec; }'
refuses symbols 'runtime/core may not call malloc' runtime/core/alerts/bad.c \
  'void *malloc(unsigned long);\nvoid *f(void);\nvoid *f(void) { return malloc(7); }'
refuses symbols 'runtime/core may not call sb_error_set' runtime/core/bad.c \
  'int sb_error_set(void);\nint f(void);\nint f(void) { return sb_error_set(); }'
refuses symbols 'runtime/model may not call sb_core' runtime/model/bad.c 'int sb_core(void);\nint f(void);\nint f(void) { return sb_core(); }'
refuses symbols 'runtime/base may not call fopen' runtime/base/bad.c \
  '#include <stdio.h>\nvoid *f(void);\nvoid *f(void) { return fopen("/x", "r"); }'
refuses symbols 'tui/view may not call free' tui/view/bad.c 'void free(void *);\nvoid f(void *x);\nvoid f(void *x) { free(x); }'
refuses symbols 'no floating point here' runtime/core/bad.c 'double sb_x(int a);\ndouble sb_x(int a) { return a * 0.5; }'
refuses symbols 'does not compile' runtime/model/bad.c 'int f(void) {'

refuses tables "row 'smoke' has no file runtime/steps/smoke.c" runtime/steps/steps.def 'X(SMOKE, smoke)'
refuses tables 'runtime/steps/smoke.c: has no row in runtime/steps/steps.def' runtime/steps/smoke.c 'void sb_step_smoke(int x)\n{\n}'
refuses tables 'runtime/steps/native/lost.c: has no row' runtime/steps/native/lost.c 'int x;'
fresh
cases=$((cases + 1))
echo 'int x;' >"$house/runtime/core/alerts/late.c"
expect tables 'late.c: has a row in runtime/core/alerts/alerts.def but does not define sb_alert_rule_late()'
without tables "row 'jobs' has no file tui/panes/jobs.c" tui/panes/jobs.c
without tables "row 'dark' has no file themes/dark.theme" themes/dark.theme
without tables 'tui/panes/panes.def: the table is missing' tui/panes/panes.def
refuses tables 'themes/pink.theme: has no row in themes/INDEX' themes/pink.theme 'text = 1 2'
refuses tables "row 'dark' stands twice" themes/INDEX 'dark'
refuses tables 'migrations/0002_more.sql: has no row' runtime/services/store/migrations/0002_more.sql 'X'

refuses banned 'strcpy() is banned' runtime/os/bad.c 'void f(char *a) { /* why */ strcpy (a, "b"); }'
refuses banned 'pthread_create() is only for runtime/os' runtime/steps/bad.c 'int x = pthread_create(0, 0, 0, 0);'
refuses banned 'clock_gettime() is only for runtime/os' tui/term/bad.c '    (void)clock_gettime(1, &t);'
refuses banned 'bad.c:3: usleep() is banned' runtime/os/bad.c '/* a\n * comment */\nint x = usleep(1);'
refuses banned 'sigaction() is only for' tui/term/bad.c 'int x = sigaction(1, 0, 0);'
refuses banned 'sleep() is banned' tests/unit/b_test.c 'int x = sleep(1);'
refuses banned 'tui/term/crash.c no longer calls sigaction' tui/term/crash.c 'int x;'

wide=$(awk 'BEGIN { for (i = 0; i < 151; i++) printf "x" }')
refuses size 'bad.c:1: 151 columns' runtime/os/bad.c "$wide"
refuses size 'bad.c: more than 600 lines' runtime/os/bad.c "$(awk 'BEGIN { for (i = 0; i < 601; i++) printf "int x%d;\\n", i }')"
refuses packages 'README.md shows' bootstrap 'PACKAGES="gdb"'
refuses incidents 'names a__gone, and no test is called so' docs/INCIDENTS.md '`a__gone`'
refuses api_page 'does not name GET /v1/secrets' runtime/api/routes.def 'X("GET", "/v1/secrets", secrets, true, "")'
refuses api_page 'does not name the command explode' include/signalbox/model/commands.def 'X(EXPLODE, explode, '"'T'"', "")'

echo "$cases cases, $errors wrong"
[ "$errors" = 0 ]
