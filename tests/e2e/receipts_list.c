/* Lists the effects of a receipts journal that are neither settled nor absent, one a line: state, decision, post. For the scripts of this
 * folder; the journal's runtime must have ended. Exit code 0 when there is none, 1 when there are some. */
#include "signalbox/ports/receipts.h"

#include <stdio.h>

static void print(void *arg, const struct sb_effect *effect)
{
    static const char *const states[] = { "none", "intended", "submitted", "received", "settled", "absent" };
    int *count = arg;

    (*count)++;
    (void)printf("%s %s %s\n", states[effect->state], effect->last.decision_id, effect->last.post_id);
}

int main(int argc, char **argv)
{
    struct sb_receipts *receipts = NULL;
    struct sb_error error = { 0 };
    int count = 0;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s JOURNAL\n", argv[0]);
        return 64;
    }
    if (sb_receipts_open(&receipts, argv[1], &error) != SB_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 65;
    }
    sb_receipts_open_effects(receipts, &count, print);
    sb_receipts_close(receipts);
    return count > 0;
}
