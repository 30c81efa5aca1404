/* Paths: what is opened, moved and removed by them. */
#include "suite.h"

/* The call itself, since a C string has no zero inside. */
int32_t call_path_open(int32_t, int32_t, const char *, int32_t, int32_t, int64_t, int64_t, int32_t, __wasi_fd_t *)
  __attribute__((import_module("wasi_snapshot_preview1"), import_name("path_open")));

static void dangling_fd(void) {
  make_file(ROOT, "a-file");
  OK(opening(ROOT, 0, "a-file", 0));
  OK(__wasi_path_unlink_file(ROOT, "a-file"));
  make_file(ROOT, "a-file");
  OK(__wasi_path_unlink_file(ROOT, "a-file"));
  OK(__wasi_path_create_directory(ROOT, "a-folder"));
  OK(opening(ROOT, 0, "a-folder", FOLDER));
  OK(__wasi_path_remove_directory(ROOT, "a-folder"));
  OK(__wasi_path_create_directory(ROOT, "a-folder"));
}

static void interesting(void) {
  __wasi_fd_t folder = make_scratch(), fd;
  OK(__wasi_path_create_directory(folder, "dir"));
  OK(__wasi_path_create_directory(folder, "dir/nested"));
  make_file(folder, "dir/nested/file");
  GIVES(opening(folder, 0, "/dir/nested/file", 0), E(PERM), E(NOTCAPABLE));
  OK(opening(folder, 0, "dir/.//nested/../../dir/nested/../nested///./file", 0));
  GIVES(call_path_open(folder, 0, "dir/nested/file", 16, 0, 0, 0, 0, &fd), E(INVAL), E(ILSEQ), E(NOENT));
  GIVES(opening(folder, 0, "dir/nested/file/", 0), E(NOTDIR), E(NOENT));
  GIVES(opening(folder, 0, "dir/nested/file///", 0), E(NOTDIR), E(NOENT));
  OK(opening(folder, 0, "dir/nested/", 0));
  OK(opening(folder, 0, "dir/nested///", 0));
  GIVES(opening(folder, 0, "dir/nested/../../../dir/nested/file", 0), E(PERM), E(NOTCAPABLE));
  OK(__wasi_path_unlink_file(folder, "dir/nested/file"));
  OK(__wasi_path_remove_directory(folder, "dir/nested"));
  OK(__wasi_path_remove_directory(folder, "dir"));
}

static void exists(void) {
  __wasi_fd_t folder = make_scratch();
  OK(__wasi_path_create_directory(folder, "subdir"));
  make_file(folder, "subdir/file");
  for (int lookup = 0; lookup <= FOLLOW; lookup++) {
    CHECK(stat_path(folder, lookup, "subdir").filetype == __WASI_FILETYPE_DIRECTORY);
    CHECK(stat_path(folder, lookup, "subdir/file").filetype == __WASI_FILETYPE_REGULAR_FILE);
  }
  OK(__wasi_path_symlink("subdir/file", folder, "link1"));
  CHECK(stat_path(folder, 0, "link1").filetype == __WASI_FILETYPE_SYMBOLIC_LINK);
  CHECK(stat_path(folder, FOLLOW, "link1").filetype == __WASI_FILETYPE_REGULAR_FILE);
  OK(__wasi_path_symlink("subdir", folder, "link2"));
  CHECK(stat_path(folder, 0, "link2").filetype == __WASI_FILETYPE_SYMBOLIC_LINK);
  CHECK(stat_path(folder, FOLLOW, "link2").filetype == __WASI_FILETYPE_DIRECTORY);
  OK(__wasi_path_unlink_file(folder, "link1"));
  OK(__wasi_path_unlink_file(folder, "link2"));
  OK(__wasi_path_unlink_file(folder, "subdir/file"));
  OK(__wasi_path_remove_directory(folder, "subdir"));
}

static void status(void) {
  __wasi_fd_t folder = make_scratch(), fd;
  CHECK((fdstat_of(folder).fs_rights_base & __WASI_RIGHTS_PATH_FILESTAT_GET) != 0);
  uint64_t rights = READ | WRITE | __WASI_RIGHTS_PATH_FILESTAT_GET;
  int flags = __WASI_FDFLAGS_APPEND | __WASI_FDFLAGS_SYNC;
  int got = __wasi_path_open(folder, 0, "file", CREATE, rights, 0, flags, &fd);
  GIVES(got, 0, E(NOTSUP));
  if (got != 0) {
    flags = __WASI_FDFLAGS_APPEND;
    OK(__wasi_path_open(folder, 0, "file", CREATE, rights, 0, flags, &fd));
  }
  CHECK((fdstat_of(fd).fs_flags & flags) == flags);
  __wasi_filestat_t stat = stat_path(folder, 0, "file");
  CHECK(stat.size == 0);
  uint64_t time = stat.mtim - 100;
  OK(__wasi_path_filestat_set_times(folder, 0, "file", 0, time, __WASI_FSTFLAGS_MTIM));
  CHECK(stat_path(folder, 0, "file").mtim == time);
  GIVES(__wasi_path_filestat_set_times(folder, 0, "file", 0, time, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW),
        E(INVAL));
  CHECK(stat_path(folder, 0, "file").mtim == time);
  GIVES(__wasi_path_filestat_set_times(folder, 0, "file", 0, 0, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW),
        E(INVAL));
}

