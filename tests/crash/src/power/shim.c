/* A disk that remembers what it was told to keep.
 *
 * Preloaded into the program (LD_PRELOAD), it watches one folder, CRASH_FOLDER. When a file of it is synced, its content is copied to
 * CRASH_SHADOW/content under the file's identity (inode and birth time); when the folder itself is synced, the names and
 * identities of its files are written to CRASH_SHADOW/names. A file exists after a power cut only by both: POSIX promises no more.
 *
 * While the file CRASH_FAULT exists, the folder's files fail in the ways whose letters it holds: w(rite) with ENOSPC,
 * s(ync) with EIO, r(ead) with EIO.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder, *shadow, *fault;
static int (*real_fsync)(int), (*real_fdatasync)(int);
static ssize_t (*real_read)(int, void *, size_t), (*real_pread)(int, void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t), (*real_pwrite)(int, const void *, size_t, off_t);

__attribute__((constructor)) static void begin(void)
{
    folder = getenv("CRASH_FOLDER");
    shadow = getenv("CRASH_SHADOW");
    fault = getenv("CRASH_FAULT");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_read = dlsym(RTLD_NEXT, "read");
    real_pread = dlsym(RTLD_NEXT, "pread64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
}

/* The shadow is what a test trusts: when it cannot be kept, nothing may go on. */
static void give_up(const char *doing)
{
    fprintf(stderr, "shim: cannot %s: %s\n", doing, strerror(errno));
    _exit(70);
}

static int path_of(int fd, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return 1;
}

/* Whether fd is a file directly in the folder; one that was removed is not. */
static int is_ours(int fd)
{
    char path[PATH_MAX];
    size_t length = folder ? strlen(folder) : 0;
    if (!folder || !path_of(fd, path) || strncmp(path, folder, length) != 0 || path[length] != '/')
        return 0;
    return !strchr(path + length + 1, '/') && !strstr(path, " (deleted)");
}

static int is_folder(int fd)
{
    char path[PATH_MAX];
    return folder && path_of(fd, path) && strcmp(path, folder) == 0;
}

static int identity(int at, const char *name, int flags, char *text)
{
    struct statx found;
    if (statx(at, name, flags, STATX_TYPE | STATX_INO | STATX_BTIME, &found) != 0)
        return 0;
    snprintf(text, 80, "%llu-%lld-%u", (unsigned long long)found.stx_ino, (long long)found.stx_btime.tv_sec,
             found.stx_btime.tv_nsec);
    return S_ISREG(found.stx_mode);
}

static FILE *beside(char *path)
{
    static _Atomic unsigned count;
    snprintf(path, PATH_MAX, "%s/%d-%u.unfinished", shadow, (int)getpid(), count++);
    FILE *file = fopen(path, "w");
    if (!file)
        give_up("write to the shadow");
    return file;
}

/* Puts a finished file in its place, so that a kill leaves the one from before. */
static void replace(FILE *file, const char *from, const char *to)
{
    if (fclose(file) != 0 || rename(from, to) != 0)
        give_up("finish a file of the shadow");
}

/* Reads through the descriptor itself: closing another one of the same file would drop SQLite's locks on it. */
static void keep_content(int fd)
{
    char id[80], from[PATH_MAX], to[PATH_MAX], link[64], bytes[65536];
    if (!shadow || !identity(fd, "", AT_EMPTY_PATH, id))
        return;
    FILE *copy = beside(from);
    int own = fd;
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        own = open(link, O_RDONLY | O_CLOEXEC);
    }
    off_t offset = 0;
    ssize_t count;
    while ((count = real_pread(own, bytes, sizeof bytes, offset)) > 0) {
        if (fwrite(bytes, 1, (size_t)count, copy) != (size_t)count)
            give_up("copy to the shadow");
        offset += count;
    }
    if (count < 0)
        give_up("read what was synced");
    if (own != fd)
        close(own);
    snprintf(to, sizeof to, "%s/content/%s", shadow, id);
    replace(copy, from, to);
}

static void keep_names(void)
{
    char id[80], from[PATH_MAX], to[PATH_MAX];
    DIR *entries = shadow ? opendir(folder) : NULL;
    if (!entries)
        return;
    FILE *names = beside(from);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (identity(dirfd(entries), entry->d_name, AT_SYMLINK_NOFOLLOW, id))
            fprintf(names, "%s %s\n", id, entry->d_name);
    closedir(entries);
    snprintf(to, sizeof to, "%s/names", shadow);
    replace(names, from, to);
}

static int fails(int fd, char kind)
{
    char kinds[8] = "";
    int flags = fault && folder ? open(fault, O_RDONLY | O_CLOEXEC) : -1;
    if (flags < 0)
        return 0;
    ssize_t length = real_read(flags, kinds, sizeof kinds - 1);
    close(flags);
    return length > 0 && strchr(kinds, kind) && is_ours(fd);
}

static int synced(int fd, int (*sync)(int))
{
    if (fails(fd, 's')) {
        errno = EIO;
        return -1;
    }
    int result = sync(fd);
    int before = errno;
    if (result == 0 && is_ours(fd))
        keep_content(fd);
    else if (result == 0 && is_folder(fd))
        keep_names();
    errno = before;
    return result;
}

#define REFUSE(kind, code) \
    if (fails(fd, kind)) { \
        errno = code; \
        return -1; \
    }

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

ssize_t read(int fd, void *to, size_t count)
{
    REFUSE('r', EIO)
    return real_read(fd, to, count);
}

ssize_t pread64(int fd, void *to, size_t count, off64_t offset)
{
    REFUSE('r', EIO)
    return real_pread(fd, to, count, offset);
}

ssize_t pread(int fd, void *to, size_t count, off_t offset) { return pread64(fd, to, count, offset); }

ssize_t write(int fd, const void *from, size_t count)
{
    REFUSE('w', ENOSPC)
    return real_write(fd, from, count);
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t offset)
{
    REFUSE('w', ENOSPC)
    return real_pwrite(fd, from, count, offset);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t offset) { return pwrite64(fd, from, count, offset); }
