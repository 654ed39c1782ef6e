/* What every channel says of a notice: its title, its facts, its JSON, and how untrusted text is made harmless. Pure but for memory. */
#include "letter.h"

#include "signalbox/codec/codec.h"
#include "signalbox/model/catalogue.h"

#include <string.h>

/* What a text must not hold wherever it is shown: control characters (C0, DEL, C1), marks that turn the direction of writing or break lines, and
 * characters without a shape that may hide a word. */
static bool is_harmful(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

void sb_words_clean(struct sb_text *out, const char *text, bool keeps_lines)
{
    size_t left = strlen(text);
    while (left > 0) {
        uint32_t c = 0;
        const unsigned size = sb_utf8_decode(text, left, &c);
        if (size == 0) {
            sb_text_add(out, "\xef\xbf\xbd");
        } else if (c == '\n' || c == '\t' || c == '\r') {
            const bool is_pair = c == '\r' && left > 1 && text[1] == '\n';
            if (!is_pair)
                sb_text_add_char(out, keeps_lines && c != '\t' ? '\n' : ' ');
        } else if (is_harmful(c)) {
            sb_text_add(out, "\xef\xbf\xbd");
        } else {
            sb_text_add_n(out, text, size);
        }
        text += size > 0 ? size : 1;
        left -= size > 0 ? size : 1;
    }
}

static void add_upper(struct sb_text *out, const char *word)
{
    for (; *word != '\0'; word++)
        sb_text_add_char(out, *word >= 'a' && *word <= 'z' ? (char)(*word - 'a' + 'A') : *word);
}

void sb_words_cut(struct sb_text *out, const char *text, size_t room)
{
    char part[WORDS_MAX];
    const bool is_whole = sb_copy_n(part, room + 1 < sizeof part ? room + 1 : sizeof part, text, strlen(text));
    sb_text_add(out, part);
    if (!is_whole)
        sb_text_add(out, " \xe2\x80\xa6");
}

void sb_words_title(struct sb_text *out, const struct sb_notice *notice)
{
    static const char *const after[SB_NOTICE_KIND_COUNT] = {
        [SB_NOTICE_REPEAT] = ", still firing", [SB_NOTICE_ESCALATED] = ", escalated", [SB_NOTICE_FLAPPING] = ", comes and goes" };
    sb_text_add_char(out, '[');
    if (notice->kind == SB_NOTICE_TEST)
        sb_text_add(out, "TEST ");
    add_upper(out, notice->kind == SB_NOTICE_RESOLVED ? "resolved" : sb_severity_text(notice->severity));
    if (after[notice->kind] != NULL)
        sb_text_add(out, after[notice->kind]);
    sb_text_add(out, "] ");
    if (notice->kind == SB_NOTICE_DIGEST) {
        sb_text_add_u64(out, notice->count);
        sb_text_add(out, notice->count == 1 ? " alert" : " alerts");
    } else {
        sb_words_clean(out, notice->rule, false);
    }
    if (notice->subject[0] != '\0') {
        sb_text_add(out, ": ");
        sb_words_clean(out, notice->subject, false);
    }
    if (notice->environment[0] != '\0') {
        sb_text_add(out, " (");
        sb_words_clean(out, notice->environment, false);
        sb_text_add_char(out, ')');
    }
}

void sb_words_facts(struct sb_text *out, const struct sb_channel_def *def, const struct sb_notice *notice)
{
    const sb_ns lasted = sb_ns_sub(notice->at.ns, notice->since.ns);
    if (notice->remedy[0] != '\0' && notice->kind != SB_NOTICE_RESOLVED) {
        sb_text_add(out, "What to do: ");
        sb_words_clean(out, notice->remedy, false);
        sb_text_add_char(out, '\n');
    }
    sb_text_add(out, "Since ");
    sb_text_add_wall(out, notice->since, false);
    if (lasted > 0) {
        sb_text_add(out, notice->kind == SB_NOTICE_RESOLVED ? ", lasted " : ", for ");
        sb_text_add_duration(out, lasted);
    }
    if (notice->alert > 0) {
        sb_text_add(out, "; alert ");
        sb_text_add_u64(out, notice->alert);
    }
    if (notice->count > 1 && notice->kind != SB_NOTICE_DIGEST) {
        sb_text_add(out, "; stands for ");
        sb_text_add_u64(out, notice->count);
    }
    sb_text_add_char(out, '\n');
    for (size_t i = 0; i < def->label_count; i++) {
        sb_words_clean(out, def->labels[i].key, false);
        sb_text_add_char(out, '=');
        sb_words_clean(out, def->labels[i].value, false);
        sb_text_add_char(out, '\n');
    }
}

void sb_words_member(struct sb_json_out *out, const char *key, const char *value, bool keeps_lines)
{
    char buf[WORDS_MAX];
    struct sb_text text;
    sb_text_init(&text, buf, sizeof buf);
    sb_words_clean(&text, value, keeps_lines);
    sb_json_key(out, key);
    sb_json_string_n(out, text.buf, text.len);
}

void sb_words_moment(struct sb_json_out *out, const char *key, struct sb_wall wall)
{
    char buf[40];
    struct sb_text text;
    sb_text_init(&text, buf, sizeof buf);
    sb_text_add_wall(&text, wall, true);
    sb_json_key(out, key);
    sb_json_string(out, buf);
}

char *sb_words_take(struct sb_json_out *out)
{
    char *json = sb_json_out_take(out);
    sb_json_out_destroy(out);
    return json;
}

static void add_number(struct sb_json_out *out, const char *key, int64_t value)
{
    sb_json_key(out, key);
    sb_json_integer(out, value);
}

char *sb_words_json(const struct sb_channel_def *def, const struct sb_notice *notice)
{
    struct sb_json_out *out = sb_json_out_create(LETTER_BODY_MAX);
    char buf[WORDS_MAX];
    struct sb_text title;
    if (out == NULL)
        return NULL;
    sb_text_init(&title, buf, sizeof buf);
    sb_words_title(&title, notice);
    sb_json_object_begin(out);
    add_number(out, "version", 1);
    sb_words_member(out, "key", notice->key, false);
    sb_words_member(out, "incident", notice->incident, false);
    sb_words_member(out, "kind", sb_notice_kind_text(notice->kind), false);
    sb_words_member(out, "severity", sb_severity_text(notice->severity), false);
    sb_words_member(out, "rule", notice->rule, false);
    sb_words_member(out, "subject", notice->subject, false);
    sb_words_member(out, "title", title.buf, false);
    sb_words_member(out, "text", notice->text, true);
    sb_words_member(out, "remedy", notice->remedy, false);
    sb_words_member(out, "environment", notice->environment, false);
    add_number(out, "alert", notice->alert);
    add_number(out, "count", notice->count);
    sb_words_moment(out, "since", notice->since);
    sb_words_moment(out, "at", notice->at);
    if (def->link != NULL)
        sb_words_member(out, "link", def->link, false);
    sb_json_key(out, "labels");
    sb_json_object_begin(out);
    for (size_t i = 0; i < def->label_count; i++)
        sb_words_member(out, def->labels[i].key, def->labels[i].value, false);
    sb_json_object_end(out);
    sb_json_object_end(out);
    return sb_words_take(out);
}
