/* Every kind of channel, whatever a notice says: random bytes, cut characters and pieces that mean something somewhere. A failure prints its seed. */
#include "letters.h"

#include "signalbox/base/hash.h"

#include <stdio.h>

static const char *const to[] = { "ops@example.net" };
static const char *const argv[] = { "pager" };
static const struct sb_channel_def channel = { .name = "any", .url = "https://ops.example.net", .labels = labels, .label_count = 1,
                                               .every = SB_MIN(1), .link = "https://ops.example.net/", .topic = "ops",
                                               .from = "signalbox@example.org", .to = to, .to_count = 1, .argv = argv, .argc = 1 };

static const struct {
    letter_write *write;
    const char *name;
} kinds[] = {
#define X(code, name, carrier) [SB_CHANNEL_##code] = { sb_channel_write_##name, #name },
#include "runtime/services/notify/channels.def"
#undef X
};

static void fill(char *out, size_t cap, struct sb_rng *rng)
{
    static const char *const pieces[] = { "\r\n", "\n.\r\n", "<!here>", "@all", "](", "://", "=?", "?=", "\x1b]8;;x\x07", "\"}", "&", "`", "=", ".",
                                          "\xe2\x80\xae", "\xf0\x9f\x98\x80", "\xc3", "\xff", "\t", " ", "  ",
                                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
    size_t used = 0;
    const size_t wanted = sb_rng_below(rng, cap);
    while (used < wanted) {
        const char *piece = pieces[sb_rng_below(rng, SB_LEN(pieces))];
        const char byte[2] = { (char)(1 + sb_rng_below(rng, 255)), '\0' };
        piece = sb_rng_below(rng, 3) == 0 ? byte : piece;
        for (; *piece != '\0' && used < wanted; piece++)
            out[used++] = *piece;
    }
    out[used] = '\0'; /* may end in the middle of a character, as nothing of ours would let it */
}

static struct sb_notice any(struct sb_rng *rng)
{
    struct sb_notice notice = golden((enum sb_notice_kind)sb_rng_below(rng, SB_NOTICE_TEST + 1));
    notice.severity = (uint8_t)sb_rng_below(rng, SB_SEVERITY_COUNT);
    notice.count = (uint32_t)sb_rng_below(rng, 3);
    fill(notice.rule, sizeof notice.rule, rng);
    fill(notice.subject, sizeof notice.subject, rng);
    fill(notice.text, sizeof notice.text, rng);
    fill(notice.remedy, sizeof notice.remedy, rng);
    fill(notice.environment, sizeof notice.environment, rng);
    fill(notice.incident, sizeof notice.incident, rng);
    return notice;
}

/* All strings of a JSON letter, as its receiver reads them. */
static void check_json(const struct letter *letter, const char *path)
{
    struct sb_json *json = NULL;
    if (sb_json_parse(&json, letter->body, letter->body_size, NULL) != SB_OK)
        fail_msg("no JSON: %s", letter->body);
    static const char *const names[] = { "title", "text", "rule", "subject", "remedy", "environment", "message", "labels.alertname", "labels.subject",
                                         "annotations.summary", "annotations.description" };
    for (size_t i = 0; i < SB_LEN(names); i++) {
        char full[80];
        (void)snprintf(full, sizeof full, "%s%s", path, names[i]);
        char *text = sb_json_text(json, full);
        if (text != NULL)
            assert_plain(text, "\n");
        free(text);
    }
    sb_json_destroy(json);
}

static void check_mail(const struct letter *letter)
{
    const char *line = letter->body, *end;
    bool is_head = true;
    for (; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        const bool is_id = strncmp(line, "In-Reply-To: ", 13) == 0 || strncmp(line, "References: ", 12) == 0; /* cannot be folded */
        assert_true(end - line <= (is_id ? 200 : 78) && line[0] != '.');
        is_head = is_head && end != line;
        static const char *const headers[] = { "From: ", "To: ", "Subject: ", "Date: ", "Message-ID: ", "In-Reply-To: ", "References: ",
                                               "Auto-Submitted: ", "Importance: ", "X-Priority: ", "MIME-Version: ", "Content-", " " };
        bool is_known = !is_head;
        for (size_t i = 0; i < SB_LEN(headers); i++)
            is_known = is_known || strncmp(line, headers[i], strlen(headers[i])) == 0;
        assert_true(is_known);
        for (const char *at = line; at < end; at++)
            assert_true(*at >= 0x20 && *at <= 0x7e);
    }
    assert_int_equal(*line, '\0');
    assert_false(is_head);
}

static void letters__stay_plain_whatever_a_notice_says(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 2000; round++) {
        struct sb_rng rng = { round };
        const struct sb_notice notice = any(&rng);
        for (size_t kind = 0; kind < SB_LEN(kinds); kind++) {
            struct letter letter = write_letter(kinds[kind].write, &channel, &notice);
            if (kind == SB_CHANNEL_SMTP)
                check_mail(&letter);
            else if (kind == SB_CHANNEL_DEADMAN)
                assert_plain(letter.body, "\n");
            else
                check_json(&letter, kind == SB_CHANNEL_ALERTMANAGER ? "0." : "");
            if (kind == SB_CHANNEL_SLACK) {
                char *text = text_at(&letter, "text");
                *strstr(text, "<https://ops.example.net/|details>") = '\0'; /* the one link is the operator's */
                if (strpbrk(text, "<>`") != NULL || strstr(text, "://") != NULL || strstr(text, "](") != NULL)
                    fail_msg("seed %llu: %s", (unsigned long long)round, text);
                free(text);
            }
            free(letter.body);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(letters__stay_plain_whatever_a_notice_says) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
