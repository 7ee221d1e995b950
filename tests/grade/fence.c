/* What keeps a server away from its judge: see fence.h. The rules for system calls are in filter.c. */
#include "fence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"
#include "spawn.h"

enum { MAX_DESCRIPTORS = 16384, MAX_PROCESSES = 3000, MAX_PROCESSES_OF_A_USER = 8192, MAX_FILES = 20000 };
#define MEMORY_LIMIT ((rlim_t)4 << 30)
#define FOLDER_LIMIT ((off_t)1 << 30)
#define STACK_LIMIT ((rlim_t)1 << 20) /* a thread's, as on Windows */

/* The range that systemd keeps for users that exist only while a service runs. */
enum { FIRST_USER = 61184, LAST_USER = 65519 };

static int program = -1;  /* descriptor of the server's file */
static uid_t block;       /* first of our users, or 0: all have our own id */
static uid_t server_user; /* this test's */

/* --- users -------------------------------------------------------------------------------------------------------- */

/* A block belongs to who has bound its name; the name goes with the process. */
static int is_ours(uid_t first)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "iocp-labs-users-%u", first);
    int lock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    if (lock >= 0 && bind(lock, (struct sockaddr *)&address, size) == 0)
        return 1; /* stays open */
    if (lock >= 0)
        close(lock);
    return 0;
}

/* Nobody has these ids: no account, no process. */
static int is_free(uid_t first)
{
    DIR *list = opendir("/proc");
    struct stat info;
    int busy = 0;
    for (uid_t id = first; id < first + FENCE_USERS; id++)
        busy |= getpwuid(id) != NULL;
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (fstatat(dirfd(list), entry->d_name, &info, 0) == 0)
            busy |= info.st_uid >= first && info.st_uid < first + FENCE_USERS;
    if (list)
        closedir(list);
    return !busy;
}

static void take_users(void)
{
    for (uid_t first = FIRST_USER; first + FENCE_USERS <= LAST_USER + 1; first += FENCE_USERS)
        if (is_ours(first) && is_free(first)) {
            block = first;
            return;
        }
}

static int become_user(uid_t user)
{
    return setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0;
}

/* Runs something as the first of the users. Returns its exit code. */
static int as_user(uid_t user, int (*action)(const char *), const char *argument)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(become_user(user) ? action(argument) : 2);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 2;
    return WEXITSTATUS(status);
}

static int cannot_reach(const char *folder)
{
    return access(folder, X_OK) != 0;
}

static int kill_all(const char *nothing)
{
    (void)nothing;
    kill(-1, SIGKILL);
    return 0;
}

void fence_sweep(int user)
{
    if (block)
        as_user(block + (uid_t)user, kill_all, NULL);
}

void fence_choose(int user)
{
    server_user = block ? block + (uid_t)user : 0;
}

int fence_has_users(void)
{
    return block != 0;
}

void fence_give(const char *path, int how)
{
    if (!server_user)
        return;
    /* Sticky: who may add files may not remove or replace those of others. */
    if (chown(path, how == 2 ? server_user : 0, server_user) == 0 && how == 1)
        chmod(path, 01775);
}

void fence_look(int as_server)
{
    if (!server_user)
        return;
    setfsgid(as_server ? server_user : getegid());
    setfsuid(as_server ? server_user : geteuid());
}

/* --- the grader's own processes ----------------------------------------------------------------------------------- */

/* A file that its user alone may run is copied to where nobody asks for a path. */
static int open_program(const char *path)
{
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) != 0 || (info.st_mode & 5) == 5)
        return file;
    int copy = memfd_create("server", MFD_CLOEXEC);
    for (off_t left = info.st_size; left > 0 && copy >= 0;) {
        ssize_t now = sendfile(copy, file, NULL, (size_t)left);
        if (now <= 0)
            break;
        left -= now;
    }
    close(file);
    int readable = open(copy >= 0 ? "/proc/self/fd" : "", O_PATH | O_CLOEXEC); /* a file open for writing cannot run */
    char name[32];
    snprintf(name, sizeof name, "%d", copy);
    file = openat(readable, name, O_RDONLY | O_CLOEXEC);
    close(copy);
    close(readable);
    return file;
}

