/* A private PostgreSQL 15 for tests: its own folder below /tmp, its own Unix socket, no TCP; started once per test program, ended by its pid
 * when the program ends, and by the kernel (parent-death signal) when the program crashes. Root becomes the user `postgres`, as the server
 * demands. Header only; needs libpq.
 *
 * Every store gets a schema of its own in the database `signalbox`, owned by the role `signalbox`, who is no superuser. The role `locked`
 * (password "right horse") may only come with its password. */
#ifndef SIGNALBOX_TEST_POSTGRES_SERVER_H
#define SIGNALBOX_TEST_POSTGRES_SERVER_H

#include "signalbox/os/os.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST_PG_BIN "/usr/lib/postgresql/15/bin/"

static struct {
    char folder[64];
    struct sb_child child;
    bool is_running, is_durable;
    unsigned schemas;
} test_pg;

static inline void test_pg_die(const char *what, const char *why)
{
    (void)fprintf(stderr, "the test's PostgreSQL: %s: %s\n(needed: postgresql-15 in " TEST_PG_BIN ", setpriv)\n", what, why);
    abort();
}

/* argv[0..] below setpriv: as the user postgres when this is root, and with a signal when this process ends. */
static inline void test_pg_spawn(struct sb_child *child, const char *death, const char *const *argv)
{
    const char *words[32] = { "setpriv" };
    size_t count = 1;
    struct sb_error err = { 0 };
    if (geteuid() == 0) {
        words[count++] = "--reuid=postgres";
        words[count++] = "--regid=postgres";
        words[count++] = "--clear-groups";
    }
    words[count++] = "--pdeathsig";
    words[count++] = death;
    for (size_t i = 0; argv[i]; i++)
        words[count++] = argv[i];
    const struct sb_child_spec spec = { .path = words[0], .argv = words, .directory = test_pg.folder, .stdin_fd = -1, .stdout_fd = -1,
                                        .stderr_fd = STDERR_FILENO };
    if (sb_child_start(child, &spec, &err))
        test_pg_die(argv[0], err.text);
}

static inline int test_pg_run(const char *const *argv)
{
    struct sb_child child;
    struct sb_error err = { 0 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(60) };
    int status = -1;
    test_pg_spawn(&child, "KILL", argv);
    if (sb_child_wait(&child, &op, &status, &err))
        test_pg_die(argv[0], err.text);
    return status;
}

/* As the superuser, or as whoever `user` is. */
static inline PGconn *test_pg_connect(const char *user)
{
    char info[160];
    (void)snprintf(info, sizeof info, "host=%s user=%s dbname=%s", test_pg.folder, user, strcmp(user, "postgres") == 0 ? "postgres" : "signalbox");
    return PQconnectdb(info);
}

/* First cell of the first row as a number; -1 for none. Aborts on an error. */
static inline long test_pg_sql_as(const char *user, const char *sql)
{
    PGconn *conn = test_pg_connect(user);
    PQclear(PQexec(conn, "SET client_min_messages = error"));
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        test_pg_die(sql, PQerrorMessage(conn));
    long value = PQntuples(result) > 0 ? strtol(PQgetvalue(result, 0, 0), NULL, 10) : -1;
    PQclear(result);
    PQfinish(conn);
    return value;
}
#define test_pg_sql(sql) test_pg_sql_as("postgres", sql)

static inline bool test_pg_is_ready(void)
{
    PGconn *conn = test_pg_connect("postgres");
    bool is_ready = PQstatus(conn) == CONNECTION_OK;
    PQfinish(conn);
    return is_ready;
}

/* Starts the server on its folder; again after test_pg_stop. */
static inline void test_pg_boot(void)
{
    char sockets[96];
    (void)snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", test_pg.folder);
    const char *const argv[] = { TEST_PG_BIN "postgres", "-D", "data", "-c", "listen_addresses=", "-c", sockets, "-c", "max_connections=40",
                                 "-c", "shared_buffers=64MB", "-c", test_pg.is_durable ? "fsync=on" : "fsync=off", "-c", "log_min_messages=panic",
                                 "-c", "unix_socket_permissions=0777", NULL };
    const sb_ns deadline = sb_now() + SB_S(60);
    test_pg_spawn(&test_pg.child, "QUIT", argv);
    test_pg.is_running = true;
    while (!test_pg_is_ready())
        if (sb_now() > deadline)
            test_pg_die("start", "it does not accept connections");
}

/* SIGINT: ends the sessions and stops; SIGQUIT: as if it had crashed. */
static inline void test_pg_stop(int signal_number)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(60) };
    struct sb_error err = { 0 };
    if (!test_pg.is_running)
        return;
    test_pg.is_running = false;
    (void)kill(test_pg.child.pid, signal_number);
    if (sb_child_wait(&test_pg.child, &op, NULL, &err))
        sb_child_end(&test_pg.child, SB_S(1));
}

static inline void test_pg_end(void)
{
    struct sb_error err = { 0 };
    test_pg_stop(SIGQUIT);
    if (sb_dir_remove(test_pg.folder, &err))
        (void)fprintf(stderr, "%s\n", err.text);
}

/* Once per program; `is_durable` = with fsync, for benchmarks. */
static inline void test_pg_start(bool is_durable)
{
    char hba[96];
    static const char rules[] = "local all locked scram-sha-256\nlocal all all trust\n";
    const char *const argv[] = { TEST_PG_BIN "initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", NULL };
    if (test_pg.folder[0])
        return;
    (void)snprintf(test_pg.folder, sizeof test_pg.folder, "/tmp/signalbox-pg-XXXXXX");
    const struct passwd *owner = geteuid() == 0 ? getpwnam("postgres") : getpwuid(geteuid());
    if (!mkdtemp(test_pg.folder) || !owner || chown(test_pg.folder, owner->pw_uid, owner->pw_gid) != 0)
        test_pg_die("its folder", owner ? test_pg.folder : "there is no user postgres");
    (void)chmod(test_pg.folder, 0755);
    test_pg.is_durable = is_durable;
    if (test_pg_run(argv) != 0)
        test_pg_die("initdb", "failed");
    (void)snprintf(hba, sizeof hba, "%s/data/pg_hba.conf", test_pg.folder);
    FILE *file = fopen(hba, "w");
    if (!file || fputs(rules, file) < 0 || fclose(file) != 0)
        test_pg_die("pg_hba.conf", hba);
    (void)atexit(test_pg_end);
    test_pg_boot();
    test_pg_sql("CREATE ROLE signalbox LOGIN");
    test_pg_sql("CREATE ROLE locked LOGIN PASSWORD 'right horse'");
    test_pg_sql("CREATE DATABASE signalbox OWNER signalbox");
}

/* The location of a new, empty schema. */
static inline void test_pg_location(char *location, size_t cap)
{
    char sql[64];
    test_pg_start(false);
    (void)snprintf(sql, sizeof sql, "CREATE SCHEMA s%u", ++test_pg.schemas);
    test_pg_sql_as("signalbox", sql);
    (void)snprintf(location, cap, "postgresql://signalbox@/signalbox?host=%s&options=-csearch_path%%3Ds%u", test_pg.folder, test_pg.schemas);
}

static inline void test_pg_drop(const char *location)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "DROP SCHEMA %s CASCADE", strstr(location, "%3D") + 3);
    test_pg_sql_as("signalbox", sql);
}

#endif
