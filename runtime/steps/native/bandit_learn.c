/* Turns measured posts into rewards, once each: engagement against the account's average moves the arms of its topic, angle, tone and format.
 * Arms and the post's mark are one transaction, so no post is counted twice, whatever ends the process. */
#include "native.h"

#include <inttypes.h>
#include <stdlib.h>

enum { POSTS_MAX = 50, DIMENSIONS = 4, STATEMENTS = DIMENSIONS + 1, PARAMS = 6 };

static const char *const dimensions[DIMENSIONS] = { "topic", "angle", "tone", "format" };

static const char select_due[] =
    "SELECT c.decision_id, c.topic, c.angle, c.tone, c.format, 1000 * (o.likes + 2 * o.reposts + 3 * o.replies) / "
    "CASE WHEN o.views > 0 THEN o.views ELSE 1 END AS engagement, COALESCE((SELECT AVG(1000 * (p.likes + 2 * p.reposts + 3 * p.replies) / "
    "CASE WHEN p.views > 0 THEN p.views ELSE 1 END) FROM outcomes p WHERE p.account = $1 AND p.views IS NOT NULL), 0) AS average "
    "FROM content_metadata c JOIN outcomes o ON o.decision_id = c.decision_id WHERE c.account = $1 AND c.kind <> 'reply' AND "
    "o.views IS NOT NULL AND o.rewarded_at_ms IS NULL AND o.collected_at_ms - c.posted_at_ms >= $2 ORDER BY c.posted_at_ms LIMIT $3";

/* The arm's row is made by the mark's condition alone: a post that is marked already moves nothing. */
static const char mark[] = "UPDATE outcomes SET rewarded_at_ms = $2, reward_milli = $3 WHERE decision_id = $1 AND rewarded_at_ms IS NULL";
static const char move[] = "INSERT INTO bandit_arms (account, dimension, arm, wins_milli, losses_milli, updated_at_ms) "
                           "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account, dimension, arm) DO UPDATE SET wins_milli = "
                           "bandit_arms.wins_milli + excluded.wins_milli, losses_milli = bandit_arms.losses_milli + excluded.losses_milli, "
                           "updated_at_ms = excluded.updated_at_ms";

/* From 0 to 1000: half at the average, and never far from the ends by one post. */
static int64_t reward_of(int64_t engagement, int64_t average)
{
    int64_t sum = engagement + average;
    return sum > 0 ? engagement * 1000 / sum : 500;
}

static int64_t whole(const struct sb_rows *rows, size_t row, const char *column)
{
    const struct sb_cell *cell = sb_rows_get(rows, row, column);
    double number = 0;
    if (cell->type == SB_CELL_INT)
        return cell->integer;
    return cell->type == SB_CELL_TEXT && (number = strtod(cell->text, NULL)) > 0 && number < 1e9 ? (int64_t)number : 0; /* AVG is no integer */
}

static enum sb_err learn_one(const struct sb_native *native, const struct sb_rows *rows, size_t row, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    struct sb_statement statements[STATEMENTS];
    struct sb_cell cells[STATEMENTS][PARAMS];
    size_t count = 0;
    int64_t now = sb_step_now_ms(native->env), reward = reward_of(whole(rows, row, "engagement"), whole(rows, row, "average"));
    cells[0][0] = *sb_rows_get(rows, row, "decision_id");
    cells[0][1] = sb_cell_int(now);
    cells[0][2] = sb_cell_int(reward);
    statements[count++] = (struct sb_statement){ mark, cells[0], 3, 1 };
    for (size_t i = 0; i < DIMENSIONS; i++) {
        const struct sb_cell *arm = sb_rows_get(rows, row, dimensions[i]);
        if (arm->type != SB_CELL_TEXT || arm->size == 0)
            continue;
        struct sb_cell *at = cells[count];
        at[0] = sb_cell_text(native->account);
        at[1] = sb_cell_text(dimensions[i]);
        at[2] = *arm;
        at[3] = sb_cell_int(reward);
        at[4] = sb_cell_int(1000 - reward);
        at[5] = sb_cell_int(now);
        statements[count++] = (struct sb_statement){ move, at, PARAMS, -1 };
    }
    return store->ops->write(store, statements, count, NULL, &native->env->op, err);
}

enum sb_err sb_native_bandit_learn(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    struct sb_rows *rows = NULL;
    int64_t learnt = 0;
    enum sb_err code = sb_native_needs(native, true, false, err);
    if (code != SB_OK)
        return code;
    struct sb_cell params[] = { sb_cell_text(native->account), sb_cell_int(native->hour / SB_MS(1)), sb_cell_int(POSTS_MAX) };
    struct sb_statement statement = { select_due, params, SB_LEN(params), -1 };
    code = store->ops->query(store, &statement, &native->env->op, &rows, err);
    for (size_t i = 0; code == SB_OK && i < sb_rows_count(rows); i++) {
        code = learn_one(native, rows, i, err);
        learnt += code == SB_OK;
        code = code == SB_ERR_CONFLICT ? SB_OK : code; /* another run was first */
    }
    sb_rows_destroy(rows);
    if (code == SB_OK)
        sb_step_succeed(result, learnt, "%" PRId64 " posts learnt from", learnt);
    return code;
}
