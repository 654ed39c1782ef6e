/* Notification channels: what a catalogue may say of them, and what it may not. */
#include "mistakes.h"

#define SMTP "  a: {smtp: {url: \"smtp://m.example\""
#define HEAD "catalogue: t\njobs: {}\nchannels:\n"

static void channels__are_read_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct sb_catalogue *catalogue = load_right(HEAD "  ops-hook:\n"
                                                     "    webhook: {url: \"https://ops.example.net/hook\", secret: \"cred:hook\"}\n"
                                                     "    min_severity: page\n"
                                                     "    rules: [job_*, site_down]\n"
                                                     "    resolved: false\n"
                                                     "    per_minute: 5\n"
                                                     "    timeout: 3s\n"
                                                     "    labels: {host: alpha}\n"
                                                     "    link: https://ops.example.net/\n"
                                                     "  chat:\n"
                                                     "    slack: {url: \"file:/etc/slack\"}\n",
                                                NULL);
    assert_int_equal(catalogue->channel_count, 2);
    const struct sb_channel_def *hook = &catalogue->channels[0], *chat = &catalogue->channels[1];
    assert_string_equal(hook->name, "ops-hook");
    assert_int_equal(hook->kind, SB_CHANNEL_WEBHOOK);
    assert_string_equal(hook->url, "https://ops.example.net/hook");
    assert_string_equal(hook->secret, "cred:hook");
    assert_int_equal(hook->min_severity, SB_SEVERITY_PAGE);
    assert_int_equal(hook->rule_count, 2);
    assert_string_equal(hook->rules[1], "site_down");
    assert_false(hook->sends_resolved);
    assert_int_equal(hook->per_minute, 5);
    assert_int_equal(hook->timeout, SB_S(3));
    assert_int_equal(hook->label_count, 1);
    assert_string_equal(hook->labels[0].value, "alpha");
    assert_string_equal(hook->link, "https://ops.example.net/");
    assert_string_equal(chat->name, "chat");
    assert_int_equal(chat->kind, SB_CHANNEL_SLACK);
    assert_int_equal(chat->min_severity, SB_SEVERITY_WARN);
    assert_true(chat->sends_resolved);
    assert_int_equal(chat->per_minute, 20);
    assert_int_equal(chat->timeout, SB_S(10));
    assert_false(chat->allows_private);
    sb_catalogue_destroy(catalogue);
}

