/* completion: scripts for bash, zsh and fish, made from the tables of commands and options. Job names are asked of the program when they are
 * needed; only names of harmless characters are taken, because shells expand what they are given. */
#include "tables.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <string.h>

static const char names_of_jobs[] = "job list --json 2>/dev/null | grep -oE '\"name\":\"[A-Za-z0-9_.-]+\"' | cut -d '\"' -f 4";

static void print_words(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        (void)printf(i > 0 ? " %s" : "%s", words->of[i]);
}

static void print_commands(void)
{
    for (size_t i = 0; i < command_row_count; i++)
        (void)printf(i > 0 ? " %s" : "%s", command_rows[i].name);
}

/* Text inside single quotes of a shell; `colon`: what stands for a colon. */
static void print_quoted(const char *text, const char *quote, const char *colon)
{
    for (; *text != '\0'; text++)
        (void)fputs(*text == '\'' ? quote : *text == ':' ? colon : (const char[]){ *text, '\0' }, stdout);
}

/* --- bash --------------------------------------------------------------------------------------------------------------------------- */

static void bash_values(const struct option_row *option)
{
    struct words words;
    option_words(option, &words);
    (void)printf("    --%s | -%c) ", option->name, option->letter);
    if (words.count > 0) {
        (void)fputs("_signalbox_words '", stdout);
        print_words(&words);
        (void)puts("' ;;");
    } else if (sb_streq(option->argument, "FILE") || sb_streq(option->argument, "DIR")) {
        (void)printf("COMPREPLY=($(compgen -%c -- \"$cur\")) ;;\n", sb_streq(option->argument, "FILE") ? 'f' : 'd');
    } else if (sb_streq(option->name, "job")) {
        (void)puts("_signalbox_words \"$(_signalbox_jobs)\" ;;");
    } else {
        (void)puts("COMPREPLY=() ;;");
    }
}

static void bash_options(const struct option_row *options, size_t count, const char *command)
{
    for (size_t i = 0; i < count; i++)
        if (option_is_for(&options[i], command))
            (void)printf(" --%s", options[i].name);
}

static void print_bash(const struct option_row *options, size_t count)
{
    (void)puts("# bash completion for signalbox: . <(signalbox completion bash)\n"
               "_signalbox_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")); }");
    (void)printf("_signalbox_jobs() { \"${COMP_WORDS[0]}\" %s; }\n", names_of_jobs);
    (void)puts("_signalbox() {\n"
               "  local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=console\n"
               "  COMPREPLY=()\n"
               "  [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} != -* ]] && command=${COMP_WORDS[1]}\n"
               "  case $before in");
    for (size_t i = 0; i < count; i++)
        if (options[i].argument != NULL)
            bash_values(&options[i]);
    (void)puts("    *) _signalbox_plain ;;\n  esac\n}\n_signalbox_plain() {\n"
               "  if [[ $cur == -* ]]; then\n    case $command in");
    for (size_t i = 0; i < command_row_count; i++) {
        (void)printf("      %s) _signalbox_words '", command_rows[i].name);
        bash_options(options, count, command_rows[i].name);
        (void)puts("' ;;");
    }
    (void)printf("    esac\n  elif [[ $COMP_CWORD == 1 ]]; then\n    _signalbox_words '");
    print_commands();
    (void)puts("'\n  elif [[ $COMP_CWORD == 2 ]]; then\n    case $command in");
    for (size_t i = 0; i < command_row_count; i++) {
        struct words verbs;
        command_verbs(&command_rows[i], &verbs);
        if (verbs.count == 0)
            continue;
        (void)printf("      %s) _signalbox_words '", command_rows[i].name);
        print_words(&verbs);
        (void)puts("' ;;");
    }
    (void)printf("      help) _signalbox_words '");
    print_commands();
    (void)puts("' ;;\n    esac\n"
               "  elif [[ $COMP_CWORD == 3 && $command == job ]]; then\n    _signalbox_words \"$(_signalbox_jobs)\"\n  fi\n}\n"
               "complete -o default -F _signalbox signalbox");
}

/* --- zsh ---------------------------------------------------------------------------------------------------------------------------- */

/* '--theme[dark, light ...]:NAME:(dark light)' */
static void zsh_option(const struct option_row *option)
{
    struct words words;
    (void)printf("        '--%s[", option->name);
    for (const char *at = option->help; *at != '\0'; at++)
        (void)fputs(*at == '\'' ? "'\\''" : *at == '[' || *at == ']' || *at == ':' ? (const char[]){ '\\', *at, '\0' } : (const char[]){ *at, '\0' },
                    stdout);
    (void)putchar(']');
    if (option->argument != NULL) {
        option_words(option, &words);
        (void)printf(":%s:", option->argument);
        if (words.count > 0) {
            (void)putchar('(');
            print_words(&words);
            (void)putchar(')');
        } else if (sb_streq(option->argument, "FILE") || sb_streq(option->argument, "DIR")) {
            (void)fputs(sb_streq(option->argument, "FILE") ? "_files" : "_files -/", stdout);
        } else if (sb_streq(option->name, "job")) {
            (void)fputs("_signalbox_jobs", stdout);
        }
    }
    (void)puts("'");
}

