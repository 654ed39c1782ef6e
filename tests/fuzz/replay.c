/* Walks a corpus through a fuzz target without libFuzzer, so that every compiler and sanitizer runs it. Without a corpus it tries the
 * empty input and a few bytes of everything. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_BYTES_MAX (1u << 20)

static int replay_file(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *bytes = NULL;
    size_t size = 0;
    int rc = 1;

    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return 1;
    }
    FILE *file = fopen(path, "rb");
    uint8_t *whole = malloc(INPUT_BYTES_MAX);
    if (file == NULL || whole == NULL) {
        goto out;
    }
    size = fread(whole, 1, INPUT_BYTES_MAX, file);
    bytes = malloc(size == 0 ? 1 : size); /* exactly as large as the input, so that a read behind its end is seen */
    if (bytes == NULL) {
        goto out;
    }
    memcpy(bytes, whole, size);
    rc = LLVMFuzzerTestOneInput(bytes, size);
out:
    if (rc != 0) {
        (void)fprintf(stderr, "%s: not replayed\n", path);
    }
    free(bytes);
    free(whole);
    if (file != NULL) {
        (void)fclose(file);
    }
    return rc;
}

int main(int argc, char **argv)
{
    uint8_t every[256];
    unsigned count = 0;
    int failed = 0;

    for (unsigned i = 0; i < sizeof every; i++) {
        every[i] = (uint8_t)i;
    }
    failed += LLVMFuzzerTestOneInput(every, 0) != 0;
    failed += LLVMFuzzerTestOneInput(every, sizeof every) != 0;
    DIR *folder = argc > 1 ? opendir(argv[1]) : NULL;
    for (struct dirent *entry = NULL; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            failed += replay_file(argv[1], entry->d_name) != 0;
            count++;
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    (void)printf("%u inputs of the corpus, %d failed\n", count, failed);
    return failed == 0 ? 0 : 1;
}
