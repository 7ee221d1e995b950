/**
 * @file file.c
 * The life of a file object.
 */
#include "file.h"

static void closing(object *o)
{
    file_object *f = (file_object *)o;
    file_pool_cancel(&f->device, NULL, 0);
    sharing_leave(f->shared, f->mode);
    if (f->delete_path)
        host_path_delete(f->delete_path);
}

static void destroy(object *o)
{
    file_object *f = (file_object *)o;
    if (!f->standard)
        host_file_close(f->file);
    object_release((object *)f->device.port);
    DeleteCriticalSection(&f->turn);
    free(f->delete_path);
    free(f);
}

/* Files need no polling: a port learns of their operations from whoever performs them. */
static void associated(device *d)
{
    (void)d;
}

static const device_type file_type = {.object = {.kind = OBJECT_FILE, .closing = closing, .destroy = destroy},
                                      .cancel = file_pool_cancel,
                                      .associated = associated};

file_object *file_find(HANDLE handle)
{
    file_object *f = (file_object *)object_find(handle, OBJECT_FILE);
    if (!f)
        SetLastError(ERROR_INVALID_HANDLE);
    return f;
}

HANDLE file_make(const file_object *template, bool overlapped)
{
    file_object *f = malloc(sizeof *f);
    if (!f)
        return NULL;
    *f = *template;
    f->device = (device){.overlapped = overlapped};
    f->queue = NULL;
    f->queue_end = &f->queue;
    InitializeCriticalSection(&f->turn);
    HANDLE handle = object_open(&f->device.base, &file_type.object);
    if (!handle)
        free(f);
    return handle;
}
