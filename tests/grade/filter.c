/* Rules that a process lays on itself: see filter.h. */
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- Landlock: declared here, as headers of older systems do not have it; the numbers are the same everywhere ----- */

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, PATH_BENEATH = 1 };

struct ruleset {
    uint64_t handled; /* what is forbidden unless a rule allows it */
};

struct path_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

enum {
    WRITE_FILE = 1 << 1,
    REMOVE_AND_MAKE = 0x1FF0, /* remove a folder, a file; make a device, a folder, a file, a socket, a pipe, a link */
    REFER = 1 << 13,          /* move to another folder: since version 2 */
    TRUNCATE = 1 << 14        /* since version 3 */
};

static void allow(int rules, const char *path, uint64_t what)
{
    struct path_beneath rule = {.allowed = what, .parent = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent >= 0) {
        syscall(ADD_RULE, rules, PATH_BENEATH, &rule, 0);
        close(rule.parent);
    }
}

void filter_writes(const char *folder)
{
    long version = syscall(CREATE_RULESET, NULL, 0, 1);
    struct ruleset all = {.handled = WRITE_FILE | REMOVE_AND_MAKE};
    if (version < 1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return;
    if (version >= 2)
        all.handled |= REFER;
    if (version >= 3)
        all.handled |= TRUNCATE;
    int rules = (int)syscall(CREATE_RULESET, &all, sizeof all, 0);
    if (rules < 0)
        return;
    allow(rules, folder, all.handled);
    allow(rules, "/dev/null", all.handled & (WRITE_FILE | TRUNCATE));
    syscall(RESTRICT_SELF, rules, 0);
    close(rules);
}

/* --- seccomp ------------------------------------------------------------------------------------------------------ */

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE
enum { OTHER_NUMBERS = 0x40000000, SEND_BY_DESCRIPTOR = 424, SET_OWNER_IOCTL = 0x8901 };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
/* Goes on with the next line if the value is equal, otherwise skips lines; and the other way round. */
#define UNLESS_EQUAL_SKIP(value, lines) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, lines)
#define IF_EQUAL_SKIP(value, lines) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), lines, 0)
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EPERM)
#define PERMIT RETURN(SECCOMP_RET_ALLOW)

/* These calls name a process, by the low half of an argument: it must be this one, whichever way it is written. */
#define ONLY_ON_ITSELF(number)                                                                                         \
    UNLESS_EQUAL_SKIP(number, 6), LOAD(args[0]), IF_EQUAL_SKIP(self, 2), IF_EQUAL_SKIP(0, 1),                          \
        UNLESS_EQUAL_SKIP(-self, 1), PERMIT, REFUSE
#define NEVER(number) UNLESS_EQUAL_SKIP(number, 1), REFUSE
#define NOT_WITH(number, argument, one, other)                                                                         \
    UNLESS_EQUAL_SKIP(number, 5), LOAD(args[argument]), IF_EQUAL_SKIP(one, 2), IF_EQUAL_SKIP(other, 1), PERMIT, REFUSE

void filter_signals(void)
{
    pid_t self = getpid();
    struct sock_filter lines[] = {
        LOAD(arch),
        IF_EQUAL_SKIP(ARCHITECTURE, 1),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_NUMBERS, 0, 1),
        REFUSE,
        ONLY_ON_ITSELF(SYS_kill),
        ONLY_ON_ITSELF(SYS_tgkill),
        ONLY_ON_ITSELF(SYS_rt_sigqueueinfo),
        ONLY_ON_ITSELF(SYS_rt_tgsigqueueinfo),
        ONLY_ON_ITSELF(SYS_prlimit64),
        NEVER(SYS_tkill),
        NEVER(SEND_BY_DESCRIPTOR),
        /* The system signals the owner of a descriptor. */
        NOT_WITH(SYS_fcntl, 1, F_SETOWN, F_SETOWN_EX),
        NOT_WITH(SYS_ioctl, 1, SET_OWNER_IOCTL, SET_OWNER_IOCTL + 1),
        PERMIT,
    };
    struct sock_fprog filter = {.len = sizeof lines / sizeof *lines, .filter = lines};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
#else
void filter_signals(void) {}
#endif
