/**
 * @file file.c
 * Files and folders. Paths are UTF-8 with '/'.
 */
#define _GNU_SOURCE
#include "linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static uint32_t result(int value)
{
    return value < 0 ? linux_status(errno) : STATUS_SUCCESS;
}

uint32_t host_file_open(const char *path, unsigned how, host_file *file)
{
    int flags = O_CLOEXEC | O_NOCTTY;
    if (how & HOST_OPEN_WRITE)
        flags |= how & HOST_OPEN_READ ? O_RDWR : O_WRONLY;
    if (how & (HOST_OPEN_CREATE | HOST_OPEN_NEW))
        flags |= O_CREAT;
    if (how & HOST_OPEN_NEW)
        flags |= O_EXCL;
    if (how & HOST_OPEN_TRUNCATE)
        flags |= O_TRUNC;
    /* Without O_NONBLOCK the opening of a named pipe would wait for its other end. */
    *file = open(path, flags | O_NONBLOCK, 0666);
    return result(*file);
}

void host_file_close(host_file file)
{
    close(file);
}

uint32_t host_file_read(host_file file, void *data, size_t length, uint64_t offset, bool may_block, size_t *bytes)
{
    struct iovec vector = {data, length};
    ssize_t got;
    if (!may_block) {
        got = preadv2(file, &vector, 1, (off_t)offset, RWF_NOWAIT);
        /* Not every file system can say whether it would have to wait. */
        if (got < 0 && errno == EOPNOTSUPP)
            got = pread(file, data, length, (off_t)offset);
    } else {
        got = pread(file, data, length, (off_t)offset);
    }
    if (got < 0)
        return linux_status(errno);
    *bytes = (size_t)got;
    return STATUS_SUCCESS;
}

uint32_t host_file_write(host_file file, const void *data, size_t length, uint64_t offset, size_t *bytes)
{
    ssize_t put = pwrite(file, data, length, (off_t)offset);
    if (put < 0)
        return linux_status(errno);
    *bytes = (size_t)put;
    return STATUS_SUCCESS;
}

uint32_t host_stream_read(host_file file, void *data, size_t length, size_t *bytes)
{
    ssize_t got = read(file, data, length);
    if (got < 0)
        return linux_status(errno);
    *bytes = (size_t)got;
    return STATUS_SUCCESS;
}

uint32_t host_stream_write(host_file file, const void *data, size_t length, size_t *bytes)
{
    ssize_t put = write(file, data, length);
    if (put < 0)
        return linux_status(errno);
    *bytes = (size_t)put;
    return STATUS_SUCCESS;
}

static uint64_t to_filetime(struct timespec time)
{
    return (uint64_t)((int64_t)time.tv_sec * 10000000 + time.tv_nsec / 100 + 116444736000000000);
}

static void describe(const struct stat *status, host_file_information *information)
{
    *information = (host_file_information){
        .size = S_ISREG(status->st_mode) ? (uint64_t)status->st_size : 0, /* a folder's would say nothing */
        .created = to_filetime(status->st_ctim),
        .accessed = to_filetime(status->st_atim),
        .written = to_filetime(status->st_mtim),
        .index = status->st_ino,
        .volume = (uint32_t)status->st_dev,
        .links = (uint32_t)status->st_nlink,
        .directory = S_ISDIR(status->st_mode),
        .read_only = !(status->st_mode & 0222),
        .regular = S_ISREG(status->st_mode),
        .terminal = S_ISCHR(status->st_mode),
        .pipe = S_ISFIFO(status->st_mode) || S_ISSOCK(status->st_mode),
    };
}

uint32_t host_file_information_get(host_file file, host_file_information *information)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return linux_status(errno);
    describe(&status, information);
    return STATUS_SUCCESS;
}

uint32_t host_path_information(const char *path, host_file_information *information)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return linux_status(errno);
    describe(&status, information);
    return STATUS_SUCCESS;
}

uint32_t host_file_truncate(host_file file, uint64_t size)
{
    return result(ftruncate(file, (off_t)size));
}

uint32_t host_file_flush(host_file file)
{
    return result(fsync(file));
}

uint32_t host_path_delete(const char *path)
{
    uint32_t status = result(unlink(path));
    return status == STATUS_FILE_IS_A_DIRECTORY ? STATUS_ACCESS_DENIED : status;
}

uint32_t host_path_rename(const char *from, const char *to, bool replace)
{
    return result(renameat2(AT_FDCWD, from, AT_FDCWD, to, replace ? 0 : RENAME_NOREPLACE));
}

uint32_t host_directory_create(const char *path)
{
    return result(mkdir(path, 0777));
}

uint32_t host_directory_remove(const char *path)
{
    return result(rmdir(path));
}

bool host_current_directory(char *path, size_t size)
{
    return getcwd(path, size) != NULL;
}

host_file host_standard_stream(int number)
{
    return number;
}
