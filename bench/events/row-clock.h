#pragma once

#include <time.h>

/*
 * The time of a row. As libbpf's tools are written, it asks localtime(3) for each; `tuned` keeps the text of a
 * second, as a careful programmer does.
 */
static inline const char *row_clock(int tuned)
{
    static char text[16];
    static time_t shown;
    time_t now = time(NULL);
    if (!tuned || now != shown) {
        strftime(text, sizeof(text), "%H:%M:%S", localtime(&now));
        shown = now;
    }
    return text;
}