static void channels__of_every_kind_have_their_own_settings(void **state)
{
    (void)state;
    struct sb_catalogue *catalogue = load_right(HEAD "  am: {alertmanager: {url: \"http://127.0.0.1:9093\", token: \"env:T\", every: 30s}}\n"
                                                     "  phone: {ntfy: {url: \"https://ntfy.sh\", topic: ops-7, token: \"env:T\"}}\n"
                                                     "  prog: {exec: {argv: [/usr/bin/logger, -t, signalbox]}}\n"
                                                     "  heart: {deadman: {url: \"env:P\", every: 5m}}\n"
                                                     "  mail: {smtp: {url: \"smtp://mail.example:587\", from: a@b.example,\n"
                                                     "         to: [c@d.example, e@f.example], user: ops, password: \"env:P\",\n"
                                                     "         ca_file: /etc/ca.pem}}\n",
                                                NULL);
    const struct sb_channel_def *am = &catalogue->channels[0], *phone = &catalogue->channels[1];
    assert_int_equal(am->kind, SB_CHANNEL_ALERTMANAGER);
    assert_string_equal(am->secret, "env:T");
    assert_int_equal(am->every, SB_S(30));
    assert_true(am->allows_private);
    assert_int_equal(phone->kind, SB_CHANNEL_NTFY);
    assert_string_equal(phone->topic, "ops-7");
    assert_string_equal(phone->secret, "env:T");
    const struct sb_channel_def *prog = &catalogue->channels[2], *heart = &catalogue->channels[3];
    assert_int_equal(prog->kind, SB_CHANNEL_EXEC);
    assert_int_equal(prog->argc, 3);
    assert_string_equal(prog->argv[2], "signalbox");
    assert_int_equal(heart->kind, SB_CHANNEL_DEADMAN);
    assert_int_equal(heart->every, SB_MIN(5));
    const struct sb_channel_def *mail = &catalogue->channels[4];
    assert_int_equal(mail->kind, SB_CHANNEL_SMTP);
    assert_string_equal(mail->from, "a@b.example");
    assert_int_equal(mail->to_count, 2);
    assert_string_equal(mail->to[1], "e@f.example");
    assert_string_equal(mail->user, "ops");
    assert_string_equal(mail->secret, "env:P");
    assert_string_equal(mail->ca_file, "/etc/ca.pem");
    sb_catalogue_destroy(catalogue);
    static const struct mistake MISTAKES[] = {
        {HEAD SMTP ", to: [c@d.example]}}\n", 4, 7, "smtp lacks the key \"from\"", NULL},
        {HEAD "  a: {smtp: {url: \"http://m.example\", from: a@b.example, to: [c@d.example]}}\n", 4, 19, "must be smtp://HOST:PORT", NULL},
        {HEAD "  a: {smtp: {url: \"smtp://u:p@m.example\", from: a@b.example, to: [c@d.example]}}\n", 4, 19, "must be smtp://HOST:PORT", NULL},
        {HEAD SMTP ", from: \"a@b.example\\r\\nBcc: x@y\", to: [c@d.example]}}\n", 4, 45, "must be an address", NULL},
        {HEAD SMTP ", from: a@b.example, to: [\"Ops <c@d.example>\"]}}\n", 4, 63, "must be an address", NULL},
        {HEAD SMTP ", from: a@b.example, to: []}}\n", 4, 62, "to names nobody", NULL},
        {HEAD SMTP ", from: a@b.example, to: [c@d.example], user: ops}}\n", 4, 83, "user without password", "both"},
        {HEAD SMTP ", from: a@b.example, to: [c@d.example], user: o, password: \"env:P\",\n"
              "             allow_insecure: true}}\n", 5, 30, "a password never goes", "remove it"},
        {HEAD "  a: {ntfy: {url: \"https://ntfy.sh\"}}\n", 4, 7, "ntfy lacks the key \"topic\"", NULL},
        {HEAD "  a: {ntfy: {url: \"https://ntfy.sh\", topic: a/b}}\n", 4, 45, "must be 1 to 64 letters", NULL},
        {HEAD "  a: {exec: {argv: []}}\n", 4, 20, "argv names no program", NULL},
        {HEAD "  a: {exec: {}}\n", 4, 7, "exec lacks the key \"argv\"", NULL},
        {HEAD "  a: {exec: {argv: \"rm -rf\"}}\n", 4, 20, "argv is a list", "[ ... ]"},
        {HEAD "  a: {deadman: {url: \"https://hc.example/uuid\"}}\n", 4, 22, "must be a reference", NULL},
        {HEAD "  a: {alertmanager: {url: \"http://am.example:9093\"}}\n", 4, 27, "url is http:// to another machine", "allow_insecure: true"},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
}

static void channels__are_none_unless_named(void **state)
{
    (void)state;
    struct sb_catalogue *catalogue = load_right("catalogue: t\njobs: {}\n", NULL);
    assert_int_equal(catalogue->channel_count, 0);
    sb_catalogue_destroy(catalogue);
}

static void channels__have_exactly_one_kind(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {HEAD "  a: {pager: {url: x}}\n", 4, 7, "unknown key \"pager\" in channel", "known here: webhook slack"},
        {HEAD "  a: {webhok: {url: x}}\n", 4, 7, "unknown key \"webhok\" in channel", "\"webhook\""},
        {HEAD "  a: {min_severity: page}\n", 4, 3, "channel has no kind; give one of webhook, slack", NULL},
        {HEAD "  a: {webhook: {url: \"env:A\"}, slack: {url: \"env:B\"}}\n", 4, 32, "\"webhook\" and \"slack\" together", NULL},
        {HEAD "  a: {slack: {url: \"env:B\"}}\n  a: {slack: {url: \"env:B\"}}\n", 5, 3, "key \"a\" is already given in line 4", "keep one"},
        {HEAD "  A b: {slack: {url: \"env:B\"}}\n", 4, 3, "a-z, 0-9", NULL},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
}

static void channels__name_an_address_that_may_stand_in_a_file(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {HEAD "  a: {webhook: {}}\n", 4, 7, "webhook lacks the key \"url\"", NULL},
        {HEAD "  a: {webhook: {url: \"ftp://a.example\"}}\n", 4, 22, "must be https://HOST", NULL},
        {HEAD "  a: {webhook: {url: \"https://u:p@a.example/\"}}\n", 4, 22, "must not hold a password or a token", NULL},
        {HEAD "  a: {webhook: {url: \"https://a.example/?token=1\"}}\n", 4, 22, "must not hold a password or a token", NULL},
        {HEAD "  a: {webhook: {url: \"http://a.example/\"}}\n", 4, 22, "url is http:// to another machine", "allow_insecure: true"},
        {HEAD "  a: {webhook: {url: \"http://127.0.0.1:9/\"}}\n", 4, 22, "url leads to this machine", "allow_private: true"},
        {HEAD "  a: {webhook: {url: \"https://a.example/\", secret: hunter2}}\n", 4, 52, "must be a reference", NULL},
        {HEAD "  a: {slack: {url: \"https://hooks.example/T0/B0/x\"}}\n", 4, 20, "must be a reference", NULL},
        {HEAD "  a: {slack: {url: \"env:A\"}, link: \"javascript:alert(1)\"}\n", 4, 36, "must begin with http", NULL},
        {HEAD "  a: {slack: {url: \"env:A\"}, link: \"https://a.example/<b|c>\"}\n", 4, 36, "link holds one of", "%3C"},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
}

static void channels__may_lead_to_this_machine_by_plain_http_when_allowed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        HEAD "  a: {webhook: {url: \"http://127.0.0.1:9/\", allow_private: true}}\n",
        HEAD "  a: {webhook: {url: \"http://localhost/\", allow_private: true}}\n",
        HEAD "  a: {webhook: {url: \"http://a.example/\", allow_insecure: true}}\n",
    };
    for (size_t i = 0; i < SB_LEN(texts); i++) {
        sb_catalogue_destroy(load_right(texts[i], NULL));
    }
    static const struct mistake MISTAKES[] = {
        {HEAD "  a: {webhook: {url: \"http://localhost.evil.example/\", allow_private: true}}\n", 4, 22,
         "url is http:// to another machine", "https"},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
}

