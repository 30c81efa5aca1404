/* What the cases are written with. A case is a function; it returns when all holds, and exits with 1 when not. */
#ifndef SUITE_H
#define SUITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

typedef struct {
  const char *name;
  void (*run)(void);
} Case;

/* Each ends with an entry without a name. */
extern const Case process_cases[], libc_cases[], file_cases[], folder_cases[], path_cases[], link_cases[];

/* The granted folder; its path is root_path(). */
#define ROOT 3
#define READ __WASI_RIGHTS_FD_READ
#define WRITE __WASI_RIGHTS_FD_WRITE
#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW
#define CREATE __WASI_OFLAGS_CREAT
#define FOLDER __WASI_OFLAGS_DIRECTORY
#define E(name) __WASI_ERRNO_##name

void fail(const char *file, int line, const char *text);
void expect(int got, const int *allowed, const char *file, int line, const char *text);

#define CHECK(condition) ((condition) ? (void)0 : fail(__FILE__, __LINE__, #condition))
/* Expects one of some numbers of a call. */
#define GIVES(call, ...) expect(call, (const int[]){__VA_ARGS__, -1}, __FILE__, __LINE__, #call)
#define OK(call) GIVES(call, 0)

/* Opens what must open. */
__wasi_fd_t opened(__wasi_fd_t folder, const char *path, int flags, uint64_t rights);
/* The number of an attempt to open; what opens is closed again. */
int opening(__wasi_fd_t folder, int lookup, const char *path, int flags);
/* Makes an empty file. */
void make_file(__wasi_fd_t folder, const char *path);
/* Makes a folder in the granted one, and opens it. */
__wasi_fd_t make_scratch(void);
const char *root_path(void);

int write_bytes(__wasi_fd_t fd, const void *bytes, size_t length, size_t *done);
int read_bytes(__wasi_fd_t fd, void *bytes, size_t length, size_t *done);
__wasi_filestat_t stat_fd(__wasi_fd_t fd);
__wasi_filestat_t stat_path(__wasi_fd_t folder, int lookup, const char *path);
__wasi_fdstat_t fdstat_of(__wasi_fd_t fd);

#endif
