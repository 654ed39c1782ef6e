/* Kind `alertmanager`: API v2. An alert is its labels there: the same labels again go on with it, and it ends at endsAt, which is far enough ahead
 * while it fires that one lost message changes nothing. Severity is a label, because everybody routes by it: when it rises, the alert of the lower
 * severity is ended in the same message. */
#include "letter.h"

#include "signalbox/codec/codec.h"
#include "signalbox/model/catalogue.h"

enum { AHEAD = 3 }; /* intervals of repetition until a firing alert ends by itself */

static void add_labels(struct sb_json_out *out, const struct sb_channel_def *def, const struct sb_notice *notice, unsigned severity)
{
    sb_json_key(out, "labels");
    sb_json_object_begin(out);
    sb_words_member(out, "alertname", notice->kind == SB_NOTICE_DIGEST ? "signalbox_digest" : notice->rule, false);
    sb_words_member(out, "severity", sb_severity_text(severity), false);
    sb_words_member(out, "subject", notice->subject, false);
    sb_words_member(out, "environment", notice->environment, false);
    for (size_t i = 0; i < def->label_count; i++)
        sb_words_member(out, def->labels[i].key, def->labels[i].value, false);
    sb_json_object_end(out);
}

static void add_annotations(struct sb_json_out *out, const struct sb_notice *notice)
{
    char buf[WORDS_MAX];
    struct sb_text title;
    sb_text_init(&title, buf, sizeof buf);
    sb_words_title(&title, notice);
    sb_json_key(out, "annotations");
    sb_json_object_begin(out);
    sb_words_member(out, "summary", title.buf, false);
    sb_words_member(out, "description", notice->text, true);
    sb_words_member(out, "remedy", notice->remedy, false);
    sb_words_member(out, "key", notice->key, false);
    sb_json_object_end(out);
}

static void add_alert(struct sb_json_out *out, const struct sb_channel_def *def, const struct sb_notice *notice, unsigned severity,
                      struct sb_wall ends)
{
    sb_json_object_begin(out);
    add_labels(out, def, notice, severity);
    add_annotations(out, notice);
    sb_words_moment(out, "startsAt", notice->since);
    sb_words_moment(out, "endsAt", ends);
    if (def->link != NULL)
        sb_words_member(out, "generatorURL", def->link, false);
    sb_json_object_end(out);
}

enum sb_err sb_channel_write_alertmanager(const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now, struct letter *letter,
                                          struct sb_error *err)
{
    struct sb_json_out *out = sb_json_out_create(LETTER_BODY_MAX);
    const sb_ns ahead = notice->kind == SB_NOTICE_TEST ? def->every : AHEAD * def->every;
    const struct sb_wall ends = notice->kind == SB_NOTICE_RESOLVED ? notice->at : (struct sb_wall){ sb_ns_add(now.ns, ahead) };
    letter->path = "/api/v2/alerts";
    letter->secret = def->secret != NULL ? LETTER_SECRET_BEARER : LETTER_SECRET_NONE;
    if (out == NULL)
        return sb_letter_json(letter, def, NULL, err);
    sb_json_array_begin(out);
    add_alert(out, def, notice, notice->severity, ends);
    for (unsigned lower = 0; notice->kind == SB_NOTICE_ESCALATED && lower < notice->severity; lower++)
        add_alert(out, def, notice, lower, notice->at);
    sb_json_array_end(out);
    return sb_letter_json(letter, def, sb_words_take(out), err);
}
