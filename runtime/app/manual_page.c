/* signalbox(1), made from the tables of commands and options: `signalbox help --man`. */
#include "tables.h"

#include <stdio.h>

/* Text of a page: what roff would read as more than text is escaped. */
static void print_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        (void)fputs("\\&", stdout);
    for (; *text != '\0'; text++)
        (void)fputs(*text == '-' ? "\\-" : *text == '\\' ? "\\e" : (const char[]){ *text, '\0' }, stdout);
    (void)putchar('\n');
}

static const struct {
    int code;
    const char *meaning;
} exits[] = {
    { EXIT_OK, "done; ready" },
    { EXIT_NO, "no: refused, not ready" },
    { EXIT_DEGRADED, "degraded" },
    { EXIT_USAGE, "the command line is wrong" },
    { EXIT_DATA, "the data is wrong" },
    { EXIT_UNAVAILABLE, "nobody answers, or it is not supported here" },
    { EXIT_BUG, "a mistake in the program" },
    { EXIT_CANNOT_CREATE, "a file cannot be made" },
    { EXIT_INPUT_OUTPUT, "a file cannot be read or written" },
    { EXIT_LATER, "not now: try again later" },
    { EXIT_PERMISSION, "not permitted" },
    { EXIT_CONFIGURATION, "the configuration is wrong" },
};

void manual_page_print(void)
{
    size_t count = 0;
    const struct option_row *options = options_rows(&count);
    (void)printf(".\\\" Made by `signalbox help --man` from the tables of commands and options: edit those.\n"
                 ".TH SIGNALBOX 1 \"\" \"signalbox %s\" \"User Commands\"\n.SH NAME\nsignalbox \\- terminal operations console with an embedded "
                 "job runtime\n.SH SYNOPSIS\n.B signalbox\n[\\fICOMMAND\\fR] [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n"
                 "A pure core decides which job runs when, an engine acts, and a console folds what happened. Without a command it is the console "
                 "with the runtime inside.\n.SH COMMANDS\n", SB_VERSION);
    for (size_t i = 0; i < command_row_count; i++) {
        (void)printf(".TP\n.B %s\n", command_rows[i].name);
        print_text(command_rows[i].summary);
    }
    (void)printf(".SH OPTIONS\nEvery command takes every option; those that do not concern it are ignored.\n");
    for (size_t i = 0; i < count; i++) {
        (void)printf(".TP\n\\fB\\-%c\\fR, \\fB\\-\\-", options[i].letter);
        for (const char *at = options[i].name; *at != '\0'; at++)
            (void)fputs(*at == '-' ? "\\-" : (const char[]){ *at, '\0' }, stdout);
        (void)printf(options[i].argument != NULL ? "\\fR \\fI%s\\fR\n" : "\\fR\n", options[i].argument);
        print_text(options[i].help);
    }
    (void)puts(".SH EXIT STATUS");
    for (size_t i = 0; i < SB_LEN(exits); i++)
        (void)printf(".TP\n.B %d\n%s\n", exits[i].code, exits[i].meaning);
    (void)puts(".SH ENVIRONMENT\n.TP\n.B SIGNALBOX_CATALOGUE, SIGNALBOX_STATE_DIR\nThe options of those names.\n"
               ".TP\n.BI SIGNALBOX_ SECTION _ KEY\nAs \\fB\\-\\-set\\fR \\fIsection.key\\fR.\n"
               ".TP\n.B NO_COLOR, CLICOLOR_FORCE\nNo colours; colours of \\fBtop \\-\\-once\\fR also into a pipe. NO_COLOR has the last word.\n"
               ".TP\n.B TERM, LC_ALL\nWhat the terminal can do, and whether it reads UTF\\-8.\n"
               ".SH SEE ALSO\nThe pages in the folder docs: OPERATIONS, CONFIGURATION, API.");
}
