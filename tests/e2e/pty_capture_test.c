/* Capture, copying and the incident id on a pseudo-terminal: the whole console with a recording for a runtime. What the terminal is sent for the
 * clipboard, that the loop goes on while a capture is written, and what the operator reads. */
#include "pty.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/source.h"
#include "signalbox/tui/model.h"
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

enum { EVENTS_MAX = 1024, ROWS = 40, COLS = 120 };

static struct {
    uint64_t commands;
    struct sb_command last;
    int fd;
    struct sb_event events[EVENTS_MAX];
    size_t count, next;
    bool has_answer; /* the last command's outcome is to be told */
    int go_fd, result_fd, gate[2];
} world;

static enum sb_err take_command(struct sb_source *source, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)source, (void)err;
    *id = ++world.commands;
    world.last = command;
    world.has_answer = true;
    sb_wake_post(world.fd);
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

/* As the core answers: the fact, then the command's outcome. */
static size_t answer(struct sb_event *events)
{
    const struct sb_command *command = &world.last;
    struct sb_event *fact = &events[0], *done = &events[1];
    memset(events, 0, 2 * sizeof *events);
    *fact = world.events[world.count - 1];
    *done = *fact;
    memset(&fact->as, 0, sizeof fact->as);
    memset(&done->as, 0, sizeof done->as);
    fact->kind = command->kind == SB_COMMAND_INCIDENT_OPEN ? SB_EVENT_INCIDENT_OPENED : SB_EVENT_INCIDENT_CLOSED;
    (void)sb_copy(fact->as.incident_opened.incident, SB_NAME_MAX, command->subject[0] != '\0' ? command->subject : "INC-20261123-1");
    (void)sb_copy(fact->as.incident_opened.actor, SB_NAME_MAX, command->actor);
    done->kind = SB_EVENT_COMMAND_DONE;
    done->as.command_done.command = world.commands;
    done->as.command_done.kind = command->kind;
    done->as.command_done.job = SB_NO_JOB;
    (void)sb_copy(done->as.command_done.actor, SB_NAME_MAX, command->actor);
    (void)sb_copy(done->as.command_done.outcome, SB_NOTE_MAX, "as asked");
    return 2;
}

static size_t take(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap)
{
    size_t count = 0;
    (void)source, (void)is_gap;
    sb_wake_clear(world.fd);
    if (world.next == world.count && world.has_answer) {
        world.has_answer = false;
        return answer(events);
    }
    while (count < cap && world.next < world.count)
        events[count++] = world.events[world.next++];
    return count;
}

static const struct sb_source_ops ops = { .fd = fd, .take = take, .ping = ping, .command = take_command, .look = look };

/* The time of the recording is long ago for this machine's clock; only its last moment counts here. */
static bool read_recording(void)
{
    char line[SB_CODEC_EVENT_MAX];
    FILE *file = fopen(SB_SOURCE_DIR "/tests/golden/incident.jsonl", "r");
    while (file != NULL && world.count < EVENTS_MAX && fgets(line, sizeof line, file) != NULL) {
        if (sb_codec_event_read(line, strcspn(line, "\n"), &world.events[world.count], NULL) != SB_OK)
            break;
        world.count++;
    }
    if (file != NULL)
        (void)fclose(file);
    if (world.count < 100)
        return false;
    const sb_ns shift = sb_now() - world.events[world.count - 1].now;
    for (size_t i = 0; i < world.count; i++)
        world.events[i].now += shift;
    return true;
}

/* Waits for the parent, as a slow disk would; then reports what it was given. */
static enum sb_err capture(const void *self, const struct sb_tui_picture *picture, char *path, size_t cap, struct sb_error *err)
{
    char byte;
    (void)self;
    if (read(world.gate[0], &byte, 1) != 1 || byte == 'f')
        return sb_error_set(err, SB_ERR_IO, "the disk is full");
    (void)dprintf(world.result_fd, "%ux%u jobs %u state %s actor %s incident %s first %c\n", picture->grid.cols, picture->grid.rows,
                  picture->stamp.model->job_count, picture->stamp.state, picture->stamp.actor, picture->stamp.model->incident.id,
                  (char)picture->grid.cells[0].code_point);
    (void)sb_copy(path, cap, "/var/captures/INC-1");
    return SB_OK;
}

static int scene_console(const struct scene *scene)
{
    struct sb_error err = { SB_OK, "" };
    enum sb_tui_end end = SB_TUI_LEFT;
    world.result_fd = scene->result;
    world.gate[0] = scene->go;
    struct sb_source source = { &ops };
    if (!read_recording() || sb_wake_open(&world.fd, &err) != SB_OK)
        return 1;
    sb_wake_post(world.fd);
    struct sb_tui_setup setup = { .source = &source,
                                  .theme_dir = SB_SOURCE_DIR "/themes",
                                  .actor = "ana",
                                  .environment = "practice",
                                  .capture = capture,
                                  .finished_fd = -1,
                                  .signal_fd = -1 };
    return sb_tui_run(&setup, &end, &err) == SB_OK ? 0 : 2;
}

static struct pty *start(const char *const *env)
{
    return pty_start(&(struct pty_setup){ .rows = ROWS, .cols = COLS, .env = env, .scene = scene_console });
}

static bool shows(const struct pty *pty, const char *text)
{
    for (int row = 0; row < ROWS; row++)
        if (strstr(pty_row(pty, row), text) != NULL)
            return true;
    return false;
}

