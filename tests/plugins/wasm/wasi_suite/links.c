/* Links, of both kinds. */
#include "suite.h"

static void dangling(void) {
  if (__wasi_path_symlink("target", ROOT, "symlink") != 0) return;
  GIVES(opening(ROOT, 0, "symlink", FOLDER), E(NOTDIR), E(LOOP));
  GIVES(opening(ROOT, 0, "symlink", 0), E(LOOP));
  OK(__wasi_path_unlink_file(ROOT, "symlink"));
}

static void loop(void) {
  __wasi_fd_t folder = make_scratch();
  if (__wasi_path_symlink("symlink", folder, "symlink") != 0) return;
  GIVES(opening(folder, 0, "symlink", 0), E(LOOP));
  OK(__wasi_path_unlink_file(folder, "symlink"));
}

static void not_followed(void) {
  __wasi_fd_t folder = make_scratch();
  OK(__wasi_path_create_directory(folder, "target"));
  OK(__wasi_path_symlink("target", folder, "symlink"));
  GIVES(opening(folder, 0, "symlink", FOLDER), E(LOOP), E(NOTDIR));
  GIVES(opening(folder, 0, "symlink", 0), E(LOOP), E(ACCES));
  OK(opening(folder, FOLLOW, "symlink", FOLDER));
  OK(__wasi_path_unlink_file(folder, "symlink"));
  OK(__wasi_path_remove_directory(folder, "target"));
  make_file(folder, "target");
  OK(__wasi_path_symlink("target", folder, "symlink"));
  GIVES(opening(folder, 0, "symlink", FOLDER), E(LOOP), E(NOTDIR));
  GIVES(opening(folder, 0, "symlink", 0), E(LOOP));
  GIVES(opening(folder, FOLLOW, "symlink", FOLDER), E(NOTDIR));
}

static void create(void) {
  __wasi_fd_t folder = make_scratch();
  make_file(folder, "target");
  OK(__wasi_path_symlink("target", folder, "symlink"));
  OK(opening(folder, FOLLOW, "symlink", 0));
  OK(__wasi_path_unlink_file(folder, "symlink"));
  OK(__wasi_path_unlink_file(folder, "target"));
  OK(__wasi_path_create_directory(folder, "target"));
  OK(__wasi_path_symlink("target", folder, "symlink"));
  OK(opening(folder, FOLLOW, "symlink", FOLDER));
  OK(__wasi_path_unlink_file(folder, "symlink"));
  CHECK(__wasi_path_symlink("/", folder, "symlink") != 0);
}

static void with_slash(void) {
  __wasi_fd_t folder = make_scratch();
  GIVES(__wasi_path_symlink("source", folder, "target/"), E(NOENT));
  if (__wasi_path_symlink("source", folder, "target") == 0) OK(__wasi_path_unlink_file(folder, "target"));
  OK(__wasi_path_create_directory(folder, "target"));
  GIVES(__wasi_path_symlink("source", folder, "target/"), E(EXIST));
  GIVES(__wasi_path_symlink("source", folder, "target"), E(EXIST));
  OK(__wasi_path_remove_directory(folder, "target"));
  make_file(folder, "target");
  GIVES(__wasi_path_symlink("source", folder, "target/"), E(NOTDIR), E(NOENT), E(EXIST));
  GIVES(__wasi_path_symlink("source", folder, "target"), E(EXIST));
}

static void read_link(void) {
  __wasi_fd_t folder = make_scratch();
  make_file(folder, "target");
  OK(__wasi_path_symlink("target", folder, "symlink"));
  uint8_t text[10] = {0}, few[4];
  size_t used = 0;
  OK(__wasi_path_readlink(folder, "symlink", text, sizeof text, &used));
  CHECK(used == 6 && memcmp(text, "target\0\0\0\0", 10) == 0);
  OK(__wasi_path_readlink(folder, "symlink", few, sizeof few, &used));
  CHECK(used == 4 && memcmp(few, "targ", 4) == 0);
}

