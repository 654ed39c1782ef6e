/* notify: the channels of the catalogue, and a real test message through one of them, sent by this process itself: no runtime is needed. */
#include "client.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/http.h"
#include "signalbox/ports/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TARGET_MAX = 300, EXIT_SIGNAL = 128 };

static void target_of(const struct sb_channel_def *channel, char out[TARGET_MAX])
{
    struct sb_text text;
    sb_text_init(&text, out, TARGET_MAX);
    sb_notify_target(channel, &text);
}

static void list_as_json(struct sb_json_out *out, const struct sb_channel_def *channel)
{
    char target[TARGET_MAX];
    target_of(channel, target);
    sb_json_object_begin(out);
    sb_json_key(out, "name");
    sb_json_string(out, channel->name);
    sb_json_key(out, "kind");
    sb_json_string(out, sb_channel_kind_text(channel->kind));
    sb_json_key(out, "target");
    sb_json_string(out, target);
    sb_json_key(out, "secret");
    sb_json_string(out, channel->secret);
    sb_json_key(out, "min_severity");
    sb_json_string(out, sb_severity_text(channel->min_severity));
    sb_json_key(out, "rules");
    sb_json_array_begin(out);
    for (size_t i = 0; i < channel->rule_count; i++)
        sb_json_string(out, channel->rules[i]);
    sb_json_array_end(out);
    sb_json_key(out, "resolved");
    sb_json_boolean(out, channel->sends_resolved);
    sb_json_key(out, "per_minute");
    sb_json_integer(out, channel->per_minute);
    sb_json_key(out, "timeout_ms");
    sb_json_integer(out, channel->timeout / SB_MS(1));
    sb_json_object_end(out);
}

static void list_as_text(const struct sb_channel_def *channel)
{
    char target[TARGET_MAX], rules[256];
    struct sb_text text;
    target_of(channel, target);
    sb_text_init(&text, rules, sizeof(rules));
    for (size_t i = 0; i < channel->rule_count; i++)
        sb_text_addf(&text, "%s%s", i > 0 ? "," : "", channel->rules[i]);
    (void)printf("%-20s %-13s %-9s %-16s %s\n", channel->name, sb_channel_kind_text(channel->kind),
                 channel->kind == SB_CHANNEL_DEADMAN ? "-" : sb_severity_text(channel->min_severity), rules[0] != '\0' ? rules : "all", target);
}

static int list_channels(const struct options *options, const struct sb_catalogue *catalogue)
{
    struct sb_json_out *out = options->is_json ? sb_json_out_create(1u << 16) : NULL;
    if (options->is_json) {
        sb_json_array_begin(out);
        for (size_t i = 0; i < catalogue->channel_count; i++)
            list_as_json(out, &catalogue->channels[i]);
        sb_json_array_end(out);
        return print_document(out);
    }
    if (catalogue->channel_count == 0) {
        (void)printf("catalogue %s has no channels: nobody is told about alerts (docs/OPERATIONS.md, section Notifications)\n", catalogue->name);
        return EXIT_OK;
    }
    (void)printf("%-20s %-13s %-9s %-16s %s\n", "NAME", "KIND", "SEVERITY", "RULES", "TARGET");
    for (size_t i = 0; i < catalogue->channel_count; i++)
        list_as_text(&catalogue->channels[i]);
    return EXIT_OK;
}

static int read_severity(const char *text, uint8_t *severity)
{
    static const uint8_t allowed[] = { SB_SEVERITY_INFO, SB_SEVERITY_WARN, SB_SEVERITY_PAGE };
    for (size_t i = 0; i < SB_LEN(allowed); i++)
        if (strcmp(sb_severity_text(allowed[i]), text) == 0) {
            *severity = allowed[i];
            return EXIT_OK;
        }
    complain("--severity %.40s: expected page, warn or info", text);
    return EXIT_USAGE;
}

