/* The whole program on a pseudo-terminal: every key of every row of the keymap in every pane it works in is pressed, and its effect is seen on
 * the terminal. The picture is frozen, so that what changes is the key's doing; questions are answered with Esc. */
#include "pty.h"

#include "signalbox/base/text.h"
#include "signalbox/tui/keys.h"
#include "tests/support/quiet_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 40, COLS = 130, PATIENCE_MS = 10000 };

static char folder[64], catalogue[96], state_dir[96];

/* Becomes the program: what follows is the real console with the real engine. */
static int scene_program(const struct scene *scene)
{
    (void)scene;
    (void)execl(SB_PROGRAM, SB_PROGRAM, "console", "--catalogue", catalogue, "--state-dir", state_dir, "--keys", "builtin", (char *)NULL);
    return 127;
}

static void write_catalogue(void)
{
    static const char text[] = "catalogue: keys\n"
                               "settings: { drain: 1s }\n"
                               "jobs:\n"
                               "  alpha:\n    every: 1h\n    timeout: 10m\n"
                               "    steps: [{ name: work, timeout: 10m, exec: { argv: [sleep, \"600\"] } }]\n"
                               "  beta:\n    every: 1h\n    retry: { attempts: 1 }\n"
                               "    steps: [{ name: fail, exec: { argv: [\"false\"] } }]\n";
    (void)snprintf(folder, sizeof folder, "/tmp/signalbox-keymap-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(catalogue, sizeof catalogue, "%s/catalogue.yaml", folder);
    (void)snprintf(state_dir, sizeof state_dir, "%s/state", folder);
    FILE *file = fopen(catalogue, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool has_text(struct pty *pty, const char *text)
{
    for (int row = 0; row < ROWS; row++) {
        if (strstr(pty_row(pty, row), text) != NULL) {
            return true;
        }
    }
    return false;
}

static void until_text(struct pty *pty, const char *text)
{
    for (int waited = 0; !has_text(pty, text); waited += 10) {
        if (waited > PATIENCE_MS) {
            fail_msg("\"%s\" did not come; the last lines are:\n%s\n%s", text, pty_row(pty, ROWS - 2), pty_row(pty, ROWS - 1));
        }
        (void)pty_for(pty, 10);
    }
}

/* Everything but lines 1 and 2, which count time: the picture is frozen, so the rest stands still by itself. With the attributes that tell a
 * selected row. */
static void take_picture(struct pty *pty, struct sb_text *out)
{
    for (int row = 2; row < ROWS; row++) {
        sb_text_add(out, pty_row(pty, row));
        for (int col = 0; col < COLS; col++) {
            sb_text_add_char(out, pty_cell(pty, row, col).attrs.reverse ? 'r' : '.');
        }
        sb_text_add(out, "\n");
    }
}

static char before[ROWS * COLS * 6], after[ROWS * COLS * 6];

static bool has_changed(struct pty *pty)
{
    struct sb_text text;
    sb_text_init(&text, after, sizeof after);
    take_picture(pty, &text);
    return strcmp(before, after) != 0;
}

static void type_key(struct pty *pty, uint32_t key)
{
    static const struct {
        uint32_t key;
        const char *bytes;
    } sequences[] = {
        {SB_KEY_UP, "\033OA"},        {SB_KEY_DOWN, "\033OB"},      {SB_KEY_RIGHT, "\033OC"},  {SB_KEY_LEFT, "\033OD"},
        {SB_KEY_HOME, "\033OH"},      {SB_KEY_END, "\033OF"},       {SB_KEY_PAGE_UP, "\033[5~"}, {SB_KEY_PAGE_DOWN, "\033[6~"},
        {SB_KEY_BACKTAB, "\033[Z"},   {SB_KEY_F5, "\033[15~"},      {SB_KEY_DELETE, "\033[3~"}, {SB_KEY_ENTER, "\r"},
    };
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        if (sequences[i].key == key) {
            pty_type(pty, sequences[i].bytes, strlen(sequences[i].bytes));
            return;
        }
    }
    assert_true(key < 0x80);
    const char byte = (char)key;
    pty_type(pty, &byte, 1);
}

/* A key that nothing has: what it says shows that all before it was taken, and in which pane we are. No question and no prompt is open then.
 * Two take turns, so that what the last one said is not taken for an answer. */
static char fence = '"';

static bool is_fenced(struct pty *pty, const char *title)
{
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "%c does nothing in %s;", fence, title);
    return strstr(pty_row(pty, ROWS - 2), wanted) != NULL;
}

struct place {
    uint32_t where;
    const char *title, *keys;
};
static const struct place places[] = {
    {SB_WHERE_JOBS, "Jobs", "1"},         {SB_WHERE_CONTEXTS, "Contexts & lanes", "2"}, {SB_WHERE_BUDGET, "Budget", "3"},
    {SB_WHERE_ALERTS, "Alerts", "4"},     {SB_WHERE_SERVICES, "Services", "5"},         {SB_WHERE_LOG, "Log", "6"},
    {SB_WHERE_DETAIL, "Detail", "1\r"},   {SB_WHERE_HELP, "Help", "?"},
    {SB_WHERE_CONTENT, "Content", "7"},   {SB_WHERE_TIMELINE, "Timeline", "8"},         {SB_WHERE_NODES, "Nodes", "9"},
};

static bool is_frozen(struct pty *pty)
{
    return strstr(pty_row(pty, 0), "FROZEN") != NULL;
}

/* Closes what is open and goes to the place. Questions are deaf at first, so Esc is pressed until it counts. The picture is frozen again when a key
 * has thawed it: who comes back from the past is live. */
static void go_to(struct pty *pty, const struct place *place)
{
    fence = fence == '"' ? '\'' : '"';
    for (int waited = 0; !is_fenced(pty, place->title); waited += 50) {
        if (waited > PATIENCE_MS) {
            fail_msg("%s was not reached: %s", place->title, pty_row(pty, ROWS - 2));
        }
        pty_type(pty, "\007\007", 2); /* C-g: Esc without the wait of a terminal that thinks of a sequence */
        pty_type(pty, place->keys, strlen(place->keys));
        pty_type(pty, &fence, 1);
        for (int looked = 0; looked < 120 && !is_fenced(pty, place->title); looked += 10) {
            (void)pty_for(pty, 10);
        }
    }
    if (!is_frozen(pty)) { /* as of the fence, so no key is under way */
        pty_type(pty, "F", 1);
        until_text(pty, "FROZEN");
    }
}

static void press_and_see(struct pty *pty, const struct place *place, unsigned action, uint32_t key)
{
    struct sb_text text;
    go_to(pty, place);
    sb_text_init(&text, before, sizeof before);
    take_picture(pty, &text);
    type_key(pty, key);
    if (is_quiet(action)) {
        (void)pty_for(pty, 5); /* the next place's fence shows that it was taken */
        return;
    }
    for (int waited = 0; !has_changed(pty); waited += 5) {
        if (waited > PATIENCE_MS) {
            fail_msg("%s in %s: nothing is seen of it; the last line but one: %s", sb_keymap[action].name, place->title, pty_row(pty, ROWS - 2));
        }
        (void)pty_for(pty, 5);
    }
    if (has_text(pty, " does nothing in ") && !is_fenced(pty, place->title)) {
        fail_msg("%s is not bound in %s: %s", sb_keymap[action].name, place->title, pty_row(pty, ROWS - 2));
    }
    if (sb_streq(sb_keymap[action].name, "FREEZE")) {
        pty_type(pty, "F", 1); /* frozen again */
    }
}

static void every_key__is_seen_in_the_whole_program(void **state)
{
    unsigned pressed = 0;
    (void)state;
    write_catalogue();
    struct pty *pty = pty_start(&(struct pty_setup){ .rows = ROWS, .cols = COLS, .scene = scene_program });
    until_text(pty, "FAIL! beta");
    until_text(pty, "RUN   alpha");
    until_text(pty, "beta retryable at fail"); /* and its alert */
    pty_type(pty, "F", 1);
    until_text(pty, "FROZEN");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++) {
            for (unsigned k = 0; k < SB_KEY_ACTION_KEYS && (sb_keymap[action].where & places[i].where) != 0; k++) {
                if (sb_keymap[action].keys[k] != 0 && (k == 0 || i == 0)) { /* further keys of an action in one pane */
                    press_and_see(pty, &places[i], action, sb_keymap[action].keys[k]);
                    pressed++;
                }
            }
        }
    }
    assert_true(pressed > 250);
    go_to(pty, &places[0]);
    pty_type(pty, "Q", 1);
    until_text(pty, "Leave: drain and stop");
    (void)pty_for(pty, 300); /* the question is deaf at first */
    pty_type(pty, "y", 1);
    int status = pty_until_end(pty);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pty_assert_restored(pty);
    pty_stop(pty);
    print_message("%u keys pressed\n", pressed);
}

static int remove_folder(void **state)
{
    (void)state;
    char *const argv[] = { (char[]){ "rm" }, (char[]){ "-rf" }, folder, NULL };
    const pid_t pid = fork();
    if (pid == 0) {
        (void)execvp("rm", argv);
        _exit(127);
    }
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_key__is_seen_in_the_whole_program, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