static void status(void) {
  __wasi_fd_t folder = make_scratch();
  CHECK((fdstat_of(folder).fs_rights_base & __WASI_RIGHTS_PATH_FILESTAT_GET) != 0);
  make_file(folder, "file");
  __wasi_filestat_t file = stat_path(folder, 0, "file");
  CHECK(file.size == 0);
  OK(__wasi_path_symlink("file", folder, "symlink"));
  __wasi_filestat_t link = stat_path(folder, 0, "symlink");
  OK(__wasi_path_filestat_set_times(folder, 0, "symlink", 0, link.mtim - 200, __WASI_FSTFLAGS_MTIM));
  CHECK(stat_path(folder, 0, "symlink").mtim == link.mtim - 200);
  CHECK(stat_path(folder, 0, "file").mtim == file.mtim);
  CHECK(stat_path(folder, FOLLOW, "symlink").mtim == file.mtim);
  OK(__wasi_path_filestat_set_times(folder, FOLLOW, "symlink", 0, link.mtim, __WASI_FSTFLAGS_MTIM));
  CHECK(stat_path(folder, 0, "file").mtim == link.mtim);
}

static void check_same(__wasi_fd_t one, __wasi_fd_t two) {
  __wasi_filestat_t a = stat_fd(one), b = stat_fd(two);
  CHECK(a.dev == b.dev && a.ino == b.ino && a.size == b.size && a.nlink == b.nlink && a.filetype == b.filetype);
  CHECK(a.atim == b.atim && a.mtim == b.mtim && a.ctim == b.ctim);
  __wasi_fdstat_t c = fdstat_of(one), d = fdstat_of(two);
  CHECK(c.fs_flags == d.fs_flags && c.fs_filetype == d.fs_filetype);
  CHECK(c.fs_rights_base == d.fs_rights_base && c.fs_rights_inheriting == d.fs_rights_inheriting);
}

static void link_to_links(__wasi_fd_t folder) {
  const char *texts[] = {"target", "symlink"};
  for (int it = 0; it < 2; it++) {
    OK(__wasi_path_symlink(texts[it], folder, "symlink"));
    OK(__wasi_path_link(folder, 0, "symlink", folder, "link"));
    OK(__wasi_path_unlink_file(folder, "symlink"));
    OK(__wasi_path_unlink_file(folder, "link"));
  }
  OK(__wasi_path_symlink("target", folder, "symlink"));
  GIVES(__wasi_path_link(folder, 0, "file", folder, "symlink"), E(EXIST));
  GIVES(__wasi_path_link(folder, FOLLOW, "symlink", folder, "link"), E(INVAL), E(NOENT));
  OK(__wasi_path_unlink_file(folder, "symlink"));
}

static void hard_links(void) {
  __wasi_fd_t folder = make_scratch();
  __wasi_fd_t file = opened(folder, "file", CREATE, READ | __WASI_RIGHTS_FD_FILESTAT_GET);
  OK(__wasi_path_link(folder, 0, "file", folder, "link"));
  check_same(file, opened(folder, "link", 0, READ | __WASI_RIGHTS_FD_FILESTAT_GET));
  OK(__wasi_path_unlink_file(folder, "link"));
  OK(__wasi_path_create_directory(folder, "subdir"));
  __wasi_fd_t below = opened(folder, "subdir", FOLDER, 0);
  OK(__wasi_path_link(folder, 0, "file", below, "link"));
  check_same(file, opened(below, "link", 0, READ | __WASI_RIGHTS_FD_FILESTAT_GET));
  OK(__wasi_path_unlink_file(below, "link"));
  GIVES(__wasi_path_link(folder, 0, "subdir", folder, "link"), E(PERM), E(ACCES));
  GIVES(__wasi_path_link(folder, 0, "file", folder, "subdir"), E(EXIST));
  OK(__wasi_path_remove_directory(folder, "subdir"));
  GIVES(__wasi_path_link(folder, 0, "file", folder, "file"), E(EXIST));
  make_file(folder, "link");
  GIVES(__wasi_path_link(folder, 0, "file", folder, "link"), E(EXIST));
  OK(__wasi_path_unlink_file(folder, "link"));
  GIVES(__wasi_path_link(folder, 0, "file", folder, "link/"), E(NOENT));
  link_to_links(folder);
}

const Case link_cases[] = {
  {"dangling_symlink", dangling},
  {"symlink_loop", loop},
  {"nofollow_errors", not_followed},
  {"symlink_create", create},
  {"path_symlink_trailing_slashes", with_slash},
  {"readlink", read_link},
  {"symlink_filestat", status},
  {"path_link", hard_links},
  {NULL, NULL},
};
