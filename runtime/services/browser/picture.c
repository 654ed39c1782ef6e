/* Pictures of the page. Runs on the thread that uses the context. */
#include "chromium.h"
#include "values.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

/* A page that does not paint must not hold up a worker for long: the picture is only there to explain something. */
#define PICTURE_TIMEOUT SB_S(5)

enum sb_err sb_page_screenshot(struct sb_context *context, const struct sb_op *op, unsigned char **png, size_t *size, struct sb_error *err)
{
    static const unsigned char signature[] = { 0x89, 'P', 'N', 'G' };
    const struct sb_op bounded = sb_op_within(op, PICTURE_TIMEOUT);
    unsigned char *bytes = NULL;
    size_t count = 0;
    json_t *result = NULL;

    enum sb_err rc = sb_context_call(context, "Page.captureScreenshot", json_pack("{s:s,s:b}", "format", "png", "captureBeyondViewport", 0),
                                     &bounded, &result, err);
    if (rc != SB_OK) {
        (void)sb_error_wrap(err, "screenshot of %.120s", context->url);
        return rc;
    }
    const json_t *data = json_object_get(result, "data");
    if (json_is_string(data))
        bytes = sb_page_base64(json_string_value(data), json_string_length(data), &count);
    json_decref(result);
    if (bytes == NULL || count < sizeof(signature) || memcmp(bytes, signature, sizeof(signature)) != 0) {
        free(bytes);
        return sb_error_set(err, SB_ERR_PROTOCOL, "screenshot of %.120s: the browser gave no picture", context->url);
    }
    *png = bytes;
    *size = count;
    return SB_OK;
}