static int make_notice(struct sb_notice *notice, const struct sb_catalogue *catalogue, const struct sb_channel_def *channel, uint8_t severity)
{
    uint64_t number = 0;
    struct sb_error error = { 0 };
    memset(notice, 0, sizeof(*notice));
    if (sb_random(&number, sizeof(number), &error) != SB_OK) {
        complain("%s", error.text);
        return EXIT_BUG;
    }
    notice->kind = SB_NOTICE_TEST;
    notice->severity = severity;
    notice->count = 1;
    notice->since = notice->at = sb_wall_now();
    (void)snprintf(notice->key, sizeof(notice->key), "test-%016" PRIx64, number);
    (void)sb_copy(notice->incident, sizeof(notice->incident), notice->key);
    (void)sb_copy(notice->rule, sizeof(notice->rule), "notify_test");
    (void)sb_copy(notice->subject, sizeof(notice->subject), channel->name);
    (void)sb_copy(notice->text, sizeof(notice->text), "This is a test message that an operator asked for. Nothing is wrong.");
    (void)sb_copy(notice->remedy, sizeof(notice->remedy), "nothing: the channel works");
    (void)sb_copy(notice->environment, sizeof(notice->environment), catalogue->name);
    return EXIT_OK;
}

/* Mistakes that somebody has to repair here, as against a receiver that does not take it. */
static int exit_of_failure(enum sb_err code, const struct sb_notify_answer *answer)
{
    const bool is_ours = code == SB_ERR_CONFIG || code == SB_ERR_INVALID || code == SB_ERR_NOT_FOUND || code == SB_ERR_PERMISSION;
    return is_ours && answer->status == 0 ? EXIT_CONFIGURATION : EXIT_UNAVAILABLE;
}

static void tell_as_json(struct sb_json_out *out, const struct sb_channel_def *channel, const struct sb_notice *notice, enum sb_err code,
                         const struct sb_notify_answer *answer, sb_ns took, const char *text)
{
    sb_json_object_begin(out);
    sb_json_key(out, "channel");
    sb_json_string(out, channel->name);
    sb_json_key(out, "kind");
    sb_json_string(out, sb_channel_kind_text(channel->kind));
    sb_json_key(out, "key");
    sb_json_string(out, notice->key);
    sb_json_key(out, "delivered");
    sb_json_boolean(out, code == SB_OK);
    sb_json_key(out, "status");
    sb_json_integer(out, answer->status);
    sb_json_key(out, "permanent");
    sb_json_boolean(out, answer->is_permanent);
    sb_json_key(out, "retry_after_ms");
    sb_json_integer(out, answer->retry_after / SB_MS(1));
    sb_json_key(out, "took_ms");
    sb_json_integer(out, took / SB_MS(1));
    sb_json_key(out, "error");
    sb_json_string(out, code == SB_OK ? NULL : text);
    sb_json_object_end(out);
}

/* The message on its way, on a thread of its own. */
struct attempt {
    struct sb_notify *notify;
    size_t index;
    const struct sb_notice *notice;
    struct sb_op op;
    int done_fd;
    struct sb_notify_answer answer;
    enum sb_err code;
    struct sb_error error;
};

static void attempt_main(void *arg)
{
    struct attempt *attempt = arg;
    attempt->code = sb_notify_send(attempt->notify, attempt->index, attempt->notice, &attempt->op, &attempt->answer, &attempt->error);
    sb_wake_post(attempt->done_fd);
}

/* Sends, until it is done or the operator calls it off: a program that was started for it ends with it, whatever group it is in. Returns the signal,
 * or 0. */
static int send_until_signal(struct attempt *attempt, struct sb_cancel *cancel, int signal_fd)
{
    const int fds[] = { attempt->done_fd, signal_fd };
    static const struct sb_op forever = { .deadline = SB_NEVER }; /* the channel's timeout is the bound */
    struct sb_thread *thread = NULL;
    size_t ready = 0;
    int signal = 0;
    attempt->op = (struct sb_op){ .deadline = SB_NEVER, .cancel = cancel };
    const enum sb_err started = sb_thread_start(&thread, "sb-notify", attempt_main, attempt, &attempt->error);
    if (started != SB_OK) {
        attempt->code = started;
        return 0;
    }
    if (sb_poll_readable(fds, SB_LEN(fds), &forever, &ready, NULL) == SB_OK && ready == 1) {
        signal = sb_signals_take(signal_fd);
        sb_cancel_ask(cancel);
    }
    sb_thread_join(thread);
    return attempt->code == SB_OK ? 0 : signal;
}

