// SPDX-License-Identifier: Apache-2.0
// Stands in for libFuzzer's main: gives every file of a corpus to the target once and prints TAP.
// The corpora are folders named as arguments; without any, the target's own in the source tree.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

#define INPUT_MAX ((size_t)1 << 20)

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    // Exactly as large as the input, so that the address sanitizer sees a read past its end.
    uint8_t *whole = malloc(INPUT_MAX);
    size_t n = file != NULL && whole != NULL ? fread(whole, 1, INPUT_MAX, file) : 0;
    int ok = file != NULL && whole != NULL && !ferror(file);
    uint8_t *data = malloc(n > 0 ? n : 1);
    if (ok && data != NULL) {
        memcpy(data, whole, n);
        printf("# %s\n", path);
        fflush(stdout);
        LLVMFuzzerTestOneInput(data, n);
    } else {
        printf("# %s: cannot be read: %s\n", path, strerror(errno));
    }
    free(data);
    free(whole);
    if (file != NULL)
        fclose(file);
    return ok && data != NULL;
}

static int is_input(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int replay_folder(const char *folder, int *count, int *failed)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_input, alphasort);
    if (n < 0) {
        printf("Bail out! %s: %s\n", folder, strerror(errno));
        return -1;
    }
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        int ok = replay_file(path);
        *failed += !ok;
        printf("%s %d - %s is taken without a fault\n", ok ? "ok" : "not ok", ++*count, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

static int own_corpus(const char *program, char *out, size_t size)
{
    const char *top = getenv("top_srcdir");
    const char *name = strrchr(program, '/');
    name = name != NULL ? name + 1 : program;
    if (strncmp(name, "fuzz_", 5) == 0)
        name += 5;
    return snprintf(out, size, "%s/test/fuzz/corpus/%s", top != NULL ? top : ".", name) < (int)size;
}

int main(int argc, char **argv)
{
    int count = 0, failed = 0, err = 0;
    char own[4096];
    for (int i = 1; i < argc && err == 0; i++)
        err = replay_folder(argv[i], &count, &failed);
    if (argc == 1 && own_corpus(argv[0], own, sizeof own))
        err = replay_folder(own, &count, &failed);
    if (err == 0 && count == 0)
        printf("Bail out! the corpus is empty\n");
    else
        printf("1..%d\n", count);
    return err == 0 && count > 0 && failed == 0 ? 0 : 1;
}
