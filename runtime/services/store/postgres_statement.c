/* Statements of the port for PostgreSQL: what a caller may say, how its cells travel, and which statements the server knows already. */
#include "postgres.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Types as the server numbers them (pg_type.dat); they never change. */
enum { OID_BOOL = 16, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_NUMERIC = 1700 };

/* --- looking at the text ------------------------------------------------------------------------------------------------------ */

/* After what begins at `at` and is no code: a comment, a quoted text or name; `at` itself when it is code. */
static const char *skip_quoted(const char *at)
{
    const char *end = at;
    if (strncmp(at, "--", 2) == 0)
        return at + strcspn(at, "\n");
    if (strncmp(at, "/*", 2) == 0)
        end = strstr(at + 2, "*/");
    else if (*at == '\'' || *at == '"')
        end = strchr(at + 1, *at);
    else
        return at;
    if (!end)
        return at + strlen(at);
    return end + (*at == '/' ? 2 : 1);
}

static const char *skip_blank(const char *at)
{
    for (;;) {
        size_t blank = strspn(at, " \t\r\n");
        const char *after = *(at + blank) == '-' || *(at + blank) == '/' ? skip_quoted(at + blank) : at + blank;
        if (after == at)
            return at;
        at = after;
    }
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The next word in capitals, "" for none; returns what follows it. */
static const char *next_word(const char *at, char out[16])
{
    size_t size = 0;
    at = skip_blank(at);
    for (; is_letter(at[size]); size++)
        if (size < 15)
            out[size] = (char)(at[size] >= 'a' ? at[size] - 'a' + 'A' : at[size]);
    out[size < 15 ? size : 15] = '\0';
    return at + size;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (sb_streq(word, *words))
            return true;
    return false;
}

/* Which of $1..$n the statement uses, as bits; the highest number in `*highest`. */
static uint64_t used_params(const char *sql, uint64_t *highest)
{
    uint64_t used = 0;
    *highest = 0;
    for (const char *at = sql; *at;) {
        const char *after = skip_quoted(at);
        if (after == at)
            after = at + 1;
        if (*at == '$' && at[1] >= '1' && at[1] <= '9') {
            uint64_t number = strtoull(at + 1, NULL, 10);
            *highest = number > *highest ? number : *highest;
            if (number <= 64)
                used |= 1ull << (number - 1);
        }
        at = after;
    }
    return used;
}

enum sb_err sb_pg_check_statement(const struct sb_statement *statement, bool is_write, struct sb_error *err)
{
    static const char *const reading[] = { "SELECT", "WITH", "VALUES", NULL }, *const changing[] = { "INSERT", "UPDATE", "DELETE", NULL },
                             *const making[] = { "CREATE", "ALTER", "DROP", NULL }, *const made[] = { "TABLE", "INDEX", "UNIQUE", NULL };
    char word[16], second[16];
    uint64_t highest = 0;
    const char *rest = next_word(statement->sql, word);
    if (!*skip_blank(statement->sql))
        return sb_error_set(err, SB_ERR_INVALID, "statement refused: exactly one statement is expected in \"%.80s\"", statement->sql);
    bool may = is_one_of(word, reading) || (is_write && is_one_of(word, changing));
    if (!may && is_write && is_one_of(word, making)) {
        (void)next_word(rest, second);
        may = is_one_of(second, made);
    }
    if (!may && is_write)
        return sb_error_set(err, SB_ERR_REFUSED, "statement refused: a write changes rows, it does not say \"%.40s\"", statement->sql);
    if (!may)
        return sb_error_set(err, SB_ERR_READ_ONLY, "a query only reads; statements that change something go through write");
    (void)used_params(statement->sql, &highest);
    if (highest > statement->param_count)
        return sb_error_set(err, SB_ERR_INVALID, "parameter $%llu has no value: %zu were given", (unsigned long long)highest,
                            statement->param_count);
    return SB_OK;
}

/* --- cells -------------------------------------------------------------------------------------------------------------------- */

static void bind_integer(struct sb_pg_bound *bound, size_t at, int64_t value)
{
    for (int byte = 0; byte < 8; byte++)
        bound->integers[at][byte] = (unsigned char)((uint64_t)value >> (56 - 8 * byte));
    bound->values[at] = (const char *)bound->integers[at];
    bound->sizes[at] = 8;
    bound->types[at] = OID_INT8;
}

/* Integers are bigint and texts are text wherever they stand, so that a statement means the same on both databases. What a NULL is, its place
 * says; one without a place is text. All in the binary form: texts need no end. */
enum sb_err sb_pg_bind(struct sb_pg_bound *bound, const char *sql, const struct sb_cell *params, size_t count, struct sb_error *err)
{
    uint64_t highest, used = count > 0 ? used_params(sql, &highest) : 0;
    if (count > SB_PG_PARAMS_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "a statement has at most %d parameters, not %zu", SB_PG_PARAMS_MAX, count);
    for (size_t i = 0; i < count; i++) {
        bound->formats[i] = 1;
        switch (params[i].type) {
        case SB_CELL_NULL:
            bound->values[i] = NULL;
            bound->sizes[i] = 0;
            bound->types[i] = used >> i & 1 ? 0 : OID_TEXT;
            break;
        case SB_CELL_INT:
            bind_integer(bound, i, params[i].integer);
            break;
        case SB_CELL_TEXT:
            if (params[i].size > INT32_MAX / 2)
                return sb_error_set(err, SB_ERR_TOO_LARGE, "parameter $%zu has %zu bytes", i + 1, params[i].size);
            bound->values[i] = params[i].text ? params[i].text : "";
            bound->sizes[i] = (int)params[i].size;
            bound->types[i] = OID_TEXT;
            break;
        }
    }
    bound->count = (int)count;
    return SB_OK;
}

/* Sums of integers come as numeric: without a fraction they are integers. */
struct sb_cell sb_pg_cell(const PGresult *result, int row, int column)
{
    const char *text = PQgetvalue(result, row, column);
    int64_t integer;
    if (PQgetisnull(result, row, column))
        return sb_cell_null();
    switch (PQftype(result, column)) {
    case OID_BOOL:
        return sb_cell_int(*text == 't');
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_NUMERIC:
        if (sb_parse_i64(text, &integer))
            return sb_cell_int(integer);
        break;
    default: /* the server's numbers, not an enumeration of ours */
        break;
    }
    return (struct sb_cell){ .type = SB_CELL_TEXT, .text = text, .size = (size_t)PQgetlength(result, row, column) };
}

int64_t sb_pg_changed(PGresult *result)
{
    static const char *const changing[] = { "INSERT", "UPDATE", "DELETE", NULL };
    char word[16];
    int64_t rows = 0;
    (void)next_word(PQcmdStatus(result), word);
    return is_one_of(word, changing) && sb_parse_i64(PQcmdTuples(result), &rows) ? rows : 0;
}

/* --- statements the server knows ---------------------------------------------------------------------------------------------- */

const char *sb_pg_name(unsigned number, char out[SB_PG_NAME_MAX])
{
    (void)snprintf(out, SB_PG_NAME_MAX, "s%u", number);
    return out;
}

void sb_pg_forget(struct sb_pg_known *known)
{
    free(known->sql);
    *known = (struct sb_pg_known){ .key = 0 };
}

struct sb_pg_known *sb_pg_know(struct sb_pg *pg, const char *sql, const struct sb_pg_bound *bound, bool *is_new, unsigned *forgotten)
{
    uint64_t key = sb_hash_bytes(sql, strlen(sql));
    for (int i = 0; i < bound->count; i++)
        key = sb_hash_fold(key, bound->types[i]);
    key = key == 0 ? 1 : key;
    *is_new = false;
    *forgotten = 0;
    for (size_t i = 0; i < SB_LEN(pg->known); i++)
        if (pg->known[i].key == key && sb_streq(pg->known[i].sql, sql))
            return &pg->known[i];
    struct sb_pg_known *known = &pg->known[pg->next_known];
    char *copy = strdup(sql);
    if (!copy)
        return NULL;
    pg->next_known = (pg->next_known + 1) % SB_PG_KNOWN_MAX;
    *forgotten = known->key ? known->name : 0;
    sb_pg_forget(known);
    *known = (struct sb_pg_known){ .key = key, .sql = copy, .name = ++pg->next_name };
    *is_new = true;
    return known;
}