static int send_test(const struct options *options, struct sb_notify *notify, size_t index, const struct sb_channel_def *channel,
                     const struct sb_notice *notice)
{
    struct attempt attempt = { .notify = notify, .index = index, .notice = notice, .done_fd = -1 };
    struct sb_error error = { 0 };
    int signal_fd = -1, signal = 0;
    const sb_ns start = sb_now();
    const int heard = session_signals(&signal_fd);
    if (heard != EXIT_OK)
        return heard;
    struct sb_cancel *cancel = sb_cancel_create(&error);
    enum sb_err code = cancel != NULL ? SB_OK : error.code;
    if (code == SB_OK)
        code = sb_wake_open(&attempt.done_fd, &error);
    if (code == SB_OK) {
        signal = send_until_signal(&attempt, cancel, signal_fd);
        code = attempt.code;
        error = attempt.error;
    }
    sb_fd_close(&attempt.done_fd);
    sb_fd_close(&signal_fd);
    sb_cancel_destroy(cancel);
    if (signal != 0) {
        complain("called off; whether channel %s has the message is not known", channel->name);
        return EXIT_SIGNAL + signal;
    }
    const struct sb_notify_answer answer = attempt.answer;
    const sb_ns took = sb_now() - start;
    if (options->is_json) {
        struct sb_json_out *out = sb_json_out_create(1u << 16);
        tell_as_json(out, channel, notice, code, &answer, took, error.text);
        const int printed = print_document(out);
        return code == SB_OK ? printed : exit_of_failure(code, &answer);
    }
    if (code == SB_OK) {
        (void)printf("delivered through channel %s (%s) in %lld ms, key %s\n", channel->name, sb_channel_kind_text(channel->kind),
                     (long long)(took / SB_MS(1)), notice->key);
        return EXIT_OK;
    }
    complain("%s", error.text);
    if (answer.retry_after > 0)
        complain("it asks to be left alone for %lld s", (long long)(answer.retry_after / SB_S(1)));
    return exit_of_failure(code, &answer);
}

static int test_channel(const struct options *options, const struct sb_catalogue *catalogue, const char *name)
{
    size_t index = 0;
    struct sb_notice notice;
    struct sb_http *http = NULL;
    struct sb_notify *notify = NULL;
    struct sb_error error = { 0 };
    uint8_t severity = SB_SEVERITY_INFO;
    char *preview = NULL;
    while (index < catalogue->channel_count && strcmp(catalogue->channels[index].name, name) != 0)
        index++;
    if (index == catalogue->channel_count) {
        complain("there is no channel \"%.60s\" in catalogue %s; `signalbox notify list` names them", name, catalogue->name);
        return EXIT_DATA;
    }
    const struct sb_channel_def *channel = &catalogue->channels[index];
    int code = options->severity != NULL ? read_severity(options->severity, &severity) : EXIT_OK;
    if (code == EXIT_OK)
        code = make_notice(&notice, catalogue, channel, severity);
    if (code != EXIT_OK)
        return code;
    enum sb_err rc = sb_http_create(&http, &error);
    if (rc == SB_OK)
        rc = sb_notify_create(&notify, http, catalogue->channels, catalogue->channel_count, &error);
    if (rc == SB_OK && options->is_dry_run)
        rc = sb_notify_preview(notify, index, &notice, &preview, &error);
    if (rc != SB_OK)
        complain("%s", error.text);
    code = exit_code_of(rc);
    if (rc == SB_OK && options->is_dry_run)
        (void)fputs(preview, stdout);
    else if (rc == SB_OK)
        code = send_test(options, notify, index, channel, &notice);
    free(preview);
    sb_notify_destroy(notify);
    sb_http_destroy(http);
    return code;
}

int command_notify(struct options *options)
{
    struct installation in;
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    const bool is_list = strcmp(verb, "list") == 0 && options->positional_count == 1;
    const bool is_test = strcmp(verb, "test") == 0 && options->positional_count == 2;
    if (!is_list && !is_test) {
        complain("notify: expected list, or test CHANNEL [--severity page|warn|info] [--dry-run], as in\n"
                 "  signalbox notify test ops --severity page\n"
                 "  signalbox notify test ops --dry-run      shows the message and sends nothing");
        return EXIT_USAGE;
    }
    int code = installation_load(&in, options);
    if (code != EXIT_OK)
        return code;
    code = is_list ? list_channels(options, in.catalogue) : test_channel(options, in.catalogue, options->positionals[1]);
    installation_close(&in);
    return code;
}
