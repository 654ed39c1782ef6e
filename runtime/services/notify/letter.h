/* A notice as the message of one kind of channel, before it is carried. Private to services/notify. */
#ifndef SIGNALBOX_NOTIFY_LETTER_H
#define SIGNALBOX_NOTIFY_LETTER_H

#include "signalbox/base/text.h"
#include "signalbox/ports/http.h"
#include "signalbox/ports/notify.h"

enum { LETTER_HEADERS_MAX = 4, LETTER_BODY_MAX = 64 * 1024 };

/* What the channel's secret is for; it is read when the letter is carried, and wiped. */
enum letter_secret {
    LETTER_SECRET_NONE,
    LETTER_SECRET_BEARER,    /* header Authorization */
    LETTER_SECRET_SIGNATURE, /* headers X-Signalbox-Timestamp and X-Signalbox-Signature */
    LETTER_SECRET_PASSWORD,  /* of the mail server */
};

struct letter {
    const char *path;                                  /* behind the channel's url; static */
    struct sb_http_header headers[LETTER_HEADERS_MAX]; /* values are static or the notice's */
    size_t header_count;
    enum letter_secret secret;
    char *body;                                        /* malloc'ed */
    size_t body_size;
};

/* Writes the letter. Pure but for memory: `now` is the wall time of the attempt. SB_ERR_UNSUPPORTED: no message for this kind of notice. */
typedef enum sb_err letter_write(const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now, struct letter *letter,
                                 struct sb_error *err);
/* Hands it over, once. */
typedef enum sb_err letter_carry(struct sb_http *http, const struct sb_channel_def *def, const struct sb_notice *notice,
                                 const struct letter *letter, const struct sb_op *op, struct sb_notify_answer *answer, struct sb_error *err);

/* What it would hand over, for people: secrets are named, not read. */
typedef void letter_show(const struct sb_channel_def *def, const struct letter *letter, struct sb_text *out);

#define X(code, name, carrier) letter_write sb_channel_write_##name;
#include "channels.def"
#undef X
letter_carry sb_carry_post, sb_carry_mail, sb_carry_child; /* post.c: HTTP; mail.c: SMTP; child.c: a program */
letter_show sb_show_post, sb_show_mail, sb_show_child;

/* "v1=" and the HMAC-SHA256 of "TIMESTAMP.BODY" in hexadecimal digits. */
enum { LETTER_SIGNATURE_SIZE = 68 };
enum sb_err sb_letter_sign(const char *secret, const char *timestamp, const char *body, size_t body_size, char signature[LETTER_SIGNATURE_SIZE],
                           struct sb_error *err) SB_MUST_USE;

/* The url, from its reference when it is one, with the letter's path behind it; wiped with sb_secret_free. */
enum sb_err sb_letter_url(const struct sb_channel_def *def, const char *path, char **url, struct sb_error *err) SB_MUST_USE;
/* The same for people: scheme and host, the path only where it is no secret, or the reference. */
void sb_letter_url_shown(const struct sb_channel_def *def, const char *path, struct sb_text *out);

/* --- words (words.c) ---- */

/* The longest clean text of a notice's longest one: every byte may become three. */
enum { WORDS_MAX = 3 * SB_NOTICE_TEXT_MAX + 1 };

/* Untrusted text for any format: valid UTF-8 without control characters, direction marks and separators, which become U+FFFD. Line ends stay
 * when `keeps_lines`, else they and tabs become a blank. */
void sb_words_clean(struct sb_text *out, const char *text, bool keeps_lines);
/* "[PAGE] job_failed: posting (growth)". One clean line. */
void sb_words_title(struct sb_text *out, const struct sb_notice *notice);
/* What is known besides the text, a clean line each: what to do, since when, how long it lasted, which alert, labels. */
void sb_words_facts(struct sb_text *out, const struct sb_channel_def *def, const struct sb_notice *notice);
/* The text, or its first `room` bytes (never part of a character) and an ellipsis. */
void sb_words_cut(struct sb_text *out, const char *text, size_t room);
/* Members of a JSON object: a clean text, a moment as "2026-11-27T20:00:00.000Z". */
struct sb_json_out;
void sb_words_member(struct sb_json_out *out, const char *key, const char *text, bool keeps_lines);
void sb_words_moment(struct sb_json_out *out, const char *key, struct sb_wall wall);
/* Ends the JSON: malloc'ed, NULL when out of memory. */
char *sb_words_take(struct sb_json_out *out);
/* The letter's body and type; SB_ERR_NOMEM when `json` is NULL. Takes it. */
enum sb_err sb_letter_json(struct letter *letter, const struct sb_channel_def *def, char *json, struct sb_error *err);
/* The whole notice as one JSON object: what programs are given. malloc'ed, NULL when out of memory. */
char *sb_words_json(const struct sb_channel_def *def, const struct sb_notice *notice);

#endif
