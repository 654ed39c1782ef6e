/* Recordings of this program: the flight recorder of a session, where a console finds them, and the file that a simulation leaves. */
#include "app.h"

#include "signalbox/codec/codec.h"
#include "signalbox/recording/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum sb_err folder_of(const char *state_dir, char path[PATH_BYTES + 16], struct sb_error *err)
{
    int wanted = snprintf(path, PATH_BYTES + 16, "%s/" SB_RECORDING_FOLDER, state_dir);
    return wanted > 0 && wanted < PATH_BYTES + 16 ? SB_OK : sb_error_set(err, SB_ERR_TOO_LARGE, "the path of the state folder is too long");
}

enum sb_err recordings_start(struct sb_recorder **recorder, const struct installation *installation, struct sb_control *control,
                             struct sb_error *err)
{
    const struct sb_settings *settings = &installation->catalogue->settings;
    char folder[PATH_BYTES + 16];
    const struct sb_recorder_setup setup = {
        .control = control,
        .folder = folder,
        .limits = { .keep = settings->record_for, .keep_bytes = (uint64_t)settings->record_mib << 20,
                    .spare_bytes = (uint64_t)32 << 20, .segment_lasts = SB_MIN(15), .segment_bytes = 512 << 10 },
    };
    if (settings->record_mib == 0)
        return SB_OK;
    enum sb_err rc = folder_of(installation->paths.state_dir, folder, err);
    return rc == SB_OK ? sb_recorder_start(recorder, &setup, err) : rc;
}

enum sb_err recordings_open_beside(const void *self, struct sb_history **history, struct sb_error *err)
{
    const char *state_dir = self;
    char folder[PATH_BYTES + 16];
    enum sb_err rc = folder_of(state_dir, folder, err);
    if (rc == SB_OK)
        rc = sb_history_open(history, folder, err);
    if (rc == SB_ERR_NOT_FOUND)
        return sb_error_set(err, rc, "nothing is recorded in %.200s; settings.record_mib says how much is kept", folder);
    return rc;
}

enum sb_err recordings_open_told(const void *self, struct sb_history **history, struct sb_error *err)
{
    const struct recordings_told *told = self;
    if (told->folder[0] == '\0')
        return recordings_open_beside(told->state_dir, history, err);
    enum sb_err rc = sb_history_open(history, told->folder, err);
    return rc == SB_ERR_NOT_FOUND ? sb_error_set(err, rc, "nothing is recorded in %.200s, where the runtime keeps it", told->folder) : rc;
}

enum sb_err recordings_open(const void *self, struct sb_history **history, struct sb_error *err)
{
    const struct installation *installation = self;
    if (installation->catalogue != NULL && installation->catalogue->settings.record_mib == 0)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "nothing is recorded: settings.record_mib is 0");
    return recordings_open_beside(installation->paths.state_dir, history, err);
}

/* --- simulate --record ---------------------------------------------------------------------------------------------------- */

struct recording_file {
    FILE *to;
    const char *path; /* borrowed */
    bool is_bad;
};

int recording_file_open(struct recording_file **file, const char *path)
{
    struct recording_file *fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL) {
        complain("out of memory");
        return EXIT_BUG;
    }
    fresh->path = path;
    fresh->to = fopen(path, "we");
    if (fresh->to == NULL) {
        complain("%s: %s", path, strerror(errno));
        free(fresh);
        return EXIT_CANNOT_CREATE;
    }
    *file = fresh;
    return EXIT_OK;
}

void recording_file_hear(void *arg, const struct sb_event *events, size_t count)
{
    struct recording_file *file = arg;
    char line[SB_CODEC_EVENT_MAX + 1];
    for (size_t i = 0; i < count && !file->is_bad; i++) {
        size_t size = sb_codec_event_write(&events[i], line, SB_CODEC_EVENT_MAX);
        line[size++] = '\n';
        file->is_bad = fwrite(line, 1, size, file->to) != size;
    }
}

int recording_file_close(struct recording_file *file)
{
    if (file == NULL)
        return EXIT_OK;
    bool is_closed = fclose(file->to) == 0;
    bool is_whole = is_closed && !file->is_bad;
    if (!is_whole)
        complain("%s: could not be written", file->path);
    free(file);
    return is_whole ? EXIT_OK : EXIT_INPUT_OUTPUT;
}
