/* Kind `ntfy`: publishing as JSON, https://docs.ntfy.sh/publish/. The address is the server's, the topic is in the body. Every notice is a message of
 * its own: an update in place would change what is on a telephone without ringing. */
#include "letter.h"

#include "signalbox/codec/codec.h"
#include "signalbox/model/catalogue.h"

/* ntfy turns messages above 4,096 bytes into attachments. */
enum { TITLE_MAX = 250, TEXT_MAX = 2800, FACTS_MAX = 1000 };

static int64_t priority_of(const struct sb_notice *notice)
{
    static const uint8_t priorities[SB_SEVERITY_COUNT] = {
        [SB_SEVERITY_DEBUG] = 1, [SB_SEVERITY_INFO] = 2, [SB_SEVERITY_WARN] = 3, [SB_SEVERITY_ERROR] = 4, [SB_SEVERITY_PAGE] = 5,
    };
    const uint8_t priority = priorities[notice->severity];
    return notice->kind == SB_NOTICE_RESOLVED && priority > 3 ? 3 : priority; /* good news need not ring through the night */
}

/* Names of emoji; what is none stays a word. */
static const char *tag_of(const struct sb_notice *notice)
{
    return notice->kind == SB_NOTICE_RESOLVED         ? "white_check_mark"
           : notice->kind == SB_NOTICE_TEST           ? "test_tube"
           : notice->severity >= SB_SEVERITY_ERROR    ? "rotating_light"
           : notice->severity == SB_SEVERITY_WARN     ? "warning"
                                                      : "information_source";
}

static void add_message(struct sb_json_out *out, const struct sb_channel_def *def, const struct sb_notice *notice)
{
    char buf[WORDS_MAX], message_buf[TEXT_MAX + FACTS_MAX + 64];
    struct sb_text words, message;
    sb_text_init(&message, message_buf, sizeof message_buf);
    sb_text_init(&words, buf, sizeof buf);
    sb_words_clean(&words, notice->text, true);
    sb_words_cut(&message, words.buf, TEXT_MAX);
    sb_text_add_char(&message, '\n');
    sb_text_init(&words, buf, sizeof buf);
    sb_words_facts(&words, def, notice);
    sb_words_cut(&message, words.buf, FACTS_MAX);
    sb_json_key(out, "message");
    sb_json_string_n(out, message.buf, message.len);
}

enum sb_err sb_channel_write_ntfy(const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now, struct letter *letter,
                                  struct sb_error *err)
{
    char buf[WORDS_MAX], title_buf[TITLE_MAX + 16];
    struct sb_text words, title;
    struct sb_json_out *out = sb_json_out_create(LETTER_BODY_MAX);
    (void)now;
    letter->secret = def->secret != NULL ? LETTER_SECRET_BEARER : LETTER_SECRET_NONE;
    if (out == NULL)
        return sb_letter_json(letter, def, NULL, err);
    sb_text_init(&words, buf, sizeof buf);
    sb_words_title(&words, notice);
    sb_text_init(&title, title_buf, sizeof title_buf);
    sb_words_cut(&title, words.buf, TITLE_MAX);
    sb_json_object_begin(out);
    sb_words_member(out, "topic", def->topic, false);
    sb_json_key(out, "title");
    sb_json_string_n(out, title.buf, title.len);
    add_message(out, def, notice);
    sb_json_key(out, "priority");
    sb_json_integer(out, priority_of(notice));
    sb_json_key(out, "tags");
    sb_json_array_begin(out);
    sb_json_string(out, tag_of(notice));
    sb_json_array_end(out);
    if (def->link != NULL)
        sb_words_member(out, "click", def->link, false);
    sb_json_object_end(out);
    return sb_letter_json(letter, def, sb_words_take(out), err);
}
