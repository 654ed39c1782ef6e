/* Secrets, known to the configuration only by reference. The value lives in memory of the caller alone, is never logged, never put
 * into an error text and wiped before it is freed. Any thread. */
#include "os_private.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { SECRET_MAX = 65536, SECRET_PATH_MAX = 4096 };

/* Copies up to the first line break. */
static enum sb_err take_value(const char *bytes, size_t size, const char *place, char **value, struct sb_error *err)
{
    size_t length = 0;

    while (length < size && bytes[length] != '\n' && bytes[length] != '\r' && bytes[length] != '\0')
        length++;
    if (length == 0)
        return sb_error_set(err, SB_ERR_CONFIG, "the secret in %s is empty", place);
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the secret in %s", place);
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    *value = copy;
    return SB_OK;
}

static enum sb_err from_file(const char *path, char **value, struct sb_error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    enum sb_err rc = sb_file_read(path, SECRET_MAX, &bytes, &size, err);

    if (rc != SB_OK)
        return rc;
    rc = take_value(bytes, size, path, value, err);
    explicit_bzero(bytes, size);
    free(bytes);
    return rc;
}

static enum sb_err from_environment(const char *name, char **value, struct sb_error *err)
{
    const char *text = getenv(name);

    if (text == NULL)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "the secret's environment variable %s is not set", name);
    return take_value(text, strnlen(text, SECRET_MAX), name, value, err);
}

static enum sb_err from_credential(const char *name, char **value, struct sb_error *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char path[SECRET_PATH_MAX];
    struct sb_text text;

    if (folder == NULL)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "credential %s: CREDENTIALS_DIRECTORY is not set; is LoadCredential= in the unit?", name);
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return sb_error_set(err, SB_ERR_INVALID, "credential name %s must be a plain file name", name);
    sb_text_init(&text, path, sizeof(path));
    sb_text_add(&text, folder);
    sb_text_add_char(&text, '/');
    sb_text_add(&text, name);
    if (text.is_cut)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "path of credential %s is too long", name);
    return from_file(path, value, err);
}

enum sb_err sb_secret_read(const char *reference, char **value, struct sb_error *err)
{
    static const struct {
        const char *scheme;
        enum sb_err (*read)(const char *rest, char **value, struct sb_error *err);
    } schemes[] = { { "file:", from_file }, { "env:", from_environment }, { "cred:", from_credential } };

    for (size_t i = 0; i < SB_LEN(schemes); i++) {
        size_t length = strlen(schemes[i].scheme);
        if (strncmp(reference, schemes[i].scheme, length) == 0)
            return schemes[i].read(reference + length, value, err);
    }
    /* The text is not repeated: somebody may have put the secret itself where its reference belongs. */
    return sb_error_set(err, SB_ERR_CONFIG, "a secret is given as file:PATH, env:NAME or cred:NAME, never as the value itself");
}

void sb_secret_free(char *value)
{
    if (value == NULL)
        return;
    explicit_bzero(value, strlen(value));
    free(value);
}