static void until(struct pty *pty, const char *text)
{
    for (int waited = 0; !shows(pty, text); waited += 10) {
        if (waited > 10000) {
            for (int row = 0; row < ROWS; row++)
                print_message("%s\n", pty_row(pty, row));
            fail_msg("\"%s\" did not come", text);
        }
        (void)pty_for(pty, 10);
    }
}

static bool sent(struct pty *pty, const char *bytes)
{
    return memmem(pty->output, pty->seen, bytes, strlen(bytes)) != NULL;
}

static void open_gate(struct pty *pty, char byte)
{
    assert_int_equal(write(pty->go, &byte, 1), 1);
}

static const char *const outside[] = { "TMUX", "TMUX_TMPDIR", NULL };

static void C__writes_beside_the_loop_and_offers_the_path_to_the_terminal(void **state)
{
    (void)state;
    char said[256];
    struct pty *pty = start(outside);
    until(pty, "posting");
    pty_type(pty, "C", 1);
    until(pty, "capturing");
    pty_type(pty, "?", 1); /* the keys go on while the disk is slow */
    until(pty, "every key and what it does");
    pty_type(pty, "C", 1);
    until(pty, "still being written");
    assert_false(sent(pty, "\x1b]52"));
    open_gate(pty, 'w');
    until(pty, "captured INC-1 (copied by OSC 52) in /var/captures");
    assert_true(sent(pty, "\x1b]52;c;L3Zhci9jYXB0dXJlcy9JTkMtMQ==\a"));
    pty_report(pty, said, sizeof said);
    assert_string_equal(said, "120x40 jobs 29 state LIVE actor ana incident  first S");
    pty_stop(pty);
}

static void C__says_what_went_wrong(void **state)
{
    (void)state;
    struct pty *pty = start(outside);
    until(pty, "posting");
    pty_type(pty, "C", 1);
    until(pty, "capturing");
    open_gate(pty, 'f');
    until(pty, "not captured: the disk is full");
    assert_false(sent(pty, "\x1b]52"));
    pty_stop(pty);
}

static void y__and_Y__give_the_terminal_base64_and_nothing_else(void **state)
{
    (void)state;
    struct pty *pty = start(outside);
    until(pty, "posting");
    pty_type(pty, "y", 1);
    until(pty, "bytes (copied by OSC 52)");
    assert_true(sent(pty, "\x1b]52;c;cmVwbHlfcGVyZm9ybWFuY2Vfc25hcHNob3Q=\a")); /* reply_performance_snapshot, the worst job */
    const size_t before = pty->seen;
    pty_type(pty, "4", 1);
    until(pty, ">4 Alerts<");
    pty_type(pty, "Y", 1);
    for (int waited = 0; waited < 10000 && memmem(pty->output + before, pty->seen - before, "\x1b]52;c;", 7) == NULL; waited += 10)
        (void)pty_for(pty, 10);
    const char *start_of = memmem(pty->output + before, pty->seen - before, "\x1b]52;c;", 7);
    assert_non_null(start_of);
    (void)pty_for(pty, 200);
    const size_t length = strspn(start_of + 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
    assert_true(length > 40);
    assert_int_equal(start_of[7 + length], '\a');
    pty_stop(pty);
}

/* A console of the kernel would print the sequence. */
static void y__sends_nothing_to_a_terminal_without_a_clipboard(void **state)
{
    (void)state;
    static const char *const env[] = { "TMUX", "TERM=linux", NULL };
    struct pty *pty = start(env);
    until(pty, "posting");
    pty_type(pty, "y", 1);
    until(pty, "(not copied: no tmux, no clipboard here)");
    assert_false(sent(pty, "\x1b]52"));
    pty_stop(pty);
}

/* A tmux that is gone is no reason to lose the text. */
static void y__goes_on_to_the_terminal_when_tmux_does_not_answer(void **state)
{
    (void)state;
    static const char *const env[] = { "TMUX=/nonexistent/tmux,1,0", NULL };
    struct pty *pty = start(env);
    until(pty, "posting");
    pty_type(pty, "y", 1);
    until(pty, "bytes (copied by OSC 52)");
    pty_stop(pty);
}

static void i__opens_shows_and_closes_an_incident(void **state)
{
    (void)state;
    struct pty *pty = start(outside);
    until(pty, "posting");
    pty_type(pty, "i", 1);
    until(pty, "Open an incident");
    (void)pty_for(pty, 300); /* a question swallows what comes too early */
    pty_type(pty, "\r", 1);
    until(pty, "incident_open");
    for (int waited = 0; strstr(pty_row(pty, 0), "INC-20261123-1") == NULL && waited < 10000; waited += 10)
        (void)pty_for(pty, 10);
    assert_non_null(strstr(pty_row(pty, 0), "INC-20261123-1"));
    pty_type(pty, "i", 1);
    until(pty, "[j] join");
    (void)pty_for(pty, 300);
    pty_type(pty, "c", 1);
    until(pty, "ana incident_close -> ok");
    assert_null(strstr(pty_row(pty, 0), "INC-20261123-1"));
    pty_stop(pty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C__writes_beside_the_loop_and_offers_the_path_to_the_terminal),
        cmocka_unit_test(C__says_what_went_wrong),
        cmocka_unit_test(y__and_Y__give_the_terminal_base64_and_nothing_else),
        cmocka_unit_test(y__sends_nothing_to_a_terminal_without_a_clipboard),
        cmocka_unit_test(y__goes_on_to_the_terminal_when_tmux_does_not_answer),
        cmocka_unit_test(i__opens_shows_and_closes_an_incident),
    };
    return cmocka_run_group_tests_name("pty_capture", tests, NULL, NULL);
}
