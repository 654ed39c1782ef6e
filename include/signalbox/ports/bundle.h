/* A bundle: one folder of files and a .tar.gz of the same files beside it, there as a whole or not at all. Files have mode 0600, the folder 0700.
 *
 * One thread. Nothing stands under the final name before sb_bundle_finish has succeeded. */
#ifndef SIGNALBOX_PORTS_BUNDLE_H
#define SIGNALBOX_PORTS_BUNDLE_H

#include "signalbox/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { SB_BUNDLE_NAME_MAX = 96, SB_BUNDLE_PATH_MAX = 1200 };

struct sb_bundle;
/* In `parent`, which is made with mode 0700 when it is missing. `name`: letters, digits and -_. ; when one of that name is there already, the new
 * one becomes NAME.2, NAME.3 and so on. `wall_s`: seconds since 1970, the time stamp inside the archive. */
enum sb_err sb_bundle_create(struct sb_bundle **bundle, const char *parent, const char *name, int64_t wall_s, struct sb_error *err) SB_MUST_USE;
/* A further file, in the order of the archive. `name` as above. */
enum sb_err sb_bundle_add(struct sb_bundle *bundle, const char *name, const void *bytes, size_t size, struct sb_error *err) SB_MUST_USE;
/* Gives both their names; `path`: of the folder, ".tar.gz" behind it is the archive. The archive is on disk by then. */
enum sb_err sb_bundle_finish(struct sb_bundle *bundle, char path[SB_BUNDLE_PATH_MAX], struct sb_error *err) SB_MUST_USE;
/* Removes what was not finished. NULL is fine. */
void sb_bundle_destroy(struct sb_bundle *bundle);

#endif
