/* Shortens the receipts journal by the effects that were settled more than 30 days ago. The file is replaced atomically; nothing that is open,
 * uncertain or younger is touched. */
#include "native.h"

#include <inttypes.h>

static const sb_ns keep = SB_DAY(30);

enum sb_err sb_native_receipts_compact(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    uint64_t dropped = 0;
    struct sb_wall before = { native->env->wall_now().ns - keep };
    enum sb_err code = sb_native_needs(native, false, true, err);
    if (code == SB_OK)
        code = sb_receipts_compact(native->env->services->receipts, before, &dropped, err);
    if (code == SB_OK)
        sb_step_succeed(result, (int64_t)dropped, "%" PRIu64 " settled effects older than 30 days dropped", dropped);
    return code;
}
