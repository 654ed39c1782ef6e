/* Looks whether the site still accepts the stored session, and logs in again when it does not. Needs a context. */
#include "native.h"

enum sb_err sb_native_session_check(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    if (native->site == NULL || native->account == NULL)
        code = sb_error_set(err, SB_ERR_CONFIG, "%s: session_check needs \"with.site\", a site with an account", native->env->params->place);
    if (code == SB_OK && native->env->context == NULL)
        code = sb_error_set(err, SB_ERR_CONFIG, "%s: session_check needs \"context: true\"", native->env->params->place);
    if (code == SB_OK)
        code = sb_flow_session(native->env, native->site, err);
    if (code == SB_OK)
        sb_step_succeed(result, 1, "%s accepts the session of %s", native->site->name, native->account);
    return code;
}
