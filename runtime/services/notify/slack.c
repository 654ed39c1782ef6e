/* Kind `slack`: an incoming webhook that speaks Slack's form, also Mattermost's, Rocket.Chat's and Discord's /slack.
 *
 * What a notice says must stay words: it must not call anybody, lead anywhere or change its own look. Slack's own escapes (&, <, >) stop its
 * mentions and links; the others read "@name", "scheme://" and "[text](address)" as well, so a character without width goes between. */
#include "letter.h"

#include "signalbox/codec/codec.h"

#include <string.h>

/* Discord takes 2,000 characters; the rest would be refused as a whole. */
enum { SLACK_TEXT_MAX = 1900 };

#define NOTHING "\xe2\x80\x8b" /* U+200B, zero width space */

static void add_escaped(struct sb_text *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) {
        case '&': sb_text_add(out, "&amp;"); break;
        case '<': sb_text_add(out, "&lt;"); break;
        case '>': sb_text_add(out, "&gt;"); break;
        case '@': sb_text_add(out, "@" NOTHING); break;
        case '`': sb_text_add_char(out, '\''); break;
        case ':': sb_text_add(out, at[1] == '/' ? ":" NOTHING : ":"); break;
        case ']': sb_text_add(out, at[1] == '(' ? "]" NOTHING : "]"); break;
        default: sb_text_add_char(out, *at); break;
        }
    }
}

/* The text grows by escaping: it is cut before, at a character that keeps the whole within the limit. */
static void add_cut(struct sb_text *out, const char *text, size_t room)
{
    char buf[8 * 1024];
    struct sb_text escaped;
    size_t taken = strlen(text);
    for (;;) {
        char part[WORDS_MAX];
        const bool is_whole = sb_copy_n(part, sizeof part, text, taken);
        sb_text_init(&escaped, buf, sizeof buf);
        add_escaped(&escaped, part);
        if (is_whole && !escaped.is_cut && escaped.len <= room)
            break;
        taken = taken * 3 / 4;
    }
    sb_text_add_n(out, escaped.buf, escaped.len);
    if (taken < strlen(text))
        sb_text_add(out, " \xe2\x80\xa6");
}

static void write_text(struct sb_text *out, const struct sb_channel_def *def, const struct sb_notice *notice)
{
    char buf[WORDS_MAX], facts_buf[WORDS_MAX];
    struct sb_text words, facts;
    sb_text_init(&words, buf, sizeof buf);
    sb_words_title(&words, notice);
    sb_text_add_char(out, '*');
    add_cut(out, words.buf, 400);
    sb_text_add(out, "*\n");
    sb_text_init(&facts, facts_buf, sizeof facts_buf);
    sb_words_facts(&facts, def, notice);
    sb_text_init(&words, buf, sizeof buf);
    sb_words_clean(&words, notice->text, true);
    add_cut(out, words.buf, SLACK_TEXT_MAX - 900);
    sb_text_add_char(out, '\n');
    add_cut(out, facts.buf, 400);
    if (def->link != NULL) /* the operator's own */
        sb_text_addf(out, "<%s|details>\n", def->link);
}

enum sb_err sb_channel_write_slack(const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now, struct letter *letter,
                                   struct sb_error *err)
{
    char buf[4096];
    struct sb_text text;
    struct sb_json_out *out = sb_json_out_create(LETTER_BODY_MAX);
    (void)now;
    if (out == NULL)
        return sb_letter_json(letter, def, NULL, err);
    sb_text_init(&text, buf, sizeof buf);
    write_text(&text, def, notice);
    sb_json_object_begin(out);
    sb_json_key(out, "text");
    sb_json_string_n(out, text.buf, text.len);
    sb_json_key(out, "unfurl_links");
    sb_json_boolean(out, false);
    sb_json_key(out, "unfurl_media");
    sb_json_boolean(out, false);
    sb_json_object_end(out);
    return sb_letter_json(letter, def, sb_words_take(out), err);
}
