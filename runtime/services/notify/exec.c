/* Kind `exec`: the notice as JSON on the stdin of a program of the operator's. */
#include "letter.h"

enum sb_err sb_channel_write_exec(const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now, struct letter *letter,
                                  struct sb_error *err)
{
    (void)now;
    return sb_letter_json(letter, def, sb_words_json(def, notice), err);
}
