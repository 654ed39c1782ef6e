/* main: find the subcommand, read its options, run it. */
#include "app.h"
#include "tables.h"

#include "signalbox/codec/codec.h"
#include "signalbox/os/memory.h"
#include "signalbox/os/os.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct subcommand {
    const char *name;
    int (*run)(struct options *options);
    const char *summary;
};

static const struct subcommand subcommands[] = {
#define X(name, function, summary) { name, command_##function, summary },
#include "commands.def"
#undef X
};

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("signalbox: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

int print_document(struct sb_json_out *out)
{
    char *text = out != NULL ? sb_json_out_take(out) : NULL;
    sb_json_out_destroy(out);
    if (text != NULL)
        (void)puts(text);
    else
        complain("out of memory");
    int code = text != NULL ? EXIT_OK : EXIT_BUG;
    free(text);
    return code;
}

int exit_code_of(enum sb_err code)
{
    static const enum exit_code codes[SB_ERR_COUNT] = {
        [SB_ERR_OK] = EXIT_OK,           [SB_ERR_INVALID] = EXIT_USAGE,        [SB_ERR_NOT_FOUND] = EXIT_UNAVAILABLE,
        [SB_ERR_EXISTS] = EXIT_LATER,    [SB_ERR_CORRUPT] = EXIT_DATA,         [SB_ERR_READ_ONLY] = EXIT_CANNOT_CREATE,
        [SB_ERR_IO] = EXIT_INPUT_OUTPUT, [SB_ERR_PERMISSION] = EXIT_PERMISSION, [SB_ERR_UNAVAILABLE] = EXIT_UNAVAILABLE,
        [SB_ERR_CONFIG] = EXIT_CONFIGURATION, [SB_ERR_BUG] = EXIT_BUG,         [SB_ERR_NOMEM] = EXIT_BUG,
        [SB_ERR_TIMEOUT] = EXIT_LATER,   [SB_ERR_CONFLICT] = EXIT_LATER,        [SB_ERR_STALE] = EXIT_LATER,
        [SB_ERR_UNSUPPORTED] = EXIT_UNAVAILABLE,
    };
    int mapped = (unsigned)code < SB_ERR_COUNT ? (int)codes[code] : EXIT_BUG;
    return mapped == EXIT_OK && code != SB_OK ? EXIT_NO : mapped;
}

static const struct subcommand *find(const char *name)
{
    for (size_t i = 0; i < SB_LEN(subcommands); i++)
        if (strcmp(subcommands[i].name, name) == 0)
            return &subcommands[i];
    return NULL;
}

int command_help(struct options *options)
{
    const struct subcommand *topic = options->positional_count > 0 ? find(options->positionals[0]) : NULL;
    if (options->is_man) {
        manual_page_print();
        return EXIT_OK;
    }
    if (options->positional_count > 0 && topic == NULL) {
        complain("no command \"%s\"; `signalbox help` lists them", options->positionals[0]);
        return EXIT_USAGE;
    }
    (void)printf("usage: signalbox [COMMAND] [OPTIONS]\n\ncommands:\n");
    for (size_t i = 0; i < SB_LEN(subcommands); i++)
        if (topic == NULL || topic == &subcommands[i])
            (void)printf("  %-9s %s\n", subcommands[i].name, subcommands[i].summary);
    options_print();
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    const struct subcommand *command = find("console");
    struct options options = { 0 };

    sb_memory_keep_little();
    (void)setlocale(LC_ALL, "");
    sb_core_dumps_off(); /* secrets are in this memory */
    if (argc > 1 && argv[1][0] != '-') {
        command = find(argv[1]);
        if (command == NULL) {
            complain("no command \"%s\"; `signalbox help` lists them", argv[1]);
            return EXIT_USAGE;
        }
        argc--;
        argv++;
    }
    int code = options_read(&options, argc, argv);
    if (code == EXIT_OK && options.wants_help) {
        options.positionals[0] = command->name;
        options.positional_count = 1;
        command = find("help");
    }
    if (code == EXIT_OK)
        code = command->run(&options);
    options_deinit(&options);
    if (fflush(stdout) != 0 && code == EXIT_OK)
        code = EXIT_INPUT_OUTPUT;
    return code;
}
