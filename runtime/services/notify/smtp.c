/* Kind `smtp`: a mail, RFC 5322. Every line but those of long addresses is at most 78 bytes, every byte printable ASCII: subjects go as encoded words
 * (RFC 2047) when they must, the body as quoted-printable (RFC 2045), so that no text of a notice can end a header or the mail. The notices of an
 * incident name a common ancestor, made of its key, and so stand in one thread. */
#include "letter.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINE_MAX_CHARS = 76,  /* of the body, RFC 2045; soft line break included */
    FOLD_AT = 76,         /* of headers */
    WORD_BYTES = 36,      /* of one encoded word: 48 characters of base64 and 12 around them */
    PLAIN_WORD_MAX = 60,  /* longer ones are encoded, because they cannot be folded */
};

static const char *domain_of(const struct sb_channel_def *def)
{
    const char *at = strrchr(def->from, '@');
    return at != NULL ? at + 1 : "localhost";
}

static void add_base64(struct sb_text *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const unsigned a = bytes[i], b = i + 1 < size ? bytes[i + 1] : 0, c = i + 2 < size ? bytes[i + 2] : 0;
        sb_text_add_char(out, digits[a >> 2]);
        sb_text_add_char(out, digits[(a & 3) << 4 | b >> 4]);
        sb_text_add_char(out, i + 1 < size ? digits[(b & 15) << 2 | c >> 6] : '=');
        sb_text_add_char(out, i + 2 < size ? digits[c & 63] : '=');
    }
}

/* Whether it can stand in a header as it is, folded between its words. */
static bool is_plain(const char *text)
{
    size_t word = 0;
    const size_t size = strlen(text);
    if (size == 0 || text[0] == ' ' || text[size - 1] == ' ' || strstr(text, "  ") != NULL || strstr(text, "=?") != NULL)
        return false;
    for (; *text != '\0'; text++) {
        word = *text == ' ' ? 0 : word + 1;
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e || word > PLAIN_WORD_MAX)
            return false;
    }
    return true;
}

static void add_plain(struct sb_text *out, size_t column, const char *text)
{
    while (*text != '\0') {
        const size_t size = strcspn(text + 1, " ") + 1; /* the blank in front belongs to its word */
        if (*text == ' ' && column + size > FOLD_AT) {
            sb_text_add(out, "\r\n");
            column = 0;
        }
        sb_text_add_n(out, text, size);
        column += size;
        text += size;
    }
}

/* "=?UTF-8?B?...?=" words, one per line, each of whole characters. */
static void add_encoded(struct sb_text *out, const char *text)
{
    size_t left = strlen(text);
    bool is_first = true;
    while (left > 0) {
        char part[WORD_BYTES + 1];
        (void)sb_copy_n(part, sizeof part, text, left);
        const size_t size = strlen(part);
        sb_text_add(out, is_first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        add_base64(out, (const unsigned char *)part, size);
        sb_text_add(out, "?=");
        text += size;
        left -= size;
        is_first = false;
    }
}

static void add_subject(struct sb_text *out, const struct sb_notice *notice)
{
    static const char name[] = "Subject: ";
    char buf[WORDS_MAX];
    struct sb_text title;
    sb_text_init(&title, buf, sizeof buf);
    sb_words_title(&title, notice);
    sb_text_add(out, name);
    if (is_plain(title.buf))
        add_plain(out, sizeof name - 1, title.buf);
    else
        add_encoded(out, title.buf);
    sb_text_add(out, "\r\n");
}

static void add_date(struct sb_text *out, struct sb_wall now)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    const struct sb_civil at = sb_wall_civil(now);
    sb_text_addf(out, "Date: %s, %u %s %d %02u:%02u:%02u +0000\r\n", days[at.weekday], at.day, months[at.month - 1], at.year, at.hour, at.minute,
                 at.second);
}

/* "<KEY.TAIL@DOMAIN>"; what may not stand in an id becomes an underscore. */
static void add_id(struct sb_text *out, const char *header, const char *key, const char *tail, const struct sb_channel_def *def)
{
    sb_text_addf(out, "%s: <", header);
    for (; *key != '\0'; key++)
        sb_text_add_char(out, strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *key) != NULL ? *key : '_');
    sb_text_addf(out, "%s@%s>\r\n", tail, domain_of(def));
}

static void add_headers(struct sb_text *out, const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now)
{
    const char *incident = notice->incident[0] != '\0' ? notice->incident : notice->key;
    sb_text_addf(out, "From: signalbox <%s>\r\n", def->from);
    for (size_t i = 0; i < def->to_count; i++)
        sb_text_addf(out, "%s%s%s\r\n", i == 0 ? "To: " : " ", def->to[i], i + 1 < def->to_count ? "," : "");
    add_subject(out, notice);
    add_date(out, now);
    add_id(out, "Message-ID", notice->key, ".signalbox", def);
    add_id(out, "In-Reply-To", incident, ".incident.signalbox", def);
    add_id(out, "References", incident, ".incident.signalbox", def);
    sb_text_add(out, "Auto-Submitted: auto-generated\r\n");
    if (notice->severity == SB_SEVERITY_PAGE && notice->kind != SB_NOTICE_RESOLVED)
        sb_text_add(out, "Importance: high\r\nX-Priority: 1\r\n");
    sb_text_add(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
}

/* Quoted-printable. A full stop at the start of a line is encoded too, and so is a blank at its end. */
static void add_quoted(struct sb_text *out, const char *text)
{
    size_t column = 0;
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '\n') {
            sb_text_add(out, "\r\n");
            column = 0;
            continue;
        }
        const bool is_last_blank = c == ' ' && (text[1] == '\n' || text[1] == '\0');
        const bool is_safe = c >= 0x20 && c < 0x7f && c != '=' && !is_last_blank;
        if (column + (is_safe ? 1 : 3) > LINE_MAX_CHARS - 1) {
            sb_text_add(out, "=\r\n");
            column = 0;
        }
        const bool is_raw = is_safe && !(c == '.' && column == 0);
        if (is_raw)
            sb_text_add_char(out, (char)c);
        else
            sb_text_addf(out, "=%02X", c);
        column += is_raw ? 1 : 3;
    }
}

static void add_body(struct sb_text *out, const struct sb_channel_def *def, const struct sb_notice *notice)
{
    char buf[WORDS_MAX];
    struct sb_text words;
    sb_text_init(&words, buf, sizeof buf);
    sb_words_clean(&words, notice->text, true);
    add_quoted(out, words.buf);
    add_quoted(out, "\n\n");
    sb_text_init(&words, buf, sizeof buf);
    sb_words_facts(&words, def, notice);
    add_quoted(out, words.buf);
    if (def->link != NULL) {
        add_quoted(out, def->link);
        add_quoted(out, "\n");
    }
}

enum sb_err sb_channel_write_smtp(const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now, struct letter *letter,
                                  struct sb_error *err)
{
    struct sb_text text;
    letter->body = malloc(LETTER_BODY_MAX);
    if (letter->body == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a mail of channel %s", def->name);
    sb_text_init(&text, letter->body, LETTER_BODY_MAX);
    add_headers(&text, def, notice, now);
    add_body(&text, def, notice);
    letter->body_size = text.len;
    letter->secret = def->secret != NULL ? LETTER_SECRET_PASSWORD : LETTER_SECRET_NONE;
    return SB_OK;
}
