/* The benchmark: runs each section in a process of its own, in rounds that interleave, takes the median of each figure, prints one table.
 *
 *   sb_bench [--source DIR] [--program FILE] [SECTION...]
 *
 * Figures are printed, never asserted; the exit status tells only whether everything could be measured. */
#include "bench.h"
#include "figures.h"

#include "signalbox/os/os.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct section {
    const char *name;
    void (*run)(const struct bench *bench);
    unsigned rounds, limit_s; /* a round that takes longer is ended */
};

static const struct section sections[] = {
    { "core", bench_core, 3, 20 },           { "week", bench_week, 3, 20 },
    { "dispatch", bench_dispatch, 3, 30 },   { "throughput", bench_throughput, 3, 30 },
    { "store", bench_store, 3, 30 },         { "receipts", bench_receipts, 3, 20 },
    { "postgres", bench_postgres, 3, 60 },   { "ledger", bench_ledger, 3, 30 },
    { "picture", bench_picture, 3, 20 },     { "find", bench_find, 3, 40 },
    { "start", bench_start, 1, 60 },         { "keys", bench_keys, 1, 120 },
    { "browser", bench_browser, 1, 60 },     { "idle", bench_idle, 1, 60 },
    { "history", bench_history, 1, 180 },
    { "past", bench_past, 3, 30 },
};
enum { ROUNDS = 3 };

void give_up(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("bench: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void must(enum sb_err rc, const char *what, const struct sb_error *err)
{
    if (rc != SB_OK)
        give_up("%s: %s", what, err->text);
}

/* Reads what the section tells; a line that is no row goes to standard error. */
static void collect(struct table *table, int fd)
{
    char line[512];
    FILE *stream = fdopen(fd, "r");
    if (stream == NULL)
        give_up("no stream for a section");
    while (fgets(line, sizeof(line), stream) != NULL)
        if (!table_take(table, line))
            (void)fputs(line, stderr);
    (void)fclose(stream);
}

static bool run_section(const struct section *section, const struct bench *bench, struct table *table)
{
    int ends[2], status = 0;

    (void)fflush(stdout);
    if (pipe(ends) != 0)
        give_up("no pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        give_up("no process: %s", strerror(errno));
    if (pid == 0) {
        (void)close(ends[0]);
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[1]);
        (void)alarm(section->limit_s); /* its programs end with it */
        section->run(bench);
        exit(fflush(stdout) == 0 ? 0 : 1);
    }
    (void)close(ends[1]);
    collect(table, ends[0]);
    (void)waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    (void)fprintf(stderr, "bench: section %s failed (%s %d)\n", section->name, WIFSIGNALED(status) ? "signal" : "status",
                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}

static bool is_wanted(const struct section *section, char **names)
{
    if (*names == NULL)
        return true;
    for (; *names != NULL; names++)
        if (strcmp(*names, section->name) == 0)
            return true;
    return false;
}

static bool run_all(const struct bench *bench, char **names, struct table *table)
{
    bool is_whole = true;
    for (unsigned round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < SB_LEN(sections); i++)
            if (round < sections[i].rounds && is_wanted(&sections[i], names)) {
                (void)fprintf(stderr, "bench: %s%s\n", sections[i].name, round > 0 ? " again" : "");
                is_whole = run_section(&sections[i], bench, table) && is_whole;
            }
    return is_whole;
}

static void make_scratch(char *path, size_t cap)
{
    const char *root = getenv("TMPDIR");
    (void)snprintf(path, cap, "%s/signalbox-bench-XXXXXX", root != NULL && root[0] == '/' ? root : "/tmp");
    if (mkdtemp(path) == NULL)
        give_up("cannot make %s: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
    char scratch[256];
    struct bench bench = { .program = "build/bin/signalbox", .source = "." };
    struct sb_error error = { 0 };

    for (argv++, argc--; argc > 1 && argv[0][0] == '-'; argv += 2, argc -= 2) {
        if (strcmp(argv[0], "--program") == 0)
            bench.program = argv[1];
        else if (strcmp(argv[0], "--source") == 0)
            bench.source = argv[1];
        else
            give_up("unknown option %s", argv[0]);
    }
    make_scratch(scratch, sizeof(scratch));
    bench.scratch = scratch;
    struct table *table = table_create();
    bool is_whole = run_all(&bench, argv, table);
    unsigned missed = table_print(table);
    (void)printf("\n%u figures miss their target.%s\n", missed, is_whole ? "" : " Something could not be measured: see above.");
    table_destroy(table);
    if (sb_dir_remove(scratch, &error) != SB_OK)
        (void)fprintf(stderr, "bench: %s\n", error.text);
    return is_whole ? 0 : 1;
}
