/* Where things are: shipped data beside the program, the operator's files by the XDG base directory specification, /etc and /var/lib for root. */
#include "app.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool join(char out[PATH_BYTES], const char *a, const char *b)
{
    int wanted = snprintf(out, PATH_BYTES, "%s/%s", a, b);
    return wanted > 0 && wanted < PATH_BYTES;
}

static bool is_there(const char *path)
{
    return access(path, R_OK) == 0;
}

/* Folder of the running program. */
static bool program_dir(char out[PATH_BYTES])
{
    ssize_t size = readlink("/proc/self/exe", out, PATH_BYTES - 1);
    if (size <= 0)
        return false;
    out[size] = '\0';
    char *slash = strrchr(out, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}

/* DIR/NAME without its dots, when it exists. */
static bool resolve(char out[PATH_BYTES], const char *dir, const char *name)
{
    char joined[PATH_BYTES];
    char *real = join(joined, dir, name) ? realpath(joined, NULL) : NULL;
    bool is_ok = real != NULL && sb_copy(out, PATH_BYTES, real);
    free(real);
    return is_ok;
}

/* Installed: PREFIX/share/signalbox. In a build tree: the sources two or three folders above bin. */
static bool find_data(struct paths *paths)
{
    static const char *const shapes[][2] = {
        { "../share/signalbox/catalog", "../share/signalbox/themes" },
        { "../../runtime/catalog", "../../themes" },
        { "../../../runtime/catalog", "../../../themes" },
    };
    char dir[PATH_BYTES];
    if (!program_dir(dir))
        return false;
    for (size_t i = 0; i < SB_LEN(shapes); i++)
        if (resolve(paths->data_dir, dir, shapes[i][0]) && resolve(paths->theme_dir, dir, shapes[i][1]))
            return join(paths->site_dir, paths->data_dir, "sites");
    return false;
}

/* What systemd made for the service comes first; of several folders, separated by colons, the first. */
static bool user_dir(char out[PATH_BYTES], const char *service_variable, const char *variable, const char *under_home, const char *for_root)
{
    const char *made = service_variable != NULL ? getenv(service_variable) : NULL;
    if (made != NULL && made[0] == '/')
        return sb_copy_n(out, PATH_BYTES, made, strcspn(made, ":"));
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    if (base != NULL && base[0] == '/')
        return join(out, base, "signalbox");
    if (geteuid() == 0 && for_root != NULL)
        return sb_copy(out, PATH_BYTES, for_root);
    char under[PATH_BYTES];
    return home != NULL && join(under, home, under_home) && join(out, under, "signalbox");
}

enum sb_err paths_find(struct paths *paths, const struct options *options, const char *installation, struct sb_error *err)
{
    char config[PATH_BYTES], state[PATH_BYTES];

    memset(paths, 0, sizeof(*paths));
    if (!find_data(paths))
        return sb_error_set(err, SB_ERR_NOT_FOUND, "the shipped catalogues are not beside the program; install it again");
    if (!user_dir(config, "CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME", ".config", "/etc/signalbox") ||
        !join(paths->user_site_dir, config, "sites") || !join(paths->keys, config, "keys.yaml") ||
        !user_dir(state, NULL, "XDG_STATE_HOME", ".local/state", "/var/lib/signalbox"))
        return sb_error_set(err, SB_ERR_CONFIG, "neither HOME nor XDG_CONFIG_HOME and XDG_STATE_HOME are set; set one, or --state-dir");
    if (options->catalogue != NULL) {
        if (!sb_copy(paths->catalogue, sizeof(paths->catalogue), options->catalogue))
            return sb_error_set(err, SB_ERR_TOO_LARGE, "the path of the catalogue is too long");
    } else if (!join(paths->catalogue, config, "catalogue.yaml") || !is_there(paths->catalogue)) {
        paths->catalogue[0] = '\0';
    }
    const char *state_dir = options->state_dir;
    if (state_dir != NULL ? !sb_copy(paths->state_dir, sizeof(paths->state_dir), state_dir)
                          : !join(paths->state_dir, state, installation))
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the path of the state folder is too long");
    return SB_OK;
}
