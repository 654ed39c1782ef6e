/* What a page complained about, collected when it is given up. Runs on the thread that uses the context; lines are added by the I/O thread.
 *
 * The browser keeps the messages of a document by itself and tells them when asked, so that nothing is paid for pages that work: the domains
 * are switched on only here, and everything kept arrives before the answers to the two commands. */
#include "chromium.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 200, LINE_MAX_BYTES = 500 };

struct sb_console {
    size_t count; /* of all lines that came; the newest LINES_MAX are kept, as a ring */
    char lines[LINES_MAX][LINE_MAX_BYTES];
};

void sb_console_add(struct sb_context *context, const char *source, const char *level, const char *text, const char *where)
{
    struct sb_console *console = context->console;
    struct sb_text line;

    if (console == NULL)
        return;
    char *place = console->lines[console->count++ % LINES_MAX];
    sb_text_init(&line, place, LINE_MAX_BYTES);
    sb_text_addf(&line, "%.20s %.20s: ", source, level);
    sb_text_add(&line, text);
    if (where[0] != '\0')
        sb_text_addf(&line, " (%.120s)", where);
    for (char *at = place; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
}

static char *write_lines(const struct sb_console *console)
{
    size_t kept = console->count < LINES_MAX ? console->count : LINES_MAX;
    size_t cap = kept * (LINE_MAX_BYTES + 1) + 64;
    char *all = malloc(cap);
    struct sb_text text;

    if (all == NULL)
        return NULL;
    sb_text_init(&text, all, cap);
    if (console->count > kept)
        sb_text_addf(&text, "(%zu earlier lines were dropped)\n", console->count - kept);
    for (size_t i = console->count - kept; i < console->count; i++) {
        sb_text_add(&text, console->lines[i % LINES_MAX]);
        sb_text_add_char(&text, '\n');
    }
    return all;
}

enum sb_err sb_page_console(struct sb_context *context, const struct sb_op *op, char **lines, struct sb_error *err)
{
    struct sb_console *console = calloc(1, sizeof(*console));

    if (console == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the messages of a page");
    sb_mutex_lock(context->chromium->mutex);
    context->console = console;
    sb_mutex_unlock(context->chromium->mutex);
    enum sb_err rc = sb_context_call(context, "Log.enable", NULL, op, NULL, err);
    if (rc == SB_OK)
        rc = sb_context_call(context, "Runtime.enable", NULL, op, NULL, err);
    sb_mutex_lock(context->chromium->mutex);
    context->console = NULL;
    if (context->cdp != NULL) { /* off again, for a page which is used on; nothing depends on it */
        sb_cdp_fire(context->cdp, context->session, "Log.disable", "{}", NULL);
        sb_cdp_fire(context->cdp, context->session, "Runtime.disable", "{}", NULL);
    }
    sb_mutex_unlock(context->chromium->mutex);
    if (rc == SB_OK) {
        char *all = write_lines(console);
        if (all != NULL)
            *lines = all;
        else
            rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the messages of a page");
    }
    free(console);
    return rc;
}
