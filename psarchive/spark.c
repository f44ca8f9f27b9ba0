// SPDX-License-Identifier: Apache-2.0
#include "psarchive/spark.h"
#include <string.h>

#define HEIGHTS 8

static double most_of(const double *values, size_t from, size_t to)
{
    double most = values[from];
    for (size_t i = from + 1; i < to; i++)
        most = values[i] > most ? values[i] : most;
    return most;
}

static void bounds(const double *values, size_t n, double *least, double *most)
{
    *least = *most = values[0];
    for (size_t i = 1; i < n; i++) {
        *least = values[i] < *least ? values[i] : *least;
        *most = values[i] > *most ? values[i] : *most;
    }
}

const char *spark_line(const double *values, size_t n, size_t width, char *out)
{
    static const char blocks[HEIGHTS][4] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double least, most;
    size_t places = n < width ? n : width, at = 0;
    out[0] = '\0';
    if (n == 0)
        return out;
    bounds(values, n, &least, &most);
    for (size_t i = 0; i < places; i++) {
        double v = most_of(values, i * n / places, (i + 1) * n / places);
        int height = most > least ? (int)((v - least) / (most - least) * (HEIGHTS - 1) + 0.5) : 0;
        memcpy(out + at, blocks[height], 3);
        at += 3;
    }
    out[at] = '\0';
    return out;
}
