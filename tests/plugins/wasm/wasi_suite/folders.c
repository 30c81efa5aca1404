/* Open folders. */
#include "suite.h"
#include <stdio.h>

#define NOT_OF_FOLDERS E(ISDIR), E(BADF), E(NOTCAPABLE)

static void close_preopen(void) {
  __wasi_fd_t folder = opened(ROOT, ".", FOLDER, 0);
  __wasi_fdstat_t stat;
  OK(__wasi_fd_close(ROOT));
  CHECK(fdstat_of(folder).fs_filetype == __WASI_FILETYPE_DIRECTORY);
  GIVES(__wasi_fd_fdstat_get(ROOT, &stat), E(BADF));
}

static void overwrite_preopen(void) {
  __wasi_fd_t folder = make_scratch();
  __wasi_filestat_t before = stat_fd(folder);
  __wasi_fdstat_t stat;
  OK(__wasi_fd_renumber(folder, ROOT));
  __wasi_filestat_t after = stat_fd(ROOT);
  CHECK(before.dev == after.dev && before.ino == after.ino);
  GIVES(__wasi_fd_fdstat_get(folder, &stat), E(BADF));
  OK(__wasi_fd_close(ROOT));
}

static void operations_of_files(void) {
  __wasi_fd_t folder = opened(ROOT, ".", FOLDER, 0);
  uint8_t bytes[128] = {0}, name[4097];
  size_t done;
  __wasi_filesize_t at;
  __wasi_prestat_t prestat;
  CHECK(stat_fd(folder).filetype == __WASI_FILETYPE_DIRECTORY);
  OK(__wasi_fd_prestat_get(ROOT, &prestat));
  CHECK(prestat.tag == __WASI_PREOPENTYPE_DIR);
  GIVES(__wasi_fd_prestat_dir_name(ROOT, name, 0), E(INVAL), E(NAMETOOLONG));
  OK(__wasi_fd_prestat_dir_name(ROOT, name, prestat.u.dir.pr_name_len + 1));
  __wasi_iovec_t into = {bytes, sizeof bytes};
  __wasi_ciovec_t from = {bytes, sizeof bytes};
  GIVES(read_bytes(folder, bytes, sizeof bytes, &done), NOT_OF_FOLDERS);
  GIVES(__wasi_fd_pread(folder, &into, 1, 0, &done), NOT_OF_FOLDERS);
  GIVES(write_bytes(folder, bytes, sizeof bytes, &done), NOT_OF_FOLDERS);
  GIVES(__wasi_fd_pwrite(folder, &from, 1, 0, &done), NOT_OF_FOLDERS);
  for (int whence = __WASI_WHENCE_SET; whence <= __WASI_WHENCE_END; whence++) {
    GIVES(__wasi_fd_seek(folder, 0, whence, &at), NOT_OF_FOLDERS);
  }
  GIVES(__wasi_fd_tell(folder, &at), NOT_OF_FOLDERS);
  GIVES(__wasi_fd_allocate(folder, 0, 1), NOT_OF_FOLDERS);
  GIVES(__wasi_fd_filestat_set_size(folder, 0), NOT_OF_FOLDERS, E(INVAL));
}

static void seek(void) {
  __wasi_filesize_t at;
  OK(__wasi_path_create_directory(ROOT, "folder"));
  __wasi_fd_t folder = opened(ROOT, "folder", FOLDER, __WASI_RIGHTS_FD_SEEK);
  GIVES(__wasi_fd_seek(folder, 0, __WASI_WHENCE_CUR, &at), NOT_OF_FOLDERS);
  __wasi_fdstat_t stat = fdstat_of(folder);
  CHECK(stat.fs_filetype == __WASI_FILETYPE_DIRECTORY && (stat.fs_rights_base & __WASI_RIGHTS_FD_SEEK) == 0);
  OK(__wasi_fd_close(folder));
  OK(__wasi_path_remove_directory(ROOT, "folder"));
}

typedef struct {
  __wasi_dirent_t head;
  char name[64];
} Entry;

/* Reads entries after a cookie, as many as fit in 256 bytes. */
static size_t list(__wasi_fd_t folder, __wasi_dircookie_t cookie, Entry *entries, bool *is_end) {
  uint8_t bytes[256];
  size_t used = 0, count = 0;
  OK(__wasi_fd_readdir(folder, bytes, sizeof bytes, cookie, &used));
  CHECK(used <= sizeof bytes);
  for (size_t at = 0; at + sizeof(__wasi_dirent_t) <= used; count++) {
    Entry *entry = &entries[count];
    memcpy(&entry->head, bytes + at, sizeof entry->head);
    at += sizeof entry->head;
    if (at + entry->head.d_namlen > used) break;
    memcpy(entry->name, bytes + at, entry->head.d_namlen);
    entry->name[entry->head.d_namlen] = '\0';
    at += entry->head.d_namlen;
  }
  *is_end = used < sizeof bytes;
  return count;
}

static const Entry *named(const Entry *entries, size_t count, const char *name) {
  for (size_t it = 0; it < count; it++) {
    if (strcmp(entries[it].name, name) == 0) return &entries[it];
  }
  fail(__FILE__, __LINE__, name);
  return NULL;
}