void fence_begin(const char *path, const char *folder)
{
    prctl(PR_SET_DUMPABLE, 0);
    if (geteuid() != 0)
        return;
    take_users();
    if (!block || as_user(block, cannot_reach, "/") != 0) { /* a namespace with few users, or no right to change */
        block = 0;
        return;
    }
    umask(022);
    chmod(folder, 0711);
    program = open_program(path);
    if (program < 0 || as_user(block, cannot_reach, folder) != 0) {
        fprintf(stderr, "grade: %s must be in folders that every user may enter; TMPDIR names another place\n", folder);
        exit(2);
    }
}

/* --- in the child, between fork and exec: system calls only ------------------------------------------------------- */

static void limit(int resource, rlim_t most)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) == 0) {
        now.rlim_cur = now.rlim_max == RLIM_INFINITY || most < now.rlim_max ? most : now.rlim_max;
        if (resource != RLIMIT_STACK)
            now.rlim_max = now.rlim_cur;
        setrlimit((__rlimit_resource_t)resource, &now);
    }
}

/* When memory runs out the system ends this process first, and not the judge. */
static void go_first(void)
{
    prctl(PR_SET_DUMPABLE, 1); /* otherwise the file is root's */
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0 && write(file, "1000", 4) == 4)
        close(file);
    prctl(PR_SET_DUMPABLE, 0);
}

/*
 * Where there is no other user to become, root at least becomes one without rights. None come back with exec, as the
 * filters forbid the process to gain any.
 */
static void drop_rights(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    syscall(SYS_capset, &header, none);
}

void fence_enter(const char *folder)
{
    if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
        for (int fd = 3; fd < MAX_DESCRIPTORS; fd++)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, FILE_LIMIT);
    limit(RLIMIT_NOFILE, MAX_DESCRIPTORS);
    if (run.wine)
        return;
    go_first();
    limit(RLIMIT_NPROC, server_user ? MAX_PROCESSES : MAX_PROCESSES_OF_A_USER);
    if (!run.sanitized) {
        limit(RLIMIT_STACK, STACK_LIMIT);
        limit(RLIMIT_DATA, MEMORY_LIMIT);
    }
    if (server_user && !become_user(server_user)) {
        dprintf(2, "cannot become user %u: %s\n", server_user, strerror(errno));
        _exit(127);
    }
    drop_rights();
    filter_writes(folder);
    filter_signals();
}

void fence_exec(char *const *arguments)
{
    extern char **environ;
    if (program >= 0)
        fexecve(program, arguments, environ);
    else
        execvp(arguments[0], arguments);
}

/* --- watching ----------------------------------------------------------------------------------------------------- */

/* The inode of the socket that listens on a port, from one of the system's tables; 0: none. -1: there is no table. */
static long listener(const char *table, int port)
{
    char line[400];
    unsigned at, state;
    long inode, found = 0;
    FILE *file = fopen(table, "re");
    if (!file)
        return -1;
    while (!found && fgets(line, sizeof line, file))
        if (sscanf(line, " %*d: %*[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %ld", &at, &state, &inode) == 3 &&
            (int)at == port && state == 10)
            found = inode;
    fclose(file);
    return found;
}

int fence_owns_port(pid_t pid, int port)
{
    char path[64], name[64], target[64];
    long inode = listener("/proc/net/tcp", port);
    int owns = 0;
    if (inode == 0)
        inode = listener("/proc/net/tcp6", port);
    if (inode < 0)
        return 1;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    snprintf(name, sizeof name, "socket:[%ld]", inode);
    fence_look(1);
    DIR *list = opendir(path);
    for (struct dirent *entry; list && !owns && (entry = readdir(list));) {
        ssize_t length = readlinkat(dirfd(list), entry->d_name, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        owns = !strcmp(target, name);
    }
    if (list)
        closedir(list);
    fence_look(0);
    return owns;
}

static off_t held;
static int files;

static int count_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)path, (void)where;
    if (type != FTW_NS)
        held += (off_t)info->st_blocks * 512;
    return ++files > MAX_FILES || held > FOLDER_LIMIT;
}

int fence_overflows(const char *folder)
{
    held = 0, files = 0;
    return nftw(folder, count_entry, 16, FTW_PHYS) == 1;
}
