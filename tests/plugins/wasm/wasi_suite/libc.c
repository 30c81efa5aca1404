/* The same through the C library. The granted folder has `file`, `lseek.txt`, `pread.txt`, `fopendir.dir` and
 * `writeable`. */
#include "suite.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void resolution_monotonic(void) {
  struct timespec time;
  CHECK(clock_getres(CLOCK_MONOTONIC, &time) == 0);
}

static void resolution_realtime(void) {
  struct timespec time;
  CHECK(clock_getres(CLOCK_REALTIME, &time) == 0);
}

static void time_monotonic(void) {
  struct timespec one, two;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &one) == 0 && clock_gettime(CLOCK_MONOTONIC, &two) == 0);
  CHECK(one.tv_sec < two.tv_sec || (one.tv_sec == two.tv_sec && one.tv_nsec <= two.tv_nsec));
}

static void time_realtime(void) {
  struct timespec time;
  CHECK(clock_gettime(CLOCK_REALTIME, &time) == 0);
}

static void enter_root(void) { CHECK(chdir(root_path()) == 0); }

static void list_folder(void) {
  enter_root();
  int fd = open("fopendir.dir", O_RDONLY | O_DIRECTORY);
  CHECK(fd >= 0);
  DIR *folder = fdopendir(fd);
  CHECK(folder != NULL);
  ino_t seen[2] = {0};
  for (struct dirent *it; (it = readdir(folder)) != NULL;) {
    if (it->d_name[0] == '.') continue;
    struct stat stat;
    CHECK(strncmp(it->d_name, "file-", 5) == 0 && (it->d_name[5] == '0' || it->d_name[5] == '1'));
    CHECK(fstatat(fd, it->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0);
    CHECK(stat.st_ino == it->d_ino);
    seen[it->d_name[5] - '0'] = it->d_ino;
  }
  closedir(folder);
  CHECK(seen[0] != 0 && seen[1] != 0 && seen[0] != seen[1]);
}

static void open_stream(void) {
  enter_root();
  FILE *file = fopen("file", "r");
  CHECK(file != NULL && fclose(file) == 0);
}

static void open_outside(void) {
  CHECK(fopen("fs-tests.dir/file", "r") == NULL);
  CHECK(errno == ENOTCAPABLE || errno == ENOENT);
}

static void seek_stream(void) {
  enter_root();
  char bytes[4];
  FILE *file = fopen("lseek.txt", "r");
  CHECK(file != NULL);
  int fd = fileno(file);
  CHECK(fread(bytes, 1, 4, file) == 4);
  fflush(file);
  CHECK(lseek(fd, 0, SEEK_CUR) == 4);
  CHECK(fread(bytes, 1, 1, file) == 1);
  fflush(file);
  CHECK(lseek(fd, 0, SEEK_CUR) == 5 && bytes[0] == '4');
  CHECK(lseek(fd, 0, SEEK_SET) == 0 && lseek(fd, 0, SEEK_END) == 8);
}

static void read_at(void) {
  enter_root();
  char bytes[3];
  int fd = open("pread.txt", O_RDONLY);
  CHECK(fd >= 0);
  for (size_t done = 0; done < sizeof bytes;) {
    ssize_t count = pread(fd, bytes + done, sizeof bytes - done, 4 + done);
    CHECK(count > 0);
    done += count;
  }
  CHECK(memcmp(bytes, "d-t", 3) == 0 && close(fd) == 0);
}

static void write_at(int fd, const char *text, off_t offset) {
  for (size_t done = 0, length = strlen(text); done < length;) {
    ssize_t count = pwrite(fd, text + done, length - done, offset + done);
    CHECK(count > 0);
    done += count;
  }
}

static void write_in_place(void) {
  enter_root();
  const char *path = "writeable/test_pwrite_pread.txt.cleanup";
  char bytes[16] = {0};
  CHECK(access(path, F_OK) != 0);
  int fd = open(path, O_WRONLY | O_CREAT);
  CHECK(fd >= 0);
  write_at(fd, "very long text", 0);
  write_at(fd, "test", 3);
  CHECK(close(fd) == 0);
  fd = open(path, O_RDONLY);
  CHECK(fd >= 0 && read(fd, bytes, sizeof bytes) == 14);
  CHECK(strcmp(bytes, "vertestng text") == 0);
  CHECK(close(fd) == 0 && remove(path) == 0);
}

static void write_appending(void) {
  enter_root();
  int fd = open("pwrite.cleanup", O_CREAT | O_TRUNC | O_WRONLY | O_APPEND);
  CHECK(fd >= 0 && write(fd, "ab", 2) == 2);
  CHECK(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "cd", 2) == 2);
  CHECK(lseek(fd, 0, SEEK_CUR) == 4);
  CHECK(pwrite(fd, "efg", 3, 0) == 3);
  CHECK(lseek(fd, 0, SEEK_CUR) == 4);
  off_t end = lseek(fd, 0, SEEK_END);
  CHECK(end == 4 || end == 7);
}

static void shutdown_closed(void) {
  /* the official case has no folder, and finds 3 closed */
  CHECK(shutdown(63, SHUT_RD) != 0 && errno == EBADF);
}

static void shutdown_stream(void) { CHECK(shutdown(STDOUT_FILENO, SHUT_RD) != 0 && errno == ENOTSOCK); }

static void identity(void) {
  enter_root();
  struct stat one, two;
  int first = open("file", O_RDONLY), second = open("lseek.txt", O_RDONLY);
  CHECK(first >= 0 && second >= 0);
  CHECK(fstat(first, &one) == 0 && fstat(second, &two) == 0);
  CHECK(one.st_dev == two.st_dev && one.st_ino != two.st_ino);
}

const Case libc_cases[] = {
  {"clock_getres-monotonic", resolution_monotonic},
  {"clock_getres-realtime", resolution_realtime},
  {"clock_gettime-monotonic", time_monotonic},
  {"clock_gettime-realtime", time_realtime},
  {"fdopendir-with-access", list_folder},
  {"fopen-with-access", open_stream},
  {"fopen-with-no-access", open_outside},
  {"lseek", seek_stream},
  {"pread-with-access", read_at},
  {"pwrite-with-access", write_in_place},
  {"pwrite-with-append", write_appending},
  {"sock_shutdown-invalid_fd", shutdown_closed},
  {"sock_shutdown-not_sock", shutdown_stream},
  {"stat-dev-ino", identity},
  {NULL, NULL},
};
