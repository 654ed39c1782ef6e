/* A backup by pg_dump: one snapshot, in its compressed format, beside a running program. The password goes by the environment of the child,
 * everything else by argv without a shell. */
#include "postgres.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 4096, ENV_MAX = 12 };

/* KEYWORD='value' for each option but the password. */
static void conninfo(const struct sb_pg_target *target, struct sb_text *text)
{
    sb_text_add(text, "--dbname=client_encoding='UTF8'");
    for (const PQconninfoOption *option = target->options; option->keyword; option++) {
        if (!option->val || sb_streq(option->keyword, "password") || sb_streq(option->keyword, "client_encoding"))
            continue;
        sb_text_add_char(text, ' ');
        sb_text_add(text, option->keyword);
        sb_text_add(text, "='");
        for (const char *at = option->val; *at; at++) {
            if (*at == '\'' || *at == '\\')
                sb_text_add_char(text, '\\');
            sb_text_add_char(text, *at);
        }
        sb_text_add_char(text, '\'');
    }
}

/* The environment of the child; `buffer` holds what is not there as it is. */
static void environment(const char *password, char *buffer, size_t cap, const char *envp[ENV_MAX])
{
    static const char *const kept[] = { "PATH", "HOME", "TMPDIR", "PGPASSFILE", "PGSERVICEFILE", "PGSYSCONFDIR", "PGPASSWORD", NULL };
    struct sb_text text;
    size_t count = 0;
    sb_text_init(&text, buffer, cap);
    envp[count++] = "LC_ALL=C.UTF-8";
    for (const char *const *name = kept; *name; name++) {
        const char *value = password && sb_streq(*name, "PGPASSWORD") ? password : getenv(*name);
        size_t begin = text.len;
        if (!value)
            continue;
        sb_text_add(&text, *name);
        sb_text_add_char(&text, '=');
        sb_text_add(&text, value);
        sb_text_add_n(&text, "", 1);
        if (!text.is_cut)
            envp[count++] = buffer + begin;
    }
    envp[count] = NULL;
}

/* Runs a program to its end; what it said goes into the error. */
static enum sb_err run(const char *const *argv, const char *const *envp, const struct sb_op *op, struct sb_error *err)
{
    char said[200] = "";
    int status = 0, words = memfd_create("signalbox-backup", MFD_CLOEXEC);
    struct sb_child child;
    const struct sb_child_spec spec = { .path = argv[0], .argv = argv, .envp = envp, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = words };
    enum sb_err code = sb_child_start(&child, &spec, err);
    if (code) {
        if (err)
            (void)sb_error_wrap(err, "%s is needed for backups of PostgreSQL (Debian: postgresql-client)", argv[0]);
        sb_fd_close(&words);
        return code;
    }
    code = sb_child_wait(&child, op, &status, err);
    sb_child_end(&child, SB_S(2));
    ssize_t size = words >= 0 ? pread(words, said, sizeof said - 1, 0) : 0;
    sb_fd_close(&words);
    for (ssize_t i = 0; i < size; i++)
        if ((unsigned char)said[i] < ' ')
            said[i] = ' ';
    if (!code && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        code = sb_error_set(err, SB_ERR_IO, "%s failed: %s", argv[0], said);
    return code;
}

/* The schema that this program uses, as pg_dump's pattern for exactly that name. */
static enum sb_err find_schema(const struct sb_pg_target *target, const struct sb_op *op, char out[160], struct sb_error *err)
{
    struct sb_pg *pg = calloc(1, sizeof *pg);
    PGresult *row = NULL;
    if (!pg)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a connection");
    enum sb_err code = sb_pg_connect(pg, target, true, op, err);
    if (!code)
        code = sb_pg_ask(pg, "SELECT current_schema(), CASE WHEN to_regclass('schema_migrations') IS NULL THEN 0 ELSE 1 END", NULL, 0, op, &row, err);
    if (!code && *PQgetvalue(row, 0, 1) == '0')
        code = sb_error_set(err, SB_ERR_NOT_FOUND, "store %s is empty: nothing has run here yet", target->shown);
    if (!code)
        (void)snprintf(out, 160, "--schema=\"%s\"", PQgetvalue(row, 0, 0));
    PQclear(row);
    sb_pg_disconnect(pg);
    free(pg);
    return code;
}

static enum sb_err dump(const struct sb_pg_target *target, const char *part, const struct sb_op *op, struct sb_error *err)
{
    char where[WORDS_MAX], file[WORDS_MAX], schema[160], *words = malloc(65536), *password = NULL;
    const char *envp[ENV_MAX];
    const char *const dump_argv[] = { "pg_dump", "--format=custom", "--no-password", "--no-owner", "--no-privileges", schema, file, where, NULL };
    const char *const check_argv[] = { "pg_restore", "--file=/dev/null", part, NULL };
    struct sb_text text;
    enum sb_err code = words ? sb_pg_password(target, &password, err) : sb_error_set(err, SB_ERR_NOMEM, "no memory for a backup");
    sb_text_init(&text, where, sizeof where);
    conninfo(target, &text);
    bool is_cut = text.is_cut;
    sb_text_init(&text, file, sizeof file);
    sb_text_addf(&text, "--file=%s", part);
    if (!code && (is_cut || text.is_cut))
        code = sb_error_set(err, SB_ERR_TOO_LARGE, "store %s: its location or the path of the backup is too long", target->shown);
    if (!code)
        code = find_schema(target, op, schema, err);
    if (!code) {
        environment(password, words, 65536, envp);
        code = run(dump_argv, envp, op, err);
    }
    if (!code)
        code = run(check_argv, envp, op, err); /* reads all of it */
    if (words)
        explicit_bzero(words, 65536);
    free(words);
    sb_secret_free(password);
    return code;
}

enum sb_err sb_pg_backup(const char *location, const char *path, const struct sb_op *op, struct sb_error *err)
{
    struct sb_pg_target target;
    char part[WORDS_MAX];
    enum sb_err code = sb_pg_target_init(&target, location, err);
    if (code)
        return code;
    code = sb_backup_begin(path, part, sizeof part, err);
    if (!code)
        code = sb_backup_end(path, part, dump(&target, part, op, err), err);
    sb_pg_target_deinit(&target);
    return code;
}
