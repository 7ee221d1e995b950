/**
 * @file mapping.c
 * File mappings and their views.
 *
 * A section (what CreateFileMapping makes) keeps its file, a view keeps its section: a program may close both handles
 * and go on with the view, as on Windows. A section without a file has its memory from the start, so that all
 * its views show the same.
 */
#include "../journal/journal.h"
#include "file.h"

#define GRANULARITY 0x10000u

typedef struct section {
    object base;
    file_object *file; /* a reference, or NULL */
    char *memory;      /* of a section without a file */
    uint64_t size;
    bool writable, copies;
} section;

typedef struct view {
    struct view *next;
    void *base;
    size_t size;
    section *section; /* a reference */
} view;

/* Guards the list of views. Nothing is called with it held. */
static lock views_lock;
static view *views;

static void destroy(object *o)
{
    section *s = (section *)o;
    if (s->memory)
        host_memory_release(s->memory, (size_t)s->size);
    object_release((object *)s->file);
    free(s);
}

static const object_type section_type = {.kind = OBJECT_MAPPING, .destroy = destroy};

/* Completes a section of a file: its size, and whether the file allows it. */
static DWORD fit_to_file(section *s)
{
    host_file_information information;
    if (!s->file->readable || (s->writable && !s->file->writable))
        return ERROR_ACCESS_DENIED;
    uint32_t status = s->file->stream ? STATUS_INVALID_HANDLE : host_file_information_get(s->file->file, &information);
    if (status)
        return status_to_error(status);
    if (!s->size)
        s->size = information.size;
    if (!s->size)
        return ERROR_FILE_INVALID;
    if (s->size <= information.size)
        return ERROR_SUCCESS;
    if (!s->writable)
        return ERROR_NOT_ENOUGH_MEMORY;
    return status_to_error(host_file_truncate(s->file->file, s->size));
}

static DWORD fit_to_memory(section *s)
{
    if (!s->size)
        return ERROR_INVALID_PARAMETER;
    s->memory = s->size <= SIZE_MAX ? host_memory_map(HOST_NONE, 0, (size_t)s->size, true, false) : NULL;
    return s->memory ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

HANDLE WINAPI CreateFileMappingA(HANDLE hFile, LPSECURITY_ATTRIBUTES lpAttributes, DWORD flProtect,
                                 DWORD dwMaximumSizeHigh, DWORD dwMaximumSizeLow, LPCSTR lpName)
{
    (void)lpAttributes, (void)lpName; /* names are ignored: no object is shared between processes */
    JOURNAL_CALL("CreateFileMapping", hFile, NULL, dwMaximumSizeLow);
    section *s = calloc(1, sizeof *s);
    if (!s) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    HANDLE handle = NULL;
    DWORD error = ERROR_SUCCESS;
    s->size = (uint64_t)dwMaximumSizeHigh << 32 | dwMaximumSizeLow;
    s->writable = flProtect == PAGE_READWRITE;
    s->copies = flProtect == PAGE_WRITECOPY;
    if (flProtect != PAGE_READONLY && !s->writable && !s->copies) {
        error = ERROR_INVALID_PARAMETER;
    } else if (hFile == INVALID_HANDLE_VALUE) {
        error = fit_to_memory(s);
    } else {
        s->file = (file_object *)object_find(hFile, OBJECT_FILE);
        error = s->file ? fit_to_file(s) : ERROR_INVALID_HANDLE;
    }
    if (!error && !(handle = object_open(&s->base, &section_type)))
        error = ERROR_NOT_ENOUGH_MEMORY;
    if (error)
        destroy(&s->base);
    SetLastError(error);
    return handle;
}

/* Maps part of a section. */
static DWORD map(section *s, DWORD access, uint64_t offset, view *v)
{
    bool write = access & FILE_MAP_WRITE, copy = !write && access & FILE_MAP_COPY;
    if (offset % GRANULARITY)
        return ERROR_MAPPED_ALIGNMENT;
    if ((write && !s->writable) || offset >= s->size || v->size > s->size - offset)
        return ERROR_ACCESS_DENIED;
    if (!v->size)
        v->size = (size_t)(s->size - offset);
    v->base = s->memory ? s->memory + offset : host_memory_map(s->file->file, offset, v->size, write, copy);
    return v->base ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

LPVOID WINAPI MapViewOfFile(HANDLE hFileMappingObject, DWORD dwDesiredAccess, DWORD dwFileOffsetHigh,
                            DWORD dwFileOffsetLow, SIZE_T dwNumberOfBytesToMap)
{
    WATCH_CALL("MapViewOfFile");
    section *s = (section *)object_find(hFileMappingObject, OBJECT_MAPPING);
    view *v = s ? malloc(sizeof *v) : NULL;
    DWORD error = !s ? ERROR_INVALID_HANDLE : !v ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
    if (!error) {
        *v = (view){.size = dwNumberOfBytesToMap, .section = s};
        error = map(s, dwDesiredAccess, (uint64_t)dwFileOffsetHigh << 32 | dwFileOffsetLow, v);
    }
    if (error) {
        free(v);
        object_release((object *)s);
        SetLastError(error);
        return NULL;
    }
    void *base = v->base;
    lock_acquire(&views_lock);
    v->next = views;
    views = v;
    lock_release(&views_lock);
    return base;
}

BOOL WINAPI UnmapViewOfFile(LPCVOID lpBaseAddress)
{
    lock_acquire(&views_lock);
    view **link = &views, *v;
    while ((v = *link) != NULL && v->base != lpBaseAddress)
        link = &v->next;
    if (v)
        *link = v->next;
    lock_release(&views_lock);
    if (!v)
        return fail(ERROR_INVALID_ADDRESS);
    if (!v->section->memory)
        host_memory_release(v->base, v->size);
    object_release(&v->section->base);
    free(v);
    return TRUE;
}
