/* What is taken out of texts that are kept for people. */
#include "fakes.h"

#include "runtime/steps/redact.h"

static void expect(const char *text, const char *wanted)
{
    static const char *const secrets[] = { "hunter2!", "c00kie-value", "" };
    char *got = sb_redact(text, secrets, 3, 4096);

    assert_non_null(got);
    assert_string_equal(got, wanted);
    free(got);
}

static void redact__takes_known_secrets_out_wherever_they_are(void **state)
{
    (void)state;
    expect("", "");
    expect("hunter2!", "[redacted]");
    expect("<p>your hunter2!hunter2! is c00kie-value", "<p>your [redacted][redacted] is [redacted]");
    expect("hunter2 is another", "hunter2 is another");
}

static void redact__takes_out_what_follows_telling_words(void **state)
{
    (void)state;
    expect("Authorization: Bearer abc.def\nnext", "Authorization: [redacted]\nnext");
    expect("Set-Cookie: a=1; b=2\r\nHost: x", "Set-Cookie: [redacted]\r\nHost: x");
    expect("document.cookie = 'k=v; x=y';", "document.cookie = '[redacted]';");
    expect("/login?user=ann&password=s3&next=/", "/login?user=ann&password=[redacted]&next=/");
    expect("{\"access_token\":\"abc\",\"n\":1}", "{\"access_token\":\"[redacted]\",\"n\":1}");
    expect("X-Api-Key: 12345 sent", "X-Api-Key: [redacted] sent");
    expect("fetch with bearer abcdef", "fetch with bearer [redacted]");
}

static void redact__leaves_plain_talk_alone(void **state)
{
    static const char *const texts[] = { "Forgot your password?", "We use cookies to please you", "a token of thanks", "<p class=\"session\">x</p>",
                                         "the insid=e", "<input name=user value=ann>", "<meta name=viewport content='width=1'>" };

    (void)state;
    for (size_t i = 0; i < SB_LEN(texts); i++)
        expect(texts[i], texts[i]);
}

static void redact__empties_inputs_that_hold_secrets(void **state)
{
    (void)state;
    expect("<input type=\"password\" value=\"a>b\" id=p>", "<input type=\"password\" value=[redacted] id=p>");
    expect("<INPUT value=abc TYPE=hidden>rest", "<INPUT value=[redacted] TYPE=hidden>rest");
    expect("<meta name='csrf-token' content='abc'>", "<meta name='csrf-token' content=[redacted]>");
    expect("<input type=password data-value=x>", "<input type=password data-value=x>");
    expect("<input type=password value=\"never closed", "<input type=password value=[redacted]");
    expect("<input type=password value=", "<input type=password value=[redacted]");
}

static void redact__gives_nothing_rather_than_too_much(void **state)
{
    (void)state;
    assert_null(sb_redact("0123456789", NULL, 0, 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redact__takes_known_secrets_out_wherever_they_are),
        cmocka_unit_test(redact__takes_out_what_follows_telling_words),
        cmocka_unit_test(redact__leaves_plain_talk_alone),
        cmocka_unit_test(redact__empties_inputs_that_hold_secrets),
        cmocka_unit_test(redact__gives_nothing_rather_than_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