static void read_entries(void) {
  __wasi_fd_t folder = make_scratch();
  Entry entries[16];
  bool is_end;
  CHECK(list(folder, 0, entries, &is_end) == 2 && is_end);
  const Entry *itself = named(entries, 2, ".");
  CHECK(itself->head.d_type == __WASI_FILETYPE_DIRECTORY && itself->head.d_ino == stat_fd(folder).ino);
  CHECK(named(entries, 2, "..")->head.d_type == __WASI_FILETYPE_DIRECTORY);
  __wasi_fd_t fd = opened(folder, "file", CREATE, READ | WRITE);
  CHECK(list(folder, 0, entries, &is_end) == 3 && is_end);
  const Entry *file = named(entries, 3, "file");
  CHECK(file->head.d_type == __WASI_FILETYPE_REGULAR_FILE && file->head.d_ino == stat_fd(fd).ino);
  Entry last = entries[2];
  CHECK(list(folder, entries[1].head.d_next, entries, &is_end) == 1 && is_end);
  CHECK(strcmp(entries[0].name, last.name) == 0);
  OK(__wasi_path_unlink_file(folder, "file"));
  char name[16];
  for (int it = 0; it < 100; it++) {
    snprintf(name, sizeof name, "file.%d", it);
    make_file(folder, name);
  }
  size_t total = 0;
  __wasi_dircookie_t cookie = 0;
  for (is_end = false; !is_end;) {
    size_t count = list(folder, cookie, entries, &is_end);
    total += count;
    CHECK(is_end || count > 0);
    if (count > 0) cookie = entries[count - 1].head.d_next;
  }
  CHECK(total == 102);
}

static void open_preopen(void) {
  const uint64_t wanted = __WASI_RIGHTS_PATH_CREATE_DIRECTORY | __WASI_RIGHTS_PATH_CREATE_FILE |
    __WASI_RIGHTS_PATH_LINK_SOURCE | __WASI_RIGHTS_PATH_LINK_TARGET | __WASI_RIGHTS_PATH_OPEN |
    __WASI_RIGHTS_FD_READDIR | __WASI_RIGHTS_PATH_READLINK | __WASI_RIGHTS_PATH_RENAME_SOURCE |
    __WASI_RIGHTS_PATH_RENAME_TARGET | __WASI_RIGHTS_PATH_SYMLINK | __WASI_RIGHTS_PATH_REMOVE_DIRECTORY |
    __WASI_RIGHTS_PATH_UNLINK_FILE | __WASI_RIGHTS_PATH_FILESTAT_GET | __WASI_RIGHTS_PATH_FILESTAT_SET_TIMES |
    __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES;
  const uint64_t inherited = wanted | __WASI_RIGHTS_FD_DATASYNC | READ | WRITE | __WASI_RIGHTS_FD_SEEK |
    __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS | __WASI_RIGHTS_FD_SYNC | __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_ADVISE |
    __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE | __WASI_RIGHTS_POLL_FD_READWRITE;
  __wasi_fdstat_t stat = fdstat_of(ROOT);
  __wasi_fd_t fd;
  CHECK((stat.fs_rights_base & wanted) == wanted);
  CHECK((stat.fs_rights_inheriting & inherited) == inherited);
  OK(__wasi_path_open(ROOT, 0, ".", 0, stat.fs_rights_base, stat.fs_rights_inheriting, 0, &fd));
  OK(opening(ROOT, 0, ".", 0));
  OK(opening(ROOT, 0, ".", FOLDER));
  OK(__wasi_path_open(ROOT, 0, ".", FOLDER, READ, 0, 0, &fd));
  GIVES(__wasi_path_open(ROOT, 0, ".", FOLDER, READ | WRITE, 0, 0, &fd), E(ISDIR));
}

static void open_nonblocking(void) {
  __wasi_fd_t fd;
  OK(__wasi_path_open(ROOT, 0, ".", 0, 0, 0, __WASI_FDFLAGS_NONBLOCK, &fd));
}

static void remove_nonempty(void) {
  __wasi_fd_t folder = make_scratch();
  OK(__wasi_path_create_directory(folder, "dir"));
  OK(__wasi_path_create_directory(folder, "dir/nested"));
  GIVES(__wasi_path_remove_directory(folder, "dir"), E(NOTEMPTY));
  OK(__wasi_path_remove_directory(folder, "dir/nested"));
  OK(__wasi_path_remove_directory(folder, "dir"));
}

static void remove_with_slash(void) {
  OK(__wasi_path_create_directory(ROOT, "dir"));
  OK(__wasi_path_remove_directory(ROOT, "dir"));
  OK(__wasi_path_create_directory(ROOT, "dir"));
  OK(__wasi_path_remove_directory(ROOT, "dir/"));
  make_file(ROOT, "plain");
  GIVES(__wasi_path_remove_directory(ROOT, "plain"), E(NOTDIR));
  GIVES(__wasi_path_remove_directory(ROOT, "plain/"), E(NOTDIR));
  OK(__wasi_path_unlink_file(ROOT, "plain"));
}

const Case folder_cases[] = {
  {"close_preopen", close_preopen},
  {"overwrite_preopen", overwrite_preopen},
  {"dir_fd_op_failures", operations_of_files},
  {"directory_seek", seek},
  {"fd_readdir", read_entries},
  {"path_open_preopen", open_preopen},
  {"path_open_nonblock", open_nonblocking},
  {"remove_nonempty_directory", remove_nonempty},
  {"remove_directory_trailing_slashes", remove_with_slash},
  {NULL, NULL},
};
