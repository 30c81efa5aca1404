/* Runs the case that CASE, or the first argument, names. */
#include "suite.h"
#include <stdio.h>

void fail(const char *file, int line, const char *text) {
  fprintf(stderr, "%s:%d: %s\n", file, line, text);
  exit(1);
}

void expect(int got, const int *allowed, const char *file, int line, const char *text) {
  for (const int *it = allowed; *it >= 0; it++) {
    if (*it == got) return;
  }
  fprintf(stderr, "%s:%d: %s gave %d\n", file, line, text, got);
  exit(1);
}

__wasi_fd_t opened(__wasi_fd_t folder, const char *path, int flags, uint64_t rights) {
  __wasi_fd_t fd = 0;
  GIVES(__wasi_path_open(folder, 0, path, flags, rights, rights, 0, &fd), 0);
  CHECK(fd > 2);
  return fd;
}

int opening(__wasi_fd_t folder, int lookup, const char *path, int flags) {
  __wasi_fd_t fd;
  int got = __wasi_path_open(folder, lookup, path, flags, 0, 0, 0, &fd);
  if (got == 0) OK(__wasi_fd_close(fd));
  return got;
}

void make_file(__wasi_fd_t folder, const char *path) { OK(opening(folder, 0, path, CREATE)); }

__wasi_fd_t make_scratch(void) {
  OK(__wasi_path_create_directory(ROOT, "scratch"));
  return opened(ROOT, "scratch", FOLDER, 0);
}

const char *root_path(void) {
  static char path[4096];
  __wasi_prestat_t prestat;
  OK(__wasi_fd_prestat_get(ROOT, &prestat));
  OK(__wasi_fd_prestat_dir_name(ROOT, (uint8_t *)path, prestat.u.dir.pr_name_len));
  return path;
}

int write_bytes(__wasi_fd_t fd, const void *bytes, size_t length, size_t *done) {
  __wasi_ciovec_t part = {.buf = bytes, .buf_len = length};
  return __wasi_fd_write(fd, &part, 1, done);
}

int read_bytes(__wasi_fd_t fd, void *bytes, size_t length, size_t *done) {
  __wasi_iovec_t part = {.buf = bytes, .buf_len = length};
  return __wasi_fd_read(fd, &part, 1, done);
}

__wasi_filestat_t stat_fd(__wasi_fd_t fd) {
  __wasi_filestat_t stat;
  OK(__wasi_fd_filestat_get(fd, &stat));
  return stat;
}

__wasi_filestat_t stat_path(__wasi_fd_t folder, int lookup, const char *path) {
  __wasi_filestat_t stat;
  OK(__wasi_path_filestat_get(folder, lookup, path, &stat));
  return stat;
}

__wasi_fdstat_t fdstat_of(__wasi_fd_t fd) {
  __wasi_fdstat_t stat;
  OK(__wasi_fd_fdstat_get(fd, &stat));
  return stat;
}

int main(int argc, char **argv) {
  const char *name = getenv("CASE");
  if (name == NULL) name = argc > 1 ? argv[1] : "";
  const Case *lists[] = {process_cases, libc_cases, file_cases, folder_cases, path_cases, link_cases};
  for (size_t list = 0; list < sizeof lists / sizeof *lists; list++) {
    for (const Case *it = lists[list]; it->name != NULL; it++) {
      if (strcmp(it->name, name) != 0) continue;
      it->run();
      return 0;
    }
  }
  fprintf(stderr, "no case \"%s\"\n", name);
  return 2;
}
