/* The texts that a console asks for, and its verdicts. Console's thread; bounded time. */
#include "pages.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/content.h"
#include "signalbox/ports/kept.h"

static const sb_ns page_time = SB_MS(400); /* the screen stands still for no longer */

enum sb_err pages_read(const void *self, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err)
{
    const struct installation *in = ((const struct verdict_source *)self)->installation;
    struct sb_op op = { .deadline = sb_now() + page_time };
    if (page == SB_SCREEN_PAGE_CONTENT)
        return sb_content_page(in->services.store, sb_wall_now().ns / SB_MS(1), &op, text, err);
    return sb_kept_read(in->paths.state_dir, run, text, err);
}

enum sb_err pages_judge(const void *self, const struct sb_screen_answer *answer, const char *actor, struct sb_error *err)
{
    const char *name = answer->verdict == SB_SCREEN_SETTLE ? "settle" : answer->verdict == SB_SCREEN_APPROVE ? "approve" : "reject";
    const struct sb_api_verdict verdict = { name, answer->content_id, answer->post_id, actor };
    return verdict_carry_out(self, &verdict, err);
}
