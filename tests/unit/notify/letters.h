/* A notice whose every text is known, one whose texts are hostile, and the letter a kind of channel writes of them. */
#ifndef SIGNALBOX_TEST_NOTIFY_LETTERS_H
#define SIGNALBOX_TEST_NOTIFY_LETTERS_H

#include "runtime/services/notify/letter.h"

#include "signalbox/codec/codec.h"
#include "signalbox/model/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 2026-11-27T20:00:00Z, and 250 s later. */
#define SINCE ((struct sb_wall){ 1795809600LL * 1000000000 })
#define AT ((struct sb_wall){ 1795809850LL * 1000000000 })
/* When the letters are written: a minute after the decision. */
#define NOW ((struct sb_wall){ 1795809910LL * 1000000000 })

static const struct sb_pair labels[] = { { "host", "alpha" } };

static inline struct sb_notice golden(enum sb_notice_kind kind)
{
    struct sb_notice notice;
    memset(&notice, 0, sizeof notice);
    notice.kind = (uint8_t)kind;
    notice.severity = SB_SEVERITY_PAGE;
    notice.alert = 17;
    notice.count = 1;
    notice.since = SINCE;
    notice.at = AT;
    (void)sb_copy(notice.key, sizeof notice.key, "a17.ops.1");
    (void)sb_copy(notice.incident, sizeof notice.incident, "a17");
    (void)sb_copy(notice.rule, sizeof notice.rule, "job_failed");
    (void)sb_copy(notice.subject, sizeof notice.subject, "posting");
    (void)sb_copy(notice.text, sizeof notice.text, "3 attempts failed: no answer within 30s\nlast step: publish");
    (void)sb_copy(notice.remedy, sizeof notice.remedy, "signalbox run show 4711");
    (void)sb_copy(notice.environment, sizeof notice.environment, "growth");
    return notice;
}

/* What pages, models and programs may have put into an alert. */
#define EVIL_SUBJECT                                                                                                                \
    "a\r\nBcc: x@evil.example\r\n\r\nhello <!channel> @everyone [x](http://evil.example) \x1b]8;;http://evil.example\x07q\x1b]8;;\x07"
static inline struct sb_notice hostile(void)
{
    struct sb_notice notice = golden(SB_NOTICE_FIRING);
    (void)sb_copy(notice.subject, sizeof notice.subject, EVIL_SUBJECT);
    (void)sb_copy(notice.text, sizeof notice.text, "<script>&amp;</script> <@U123> <http://evil.example|bank> \xff\xfe\xc0\x80 \xe2\x80\xae"
                  "gpj.exe `rm`\x9b");
    (void)sb_copy(notice.rule, sizeof notice.rule, "job\x1b[31m\"},{\"x");
    (void)sb_copy(notice.remedy, sizeof notice.remedy, "line one\nline two\x08\x08");
    return notice;
}

static inline struct sb_notice endless(void)
{
    struct sb_notice notice = golden(SB_NOTICE_FIRING);
    char text[10001];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2); /* two bytes each */
    text[10000] = '\0';
    (void)sb_copy(notice.text, sizeof notice.text, text);
    memset(notice.subject, '&', sizeof notice.subject - 1);
    memset(notice.remedy, '<', sizeof notice.remedy - 1);
    return notice;
}

/* No byte that a terminal, a mail server or a browser would take for more than text; `lines`: what may end one. */
static inline void assert_plain(const char *text, const char *lines)
{
    size_t left = strlen(text);
    while (left > 0) {
        uint32_t c = 0;
        const unsigned size = sb_utf8_decode(text, left, &c);
        assert_true(size > 0);
        if (strchr(lines, (int)(unsigned char)text[0]) == NULL || text[0] == '\0')
            assert_true(c >= 0x20 && (c < 0x7f || c > 0x9f) && c != 0x202e);
        text += size;
        left -= size;
    }
}

static inline struct letter write_letter(letter_write *write, const struct sb_channel_def *def, const struct sb_notice *notice)
{
    struct letter letter = { .path = "" };
    struct sb_error err = { 0 };
    if (write(def, notice, NOW, &letter, &err) != SB_OK)
        fail_msg("%s", err.text);
    assert_int_equal(strlen(letter.body), letter.body_size);
    return letter;
}

/* The text at a path of the letter's JSON; free() it. */
static inline char *text_at(const struct letter *letter, const char *path)
{
    struct sb_json *json = NULL;
    struct sb_error err = { 0 };
    if (sb_json_parse(&json, letter->body, letter->body_size, &err) != SB_OK)
        fail_msg("%s: %s", err.text, letter->body);
    char *text = sb_json_text(json, path);
    sb_json_destroy(json);
    assert_non_null(text);
    return text;
}

#endif
