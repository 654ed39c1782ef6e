/* The whole console on a terminal, told of an incident in which every text tries to take the terminal over: the title stays ours, no bell
 * rings, nothing is asked of the terminal (so nothing is typed by its answers), and only sequences that paint are sent. */
#include "pty.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/source.h"
#include "signalbox/tui/tui.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENTS_MAX = 1024 };

static const char *const texts[] = {
    "\033]2;owned\a\033[c\033[6n\033[>c\033Z\005\a",
    "\033P+q544e\033\\\033]52;c;b3duZWQ=\a\033[2J\033[?1049l\033c",
    "\x9b" "2J\x9d" "2;owned\x9c\xc2\x9b" "6n\xc2\x9d" "2;owned\xc2\x9c",
    "\xe2\x80\xaeowned\xe2\x80\x8d\xef\xb8\x8f\xff\xfe\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
};

static struct {
    struct sb_source source;
    int fd, signal_fd;
    struct sb_event events[EVENTS_MAX];
    size_t count, next;
} world;

static enum sb_err take_command(struct sb_source *source, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)source, (void)command, (void)err;
    *id = 1;
    return SB_OK;
}

static void ping(struct sb_source *source)
{
    (void)source;
}

static int fd(const struct sb_source *source)
{
    (void)source;
    return world.fd;
}

static void look(struct sb_source *source, struct sb_source_status *status)
{
    (void)source;
    memset(status, 0, sizeof *status);
}

static void poison(struct sb_event *event, const char *text)
{
    const struct sb_kind_info *info = &sb_event_infos[event->kind];
    const size_t size = strlen(text);
    for (unsigned i = 0; i < info->field_count; i++) {
        const bool is_name = info->fields[i].type == SB_FIELD_name;
        char *at = (char *)&event->as + info->fields[i].offset;
        for (size_t k = 0; (is_name || info->fields[i].type == SB_FIELD_note) && k + 1 < (is_name ? SB_NAME_MAX : SB_NOTE_MAX); k++) {
            at[k] = text[k % size];
        }
    }
}

/* e = the whole incident, told in the next of the texts; S = a signal. */
static size_t take(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap)
{
    char what = '\0';
    static bool is_telling;
    size_t count = 0;
    (void)source, (void)is_gap;
    if (!is_telling && read(world.fd, &what, 1) != 1) {
        return 0;
    }
    if (what == 'S') {
        sb_wake_post(world.signal_fd);
        return 0;
    }
    while (count < cap && world.next < SB_LEN(texts) * world.count) {
        const size_t round = world.next / world.count;
        events[count] = world.events[world.next++ % world.count];
        poison(&events[count++], texts[round]);
    }
    is_telling = count > 0;
    return count;
}

static const struct sb_source_ops ops = { .fd = fd, .take = take, .ping = ping, .command = take_command, .look = look };

