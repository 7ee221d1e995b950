/**
 * @file memory.c
 * free and realloc as programs see them: windows.h renames the two, so that memory which the system still uses is not
 * freed while the verifier watches. malloc and the rest are libc's own, and so are these two but for the look.
 */
#include <stdlib.h>

#include "verifier.h"

void win32_free(void *block)
{
    if (watch_on()) {
        watch_enter_silently("free", __builtin_return_address(0), WATCH_FRAME);
        if (block && verifier_on() && !verifier_may_free(block, host_allocated_size(block)))
            return;
    }
    free(block);
}

void *win32_realloc(void *block, size_t size)
{
    WATCH_CALL("realloc");
    size_t before = block && verifier_on() ? host_allocated_size(block) : 0;
    if (!before || verifier_may_free(block, before))
        return realloc(block, size);
    void *copy = malloc(size); /* the old block is kept */
    if (copy)
        memcpy(copy, block, before < size ? before : size);
    return copy;
}
