/* Open files. */
#include "suite.h"

#define ALL (READ | WRITE | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_FILESTAT_GET)

static void fill(__wasi_fd_t fd, uint8_t value) {
  uint8_t bytes[100];
  size_t done = 0;
  memset(bytes, value, sizeof bytes);
  OK(write_bytes(fd, bytes, sizeof bytes, &done));
  CHECK(done == sizeof bytes);
}

static void check_filled(__wasi_fd_t fd, int64_t offset, uint8_t value) {
  uint8_t bytes[100], expected[100];
  size_t done = 0;
  __wasi_filesize_t at;
  memset(expected, value, sizeof expected);
  OK(__wasi_fd_seek(fd, offset, __WASI_WHENCE_SET, &at));
  OK(read_bytes(fd, bytes, sizeof bytes, &done));
  CHECK(done == sizeof bytes && memcmp(bytes, expected, sizeof bytes) == 0);
}

static void advise(void) {
  __wasi_fd_t fd = opened(ROOT, "file-a", CREATE, ALL | __WASI_RIGHTS_FD_ADVISE | __WASI_RIGHTS_FD_ALLOCATE |
                                                    __WASI_RIGHTS_FD_FILESTAT_SET_SIZE);
  CHECK(stat_fd(fd).size == 0);
  OK(__wasi_fd_filestat_set_size(fd, 100));
  CHECK(stat_fd(fd).size == 100);
  OK(__wasi_fd_advise(fd, 10, 50, __WASI_ADVICE_NORMAL));
  CHECK(stat_fd(fd).size == 100);
  int got = __wasi_fd_allocate(fd, 100, 100);
  GIVES(got, 0, E(NOTSUP));
  if (got == 0) CHECK(stat_fd(fd).size == 200);
}

static void allocate(void) {
  __wasi_fd_t fd = opened(make_scratch(), "file", CREATE, ALL | __WASI_RIGHTS_FD_ALLOCATE);
  CHECK(stat_fd(fd).size == 0);
  int got = __wasi_fd_allocate(fd, 0, 100);
  GIVES(got, 0, E(NOTSUP));
  if (got != 0) return;
  CHECK(stat_fd(fd).size == 100);
  OK(__wasi_fd_allocate(fd, 10, 10));
  CHECK(stat_fd(fd).size == 100);
  OK(__wasi_fd_allocate(fd, 90, 20));
  CHECK(stat_fd(fd).size == 110);
}

static void set_rights(void) {
  __wasi_fd_t fd = opened(make_scratch(), "file", CREATE, ALL);
  __wasi_fdstat_t before = fdstat_of(fd);
  int got = __wasi_fd_fdstat_set_rights(fd, before.fs_rights_base, before.fs_rights_inheriting);
  if (got == E(NOTSUP)) return;
  fill(fd, 3);
  check_filled(fd, 0, 3);
  OK(__wasi_fd_fdstat_set_rights(fd, before.fs_rights_base & ~(READ | WRITE), before.fs_rights_inheriting));
  __wasi_fdstat_t after = fdstat_of(fd);
  CHECK((after.fs_rights_base & (READ | WRITE)) == 0);
  CHECK((after.fs_rights_base & __WASI_RIGHTS_FD_SEEK) != 0);
  char byte = 0;
  size_t done;
  GIVES(read_bytes(fd, &byte, 1, &done), E(BADF), E(NOTCAPABLE));
  GIVES(write_bytes(fd, &byte, 1, &done), E(BADF), E(NOTCAPABLE));
  GIVES(__wasi_fd_fdstat_set_rights(fd, after.fs_rights_base | READ | WRITE, after.fs_rights_inheriting | READ),
        E(NOTCAPABLE));
}

static void set_size_and_times(void) {
  __wasi_fd_t fd = opened(ROOT, "file-t", CREATE, ALL | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE |
                                                    __WASI_RIGHTS_FD_FILESTAT_SET_TIMES);
  CHECK(stat_fd(fd).size == 0);
  OK(__wasi_fd_filestat_set_size(fd, 100));
  __wasi_filestat_t old = stat_fd(fd);
  CHECK(old.size == 100);
  OK(__wasi_fd_filestat_set_times(fd, old.mtim - 100, old.mtim - 100, __WASI_FSTFLAGS_MTIM));
  __wasi_filestat_t new = stat_fd(fd);
  CHECK(new.size == 100 && new.mtim == old.mtim - 100 && new.atim == old.atim);
}