static void channels__ask_for_what_there_is(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {HEAD "  a: {slack: {url: \"env:A\"}, rules: [jobs_*]}\n", 4, 38, "must fit the name of an alert rule", NULL},
        {HEAD "  a: {slack: {url: \"env:A\"}, min_severity: bad}\n", 4, 44, "min_severity", NULL},
        {HEAD "  a: {slack: {url: \"env:A\"}, per_minute: 0}\n", 4, 42, "per_minute is from 1 to 600, not 0", NULL},
        {HEAD "  a: {slack: {url: \"env:A\"}, timeout: 1h}\n", 4, 39, "timeout", NULL},
        {HEAD "  a: {slack: {url: \"env:A\"}, labels: {severity: x}}\n", 4, 39, "come by themselves", NULL},
        {HEAD "  a: {slack: {url: \"env:A\"}, labels: {host: \"{{now}}\"}}\n", 4, 38, "labels are words, not templates", NULL},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
}

static void channels__are_eight_at_most(void **state)
{
    (void)state;
    char yaml[1024] = HEAD;
    for (char name = 'a'; name <= 'i'; name++) {
        char line[64];
        (void)snprintf(line, sizeof line, "  %c: {slack: {url: \"env:A\"}}\n", name);
        (void)strncat(yaml, line, sizeof yaml - strlen(yaml) - 1);
    }
    const struct mistake mistake = {yaml, 4, 3, "channels has 9 entries; the limit is 8", NULL};
    expect_one(&mistake, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels__are_read_in_the_order_of_the_file),
        cmocka_unit_test(channels__of_every_kind_have_their_own_settings),
        cmocka_unit_test(channels__are_none_unless_named),
        cmocka_unit_test(channels__have_exactly_one_kind),
        cmocka_unit_test(channels__name_an_address_that_may_stand_in_a_file),
        cmocka_unit_test(channels__may_lead_to_this_machine_by_plain_http_when_allowed),
        cmocka_unit_test(channels__ask_for_what_there_is),
        cmocka_unit_test(channels__are_eight_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
