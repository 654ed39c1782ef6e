/* A text in the operator's editor. */
#ifndef SIGNALBOX_APP_EDITOR_H
#define SIGNALBOX_APP_EDITOR_H

#include "signalbox/base/err.h"

/* Writes `before` into a new file in the folder (0600), runs $VISUAL, $EDITOR or vi on it in the terminal, and reads it back. `*after` is
 * for free(): without the line ends at its end. The file is removed. SB_ERR_REFUSED when the editor failed or the text is the same or empty;
 * SB_ERR_INVALID when it holds a control character. Waits for as long as the operator edits. */
enum sb_err editor_run(const char *folder, const char *before, char **after, struct sb_error *err) SB_MUST_USE;

#endif