static void set_flags(void) {
  __wasi_fd_t fd;
  __wasi_filesize_t at;
  uint64_t rights = ALL | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS;
  OK(__wasi_path_open(ROOT, 0, "file-f", CREATE, rights, 0, __WASI_FDFLAGS_APPEND, &fd));
  fill(fd, 0);
  check_filled(fd, 0, 0);
  OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &at));
  fill(fd, 1);
  check_filled(fd, 100, 1);
  OK(__wasi_fd_fdstat_set_flags(fd, 0));
  OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &at));
  fill(fd, 2);
  check_filled(fd, 0, 2);
  CHECK(stat_path(ROOT, 0, "file-f").size == 200);
}

static void read_and_write_at(void) {
  __wasi_fd_t fd = opened(make_scratch(), "file", CREATE, ALL);
  uint8_t bytes[4] = {0, 1, 2, 3};
  size_t done = 0;
  __wasi_ciovec_t whole = {bytes, 4}, halves[] = {{bytes, 2}, {bytes + 2, 2}}, end = {(uint8_t[]){1, 0}, 2};
  OK(__wasi_fd_pwrite(fd, &whole, 1, 0, &done));
  CHECK(done == 4);
  uint8_t read[4] = {9, 9, 9, 9};
  __wasi_iovec_t into = {read, 4}, parts[] = {{read, 2}, {read + 2, 2}};
  OK(__wasi_fd_pread(fd, &into, 1, 0, &done));
  CHECK(done == 4 && memcmp(read, bytes, 4) == 0);
  for (size_t at = 0; at < 4; at += done) OK(__wasi_fd_pwrite(fd, at == 0 ? halves : &halves[1], at == 0 ? 2 : 1, at, &done));
  memset(read, 9, 4);
  OK(__wasi_fd_pread(fd, parts, 2, 0, &done));
  CHECK(done >= 2 && memcmp(read, bytes, done) == 0);
  memset(read, 9, 4);
  OK(__wasi_fd_pread(fd, &into, 1, 2, &done));
  CHECK(done == 2 && read[0] == 2 && read[1] == 3 && read[2] == 9);
  OK(__wasi_fd_pwrite(fd, &end, 1, 2, &done));
  OK(__wasi_fd_pread(fd, &into, 1, 0, &done));
  CHECK(done == 4 && memcmp(read, (uint8_t[]){0, 1, 1, 0}, 4) == 0);
}

static void seek_and_tell(void) {
  __wasi_fd_t fd = opened(make_scratch(), "file", CREATE, ALL);
  __wasi_filesize_t at = 9;
  OK(__wasi_fd_tell(fd, &at));
  CHECK(at == 0);
  fill(fd, 0);
  OK(__wasi_fd_tell(fd, &at));
  CHECK(at == 100);
  OK(__wasi_fd_seek(fd, -50, __WASI_WHENCE_CUR, &at));
  CHECK(at == 50);
  OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &at));
  CHECK(at == 0);
  OK(__wasi_fd_seek(fd, 1000, __WASI_WHENCE_CUR, &at));
  GIVES(__wasi_fd_seek(fd, -2000, __WASI_WHENCE_CUR, &at), E(INVAL));
  check_filled(fd, 0, 0);
  OK(__wasi_fd_tell(fd, &at));
  CHECK(at == 100);
}

static void truncate_at_open(void) {
  __wasi_fd_t folder = make_scratch();
  __wasi_fd_t fd = opened(folder, "test.txt", CREATE, WRITE);
  fill(fd, 1);
  OK(__wasi_fd_close(fd));
  fd = opened(folder, "test.txt", CREATE | __WASI_OFLAGS_TRUNC, READ | WRITE);
  char bytes[100];
  size_t done = 9;
  OK(read_bytes(fd, bytes, sizeof bytes, &done));
  CHECK(done == 0);
}

static void write_unbuffered(void) {
  __wasi_fd_t folder = make_scratch();
  __wasi_fd_t reading = opened(folder, "file", CREATE, READ), writing = opened(folder, "file", 0, WRITE);
  uint8_t byte = 1, read = 0;
  size_t done = 0;
  OK(write_bytes(writing, &byte, 1, &done));
  OK(read_bytes(reading, &read, 1, &done));
  CHECK(done == 1 && read == 1);
}