static bool read_recording(void)
{
    char line[SB_CODEC_EVENT_MAX];
    FILE *file = fopen(SB_SOURCE_DIR "/tests/golden/incident.jsonl", "r");
    while (file != NULL && world.count < EVENTS_MAX && fgets(line, sizeof line, file) != NULL &&
           sb_codec_event_read(line, strcspn(line, "\n"), &world.events[world.count], NULL) == SB_OK) {
        world.count++;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return world.count > 100;
}

static int scene_console(const struct scene *scene)
{
    struct sb_error err = { SB_OK, "" };
    enum sb_tui_end end = SB_TUI_LEFT;
    world.fd = scene->go;
    world.source.ops = &ops;
    if (!read_recording() || fcntl(scene->go, F_SETFL, O_NONBLOCK) != 0 || sb_wake_open(&world.signal_fd, &err) != SB_OK) {
        return 1;
    }
    struct sb_tui_setup setup = { .source = &world.source,
                                  .theme_dir = SB_SOURCE_DIR "/themes",
                                  .actor = texts[0],
                                  .environment = texts[2],
                                  .bell = SB_BELL_OFF,
                                  .finished_fd = -1,
                                  .signal_fd = world.signal_fd };
    return sb_tui_run(&setup, &end, &err) == SB_OK ? 0 : 2;
}

/* Every ESC begins something that paints, switches a mode of ours, or is our title. */
static void assert_only_ours(const struct pty *pty)
{
    for (size_t i = 0; i < pty->fed; i++) {
        const unsigned char c = (unsigned char)pty->output[i];
        if (c == 0x05 || c == 0x07 || (c < 0x20 && strchr("\r\n\b\t\033\016\017", (char)c) == NULL) || c == 0x7f) {
            fail_msg("byte %02x was sent", c);
        }
        if (c != '\033') {
            continue;
        }
        const char *at = &pty->output[++i];
        if (*at == ']') {
            const bool is_ours = strncmp(at, "]2;\a", 4) == 0 || strncmp(at, "]2;signalbox", 12) == 0;
            const size_t size = strcspn(at, "\a");
            if (!is_ours || size > 80) {
                fail_msg("OSC %.*s was sent", (int)(size > 60 ? 60 : size), at + 1);
            }
            i += size;
        } else if (*at == '[') {
            const size_t size = 1 + strspn(at + 1, "0123456789;:?<=>!");
            const char final = at[size];
            const bool keeps_title = strncmp(at, "[22;", 4) == 0 || strncmp(at, "[23;", 4) == 0; /* ours, and those of the terminal's entry */
            if (strchr("ABCDHJKPXLMGbdfhlmrt@ST", final) == NULL || (final == 't' && !keeps_title)) {
                fail_msg("CSI %.*s was sent", (int)size, at + 1);
            }
            i += size;
        } else if (strchr("()=>78M", *at) == NULL) {
            fail_msg("ESC %c was sent", *at);
        }
    }
}

static void hostile__texts_never_reach_the_terminal_as_more_than_text(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 24, 80 }, { 50, 200 }, { 16, 60 } };
    static const char *const keys[] = { "1z", "2", "3", "4\r", "q5", "6z", "0?", "q0" };
    struct pty *pty = pty_start(&(struct pty_setup){ .rows = 24, .cols = 80, .scene = scene_console });
    assert_int_equal(write(pty->go, "e", 1), 1);
    for (int waited = 0; strstr(pty_row(pty, 1), "FAIL ") == NULL && waited < 15000; waited += 20) {
        (void)pty_for(pty, 20);
    }
    if (strstr(pty_row(pty, 1), "FAIL ") == NULL)
        fail_msg("the second line is: %s / %s", pty_row(pty, 1), pty_row(pty, 0));
    for (unsigned size = 0; size < SB_LEN(sizes); size++) {
        pty_resize(pty, sizes[size][0], sizes[size][1]);
        for (unsigned i = 0; i < SB_LEN(keys); i++) {
            pty_type(pty, keys[i], strlen(keys[i]));
            (void)pty_for(pty, 120);
        }
    }
    assert_int_equal(strncmp(pty_title(pty), "signalbox", 9), 0);
    assert_null(strstr(pty_title(pty), "owned"));
    assert_int_equal(pty_bells(pty), 0);
    assert_int_equal(vterm_output_get_buffer_current(pty->vt), 0); /* the terminal was asked nothing */
    assert_non_null(memmem(pty->output, pty->fed, "owned", 5));    /* the texts were shown, as text */
    assert_int_equal(write(pty->go, "S", 1), 1);
    int status = pty_until_end(pty);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(vterm_output_get_buffer_current(pty->vt), 0);
    pty_assert_restored(pty);
    assert_only_ours(pty);
    pty_stop(pty);
}

/* The check itself: it sees what must not be sent. */
static void hostile__the_check_sees_what_must_not_be_sent(void **state)
{
    (void)state;
    struct pty *pty = calloc(1, sizeof *pty);
    assert_non_null(pty);
    static const char bytes[] = "\033]2;signalbox 1F\a\033[1;31mx\033]2;owned\a\a";
    memcpy(pty->output, bytes, sizeof bytes - 1);
    pty->fed = pty->seen = sizeof bytes - 1;
    assert_int_equal(pty_bells(pty), 1);
    assert_string_equal(pty_title(pty), "owned");
    free(pty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile__texts_never_reach_the_terminal_as_more_than_text),
        cmocka_unit_test(hostile__the_check_sees_what_must_not_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
