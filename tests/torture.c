/* Makes the n-th allocation, thread or write of a process fail: to be preloaded (LD_PRELOAD) into the service.
 *
 * The file that TORTURE names is mapped by the process and by the test: it says what fails, and counts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ALLOCATION = 1, THREAD = 2, WRITE = 3 };

struct plan {
    long kind;    /* which of these fails */
    long nth;     /* which of them, from 0 */
    long smallest; /* allocations of fewer bytes are not counted */
    long count;   /* how many there were */
};

static struct plan *plan;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("TORTURE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED) plan = mapped;
}

static int fails(long kind) {
    return plan && plan->kind == kind && __atomic_fetch_add(&plan->count, 1, __ATOMIC_SEQ_CST) == plan->nth;
}

/* What a write to this descriptor may fail with: of those that wake a thread up none does. */
static int write_error(int fd) {
    struct stat status;
    if (!plan || plan->kind != WRITE || fstat(fd, &status)) return 0;
    int error = S_ISSOCK(status.st_mode) ? ECONNRESET : S_ISREG(status.st_mode) ? ENOSPC : 0;
    return error && fails(WRITE) ? error : 0;
}

static int is_large(size_t size) { return plan && (long)size >= plan->smallest; }

#define REAL(result, name, ...)                              \
    static result (*real)(__VA_ARGS__);                      \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
    if (is_large(size) && fails(ALLOCATION)) return errno = ENOMEM, NULL;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    if (is_large(count * size) && fails(ALLOCATION)) return errno = ENOMEM, NULL;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    if (is_large(size) && fails(ALLOCATION)) return errno = ENOMEM, NULL;
    return __libc_realloc(memory, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (is_large(size) && fails(ALLOCATION)) return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t size) {
    if (is_large(size) && fails(ALLOCATION)) return errno = ENOMEM, NULL;
    return __libc_memalign(alignment, size);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    REAL(int, "pthread_create", pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    return fails(THREAD) ? EAGAIN : real(thread, attributes, start, argument);
}

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    int error = write_error(fd);
    return error ? errno = error, -1 : real(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    int error = write_error(fd);
    return error ? errno = error, -1 : real(fd, pieces, count);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    REAL(ssize_t, "send", int, const void *, size_t, int);
    int error = write_error(fd);
    return error ? errno = error, -1 : real(fd, data, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    REAL(ssize_t, "sendmsg", int, const struct msghdr *, int);
    int error = write_error(fd);
    return error ? errno = error, -1 : real(fd, message, flags);
}