static void set_times_flags(void) {
  __wasi_fd_t fd = opened(ROOT, "file-v", CREATE, READ | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES);
  GIVES(__wasi_fd_filestat_set_times(fd, 100, 200, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW), E(INVAL));
  GIVES(__wasi_fd_filestat_set_times(fd, 100, 200, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW), E(INVAL));
}

static void open_to_read_and_write(void) {
  __wasi_fd_t folder = make_scratch();
  char bytes[200];
  size_t done = 9;
  make_file(folder, "file");
  __wasi_fd_t fd = opened(folder, "file", 0, READ);
  CHECK((fdstat_of(fd).fs_rights_base & (READ | WRITE)) == READ);
  OK(read_bytes(fd, bytes, sizeof bytes, &done));
  CHECK(done == 0);
  GIVES(write_bytes(fd, bytes, 1, &done), E(BADF), E(NOTCAPABLE), E(ACCES));
  fd = opened(folder, "file", 0, WRITE);
  CHECK((fdstat_of(fd).fs_rights_base & (READ | WRITE)) == WRITE);
  GIVES(read_bytes(fd, bytes, 1, &done), E(BADF), E(NOTCAPABLE), E(ACCES));
  fill(fd, 1);
  fd = opened(folder, "file", 0, READ | WRITE | __WASI_RIGHTS_FD_FILESTAT_GET);
  CHECK((fdstat_of(fd).fs_rights_base & (READ | WRITE)) == (READ | WRITE));
  OK(read_bytes(fd, bytes, 100, &done));
  CHECK(done == 100);
  fill(fd, 2);
  CHECK(stat_fd(fd).size == 200);
}

static void renumber(void) {
  __wasi_fd_t from = opened(ROOT, "file1", CREATE, READ | WRITE), to = opened(ROOT, "file2", CREATE, READ | WRITE);
  __wasi_fdstat_t before = fdstat_of(from);
  OK(__wasi_fd_renumber(from, to));
  GIVES(__wasi_fd_close(from), E(BADF));
  __wasi_fdstat_t after = fdstat_of(to);
  CHECK(before.fs_filetype == after.fs_filetype && before.fs_flags == after.fs_flags);
  CHECK(before.fs_rights_base == after.fs_rights_base && before.fs_rights_inheriting == after.fs_rights_inheriting);
  GIVES(__wasi_fd_renumber(to, from), E(BADF));
  OK(__wasi_fd_close(to));
}

static void truncation_rights(void) {
  __wasi_fd_t folder = make_scratch();
  make_file(folder, "file");
  __wasi_fdstat_t stat = fdstat_of(folder);
  CHECK(stat.fs_filetype == __WASI_FILETYPE_DIRECTORY && stat.fs_flags == 0);
  CHECK((stat.fs_rights_base & __WASI_RIGHTS_FD_FILESTAT_SET_SIZE) == 0);
  uint64_t base = stat.fs_rights_base, inheriting = stat.fs_rights_inheriting;
  if ((base & __WASI_RIGHTS_PATH_FILESTAT_SET_SIZE) == 0) return;
  OK(opening(folder, 0, "file", __WASI_OFLAGS_TRUNC));
  inheriting &= ~__WASI_RIGHTS_FD_FILESTAT_SET_SIZE;
  OK(__wasi_fd_fdstat_set_rights(folder, base, inheriting));
  OK(opening(folder, 0, "file", __WASI_OFLAGS_TRUNC));
  base &= ~__WASI_RIGHTS_PATH_FILESTAT_SET_SIZE;
  OK(__wasi_fd_fdstat_set_rights(folder, base, inheriting));
  CHECK((fdstat_of(folder).fs_rights_base & __WASI_RIGHTS_PATH_FILESTAT_SET_SIZE) == 0);
  GIVES(opening(folder, 0, "file", __WASI_OFLAGS_TRUNC), E(PERM), E(NOTCAPABLE));
}

const Case file_cases[] = {
  {"fd_advise", advise},
  {"file_allocate", allocate},
  {"fd_fdstat_set_rights", set_rights},
  {"fd_filestat_set", set_size_and_times},
  {"fd_flags_set", set_flags},
  {"file_pread_pwrite", read_and_write_at},
  {"file_seek_tell", seek_and_tell},
  {"file_truncation", truncate_at_open},
  {"file_unbuffered_write", write_unbuffered},
  {"fstflags_validate", set_times_flags},
  {"path_open_read_write", open_to_read_and_write},
  {"renumber", renumber},
  {"truncation_rights", truncation_rights},
  {NULL, NULL},
};
