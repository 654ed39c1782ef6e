/* What the terminal shows and tells beside the picture: its title, a call to the operator, and whether anybody looks.
 *
 * Thread: the one that opened the terminal. Must never put a character into a title or a notice that is not printable ASCII, and never
 * send anything of this to a terminal that might print it. */
#include "term_private.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <term.h>

/* Terminals of xterm's kind read OSC and ignore private modes they do not know: their entry says so (XT), or has a title line that begins
 * with OSC; tmux and screen understand both and have entries that do not say it. */
bool term_knows_osc(const char *type)
{
    char flag[] = "XT", line[] = "tsl";
    const char *title_line = tigetstr(line);
    if (tigetflag(flag) > 0) {
        return true;
    }
    if (title_line != NULL && title_line != (const char *)-1 && strncmp(title_line, "\033]", 2) == 0) {
        return true;
    }
    return type != NULL && strncmp(type, "screen", 6) == 0;
}

static void send_now(const char *bytes)
{
    (void)fputs(bytes, stdout);
    (void)fflush(stdout); /* ncurses has its own buffer, which every refresh leaves empty */
}

void term_attention_begin(struct sb_term *term)
{
    if (term->has_osc) {
        send_now(TERM_TITLE_KEEP TERM_FOCUS_ON);
    }
    term->is_unfocused = false;
    term->title[0] = '\0';
}

void term_attention_end(const struct sb_term *term)
{
    if (term->has_osc) {
        send_now(TERM_FOCUS_OFF TERM_TITLE_BACK);
    }
}

void sb_term_title(struct sb_term *term, const char *title)
{
    char bytes[SB_TERM_TITLE_MAX + 8], clean[SB_TERM_TITLE_MAX];
    struct sb_text text;

    if (!term->has_osc) {
        return;
    }
    (void)sb_copy(clean, sizeof clean, title); /* cut to what a title bar shows */
    for (char *at = clean; *at != '\0'; at++) {
        *at = *at >= ' ' && *at <= '~' ? *at : '?';
    }
    if (sb_streq(clean, term->title)) {
        return;
    }
    (void)sb_copy(term->title, sizeof term->title, clean);
    sb_text_init(&text, bytes, sizeof bytes);
    sb_text_addf(&text, "\033]2;%s\a", clean);
    send_now(bytes);
}

void sb_term_call(struct sb_term *term, bool is_notice, uint32_t pages)
{
    char bytes[64];
    struct sb_text text;

    if (!is_notice || !term->has_osc) {
        send_now("\a");
        return;
    }
    sb_text_init(&text, bytes, sizeof bytes);
    sb_text_addf(&text, "\033]9;signalbox: %u alerts page\a", (unsigned)pages);
    send_now(bytes);
}

bool sb_term_is_focused(const struct sb_term *term)
{
    return !term->is_unfocused;
}
