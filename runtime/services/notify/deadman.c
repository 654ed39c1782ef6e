/* Kind `deadman`: pings of a watcher elsewhere which raises the alarm when they stop (healthchecks.io and what speaks its form). A ping says that we
 * live; /start that we begin; /fail that we live and something pages. A stop that was asked for is an ordinary ping whose text says so: the alarm
 * comes when nobody starts us again in time. */
#include "letter.h"

#include "signalbox/model/catalogue.h"

#include <stdlib.h>
#include <string.h>

enum { PING_MAX = 4096 };

static const char *path_of(const struct sb_notice *notice)
{
    if (notice->kind == SB_NOTICE_STARTING)
        return "/start";
    const bool says_how_it_is = notice->kind == SB_NOTICE_ALIVE || notice->kind == SB_NOTICE_TEST;
    return says_how_it_is && notice->severity == SB_SEVERITY_PAGE ? "/fail" : "";
}

enum sb_err sb_channel_write_deadman(const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now, struct letter *letter,
                                     struct sb_error *err)
{
    char buf[WORDS_MAX];
    struct sb_text text, words;
    char *body = malloc(PING_MAX);
    if (body == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a ping of channel %s", def->name);
    sb_text_init(&text, body, PING_MAX);
    sb_text_add(&text, "signalbox ");
    sb_words_clean(&text, notice->environment, false);
    sb_text_addf(&text, " %s at ", sb_notice_kind_text(notice->kind));
    sb_text_add_wall(&text, now, false);
    sb_text_addf(&text, ", worst alert: %s\n", notice->severity == SB_SEVERITY_DEBUG ? "none" : sb_severity_text(notice->severity));
    sb_text_init(&words, buf, sizeof buf);
    sb_words_clean(&words, notice->text, true);
    sb_words_cut(&text, words.buf, PING_MAX / 2);
    letter->path = path_of(notice);
    letter->body = body;
    letter->body_size = text.len;
    letter->headers[letter->header_count++] = (struct sb_http_header){ "Content-Type", "text/plain; charset=utf-8" };
    return SB_OK;
}