static void create_existing(void) {
  __wasi_fd_t folder = make_scratch();
  make_file(folder, "file");
  GIVES(opening(folder, 0, "file", CREATE | __WASI_OFLAGS_EXCL), E(EXIST));
}

static void open_below_file(void) {
  __wasi_fd_t fd = opened(make_scratch(), "file", CREATE, 0);
  GIVES(opening(fd, 0, "foo", CREATE), E(NOTDIR), E(NOTCAPABLE));
}

static void open_missing(void) { GIVES(opening(make_scratch(), 0, "file", 0), E(NOENT)); }

static void check_moved(__wasi_fd_t folder, int flags) {
  GIVES(opening(folder, 0, "source", flags), E(NOENT));
  OK(opening(folder, 0, "target", flags));
}

static void rename_folders(__wasi_fd_t folder) {
  OK(__wasi_path_create_directory(folder, "source"));
  OK(__wasi_path_rename(folder, "source", folder, "target"));
  check_moved(folder, FOLDER);
  OK(__wasi_path_create_directory(folder, "source"));
  OK(__wasi_path_rename(folder, "source", folder, "target"));
  check_moved(folder, FOLDER);
  OK(__wasi_path_create_directory(folder, "source"));
  make_file(folder, "target/file");
  GIVES(__wasi_path_rename(folder, "source", folder, "target"), E(NOTEMPTY));
  GIVES(__wasi_path_rename(folder, "source", folder, "target/file"), E(NOTDIR));
  OK(__wasi_path_unlink_file(folder, "target/file"));
  OK(__wasi_path_remove_directory(folder, "source"));
  OK(__wasi_path_remove_directory(folder, "target"));
}

static void rename_all(void) {
  __wasi_fd_t folder = make_scratch();
  rename_folders(folder);
  make_file(folder, "source");
  OK(__wasi_path_rename(folder, "source", folder, "target"));
  check_moved(folder, 0);
  make_file(folder, "source");
  OK(__wasi_path_rename(folder, "source", folder, "target"));
  check_moved(folder, 0);
  OK(__wasi_path_unlink_file(folder, "target"));
  make_file(folder, "source");
  OK(__wasi_path_create_directory(folder, "target"));
  GIVES(__wasi_path_rename(folder, "source", folder, "target"), E(ISDIR));
}

static void rename_with_slash(void) {
  __wasi_fd_t folder = make_scratch();
  OK(__wasi_path_create_directory(folder, "source"));
  OK(__wasi_path_rename(folder, "source/", folder, "target"));
  OK(__wasi_path_rename(folder, "target", folder, "source/"));
  OK(__wasi_path_rename(folder, "source/", folder, "target/"));
  OK(__wasi_path_rename(folder, "target", folder, "source"));
  OK(__wasi_path_remove_directory(folder, "source"));
}

static void unlink_with_slash(void) {
  __wasi_fd_t folder = make_scratch();
  OK(__wasi_path_create_directory(folder, "dir"));
  GIVES(__wasi_path_unlink_file(folder, "dir"), E(ISDIR));
  GIVES(__wasi_path_unlink_file(folder, "dir/"), E(ISDIR));
  OK(__wasi_path_remove_directory(folder, "dir"));
  make_file(folder, "file");
  GIVES(__wasi_path_unlink_file(folder, "file/"), E(NOTDIR));
  OK(__wasi_path_unlink_file(folder, "file"));
}

const Case path_cases[] = {
  {"dangling_fd", dangling_fd},
  {"interesting_paths", interesting},
  {"path_exists", exists},
  {"path_filestat", status},
  {"path_open_create_existing", create_existing},
  {"path_open_dirfd_not_dir", open_below_file},
  {"path_open_missing", open_missing},
  {"path_rename", rename_all},
  {"path_rename_dir_trailing_slashes", rename_with_slash},
  {"unlink_file_trailing_slashes", unlink_with_slash},
  {NULL, NULL},
};
