// SPDX-License-Identifier: Apache-2.0
#include "powstream/resume.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAPS_MAX (4 << 20)

// The 20 digits of an NTP time.
static bool take_time(const char *text, ps_ntp *out)
{
    char digits[21];
    if (strspn(text, "0123456789") < 20)
        return false;
    memcpy(digits, text, 20);
    digits[20] = '\0';
    errno = 0;
    *out = strtoull(digits, NULL, 10);
    return errno == 0;
}

// The end of the session that begins then; 0: there is none.
static ps_ntp session_from(const char *dir, ps_ntp from)
{
    ps_ntp start, end, found = 0;
    DIR *d = opendir(dir);
    if (d == NULL)
        return 0;
    for (struct dirent *e; found == 0 && (e = readdir(d)) != NULL;)
        if (strlen(e->d_name) == 45 && strcmp(e->d_name + 41, ".owp") == 0 && e->d_name[20] == '_' &&
            take_time(e->d_name, &start) && take_time(e->d_name + 21, &end) && start == from)
            found = end;
    closedir(d);
    return found;
}

static char *load_gaps(const char *dir)
{
    char *path, *text = NULL;
    if (asprintf(&path, "%s/powstream.gaps", dir) < 0)
        return NULL;
    FILE *f = fopen(path, "re");
    free(path);
    if (f == NULL)
        return NULL;
    text = malloc(GAPS_MAX + 1);
    size_t n = text != NULL ? fread(text, 1, GAPS_MAX, f) : 0;
    if (text != NULL)
        text[n] = '\0';
    fclose(f);
    return text;
}

static ps_ntp gap_from(const char *gaps, ps_ntp from)
{
    static const char start_key[] = "\"start-ntp\":", end_key[] = ",\"end-ntp\":";
    ps_ntp start, end;
    for (const char *p = strstr(gaps, start_key); p != NULL; p = strstr(p, start_key)) {
        p += sizeof start_key - 1;
        if (take_time(p, &start) && start == from && strncmp(p + 20, end_key, sizeof end_key - 1) == 0 &&
            take_time(p + 20 + sizeof end_key - 1, &end))
            return end;
    }
    return 0;
}

ps_ntp resume_from(const char *dir, ps_ntp told)
{
    char *gaps = load_gaps(dir);
    for (int i = 0; i < 100; i++) {
        ps_ntp end = session_from(dir, told);
        if (end == 0 && gaps != NULL)
            end = gap_from(gaps, told);
        if (end == 0 || !ps_ntp_before(told, end))
            break;
        told = end;
    }
    free(gaps);
    return told;
}