static void print_zsh(const struct option_row *options, size_t count)
{
    (void)puts("#compdef signalbox\n# zsh completion for signalbox: signalbox completion zsh >~/.zfunc/_signalbox, with that folder in fpath");
    (void)printf("_signalbox_jobs() { local -a jobs; jobs=(${(f)\"$(${words[1]} %s)\"}); compadd -a jobs }\n", names_of_jobs);
    (void)puts("_signalbox() {\n  local -a commands verbs specs\n  commands=(");
    for (size_t i = 0; i < command_row_count; i++) {
        (void)printf("    '%s:", command_rows[i].name);
        print_quoted(command_rows[i].summary, "'\\''", "\\:");
        (void)puts("'");
    }
    (void)puts("  )\n  if (( CURRENT == 2 )) && [[ ${words[2]} != -* ]]; then\n    _describe -t commands command commands\n    return\n  fi\n"
               "  case ${words[2]} in");
    for (size_t i = 0; i < command_row_count; i++) {
        struct words verbs;
        const char *name = command_rows[i].name;
        command_verbs(&command_rows[i], &verbs);
        (void)printf("    %s%s)\n      verbs=(", sb_streq(name, "console") ? "-*|" : "", name);
        print_words(&verbs);
        (void)puts(")\n      specs=(");
        for (size_t k = 0; k < count; k++)
            if (option_is_for(&options[k], name))
                zsh_option(&options[k]);
        (void)puts("      ) ;;");
    }
    (void)puts("  esac\n  if (( CURRENT == 3 && ${#verbs} )) && [[ ${words[3]} != -* ]]; then\n    compadd -a verbs\n"
               "  elif (( CURRENT == 4 )) && [[ ${words[2]} == job && ${words[4]} != -* ]]; then\n    _signalbox_jobs\n"
               "  else\n    _arguments -s $specs '*:file:_files'\n  fi\n}\n"
               "if [[ $funcstack[1] == _signalbox ]]; then _signalbox \"$@\"; else compdef _signalbox signalbox; fi");
}

/* --- fish --------------------------------------------------------------------------------------------------------------------------- */

static void fish_option(const struct option_row *option)
{
    struct words words;
    bool is_first = true;
    (void)printf("complete -c signalbox -n '");
    if (!option_is_for(option, "")) {
        (void)printf("__fish_seen_subcommand_from");
        for (size_t i = 0; i < command_row_count; i++)
            if (option_is_for(option, command_rows[i].name))
                (void)printf(" %s", command_rows[i].name);
        is_first = false;
    }
    (void)printf("%s' -s %c -l %s", is_first ? "true" : "", option->letter, option->name);
    if (option->argument != NULL) {
        option_words(option, &words);
        (void)fputs(sb_streq(option->argument, "FILE") || sb_streq(option->argument, "DIR") ? " -r -F" : " -x", stdout);
        if (words.count > 0) {
            (void)fputs(" -a '", stdout);
            print_words(&words);
            (void)putchar('\'');
        } else if (sb_streq(option->name, "job")) {
            (void)fputs(" -a '(__signalbox_jobs)'", stdout);
        }
    }
    (void)fputs(" -d '", stdout);
    print_quoted(option->help, "\\'", ":");
    (void)puts("'");
}

static void print_fish(const struct option_row *options, size_t count)
{
    (void)puts("# fish completion for signalbox: signalbox completion fish >~/.config/fish/completions/signalbox.fish");
    (void)printf("function __signalbox_jobs\n  signalbox %s\nend\ncomplete -c signalbox -f\n", names_of_jobs);
    for (size_t i = 0; i < command_row_count; i++) {
        struct words verbs;
        (void)printf("complete -c signalbox -n __fish_use_subcommand -a %s -d '", command_rows[i].name);
        print_quoted(command_rows[i].summary, "\\'", ":");
        (void)puts("'");
        command_verbs(&command_rows[i], &verbs);
        if (verbs.count == 0)
            continue;
        (void)printf("complete -c signalbox -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from ", command_rows[i].name);
        print_words(&verbs);
        (void)fputs("' -a '", stdout);
        print_words(&verbs);
        (void)puts("'");
        if (!sb_streq(command_rows[i].name, "job"))
            continue;
        (void)fputs("complete -c signalbox -n '__fish_seen_subcommand_from job; and __fish_seen_subcommand_from ", stdout);
        print_words(&verbs);
        (void)puts("' -a '(__signalbox_jobs)'");
    }
    for (size_t i = 0; i < count; i++)
        fish_option(&options[i]);
}

int command_completion(struct options *options)
{
    static const struct {
        const char *shell;
        void (*print)(const struct option_row *options, size_t count);
    } shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };
    const char *shell = options->positional_count == 1 ? options->positionals[0] : "";
    for (size_t i = 0; i < SB_LEN(shells); i++)
        if (sb_streq(shells[i].shell, shell)) {
            size_t count = 0;
            const struct option_row *rows = options_rows(&count);
            shells[i].print(rows, count);
            return EXIT_OK;
        }
    complain("completion %.20s: expected bash, zsh or fish", shell);
    return EXIT_USAGE;
}
