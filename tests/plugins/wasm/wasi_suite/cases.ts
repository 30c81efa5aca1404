/**
 * The cases of the official test suite of WASI preview 1 (github.com/WebAssembly/wasi-testsuite), by its names; what each
 * checks is written anew in the C files beside this one.
 *
 * @module
 */

/** How a case is run, and what it does when it passes. */
export interface SuiteCase {
  readonly name: string;
  /** After the name of the program; otherwise the name of the case. */
  readonly args?: readonly string[];
  /** Beside the name of the case, for those whose arguments are given. */
  readonly env?: Readonly<Record<string, string>>;
  /** 0 by default. */
  readonly exitCode?: number;
  /** Nothing is checked by default. */
  readonly stdout?: string;
}

const ARGS = ["first", 'the "second" arg', "3"];
const VARIABLES = { a: "text", b: 'escap " ing', c: "new\nline" };

const ASSEMBLYSCRIPT: readonly SuiteCase[] = [
  { name: "args_get-multiple-arguments", args: ARGS },
  { name: "args_sizes_get-multiple-arguments", args: ARGS },
  { name: "args_sizes_get-no-arguments", args: [] },
  { name: "environ_get-multiple-variables", env: VARIABLES },
  { name: "environ_sizes_get-multiple-variables", env: VARIABLES },
  { name: "environ_sizes_get-no-variables" },
  { name: "fd_write-to-invalid-fd" },
  { name: "fd_write-to-stdout", stdout: "hello" },
  { name: "proc_exit-failure", exitCode: 33 },
  { name: "proc_exit-success" },
  { name: "random_get-non-zero-length" },
  { name: "random_get-zero-length" },
];

const C = [
  ...["clock_getres-monotonic", "clock_getres-realtime", "clock_gettime-monotonic", "clock_gettime-realtime"],
  ...["fdopendir-with-access", "fopen-with-access", "fopen-with-no-access", "lseek", "pread-with-access"],
  ...["pwrite-with-access", "pwrite-with-append", "sock_shutdown-invalid_fd", "sock_shutdown-not_sock", "stat-dev-ino"],
];

const RUST = [
  ...["big_random_buf", "clock_time_get", "close_preopen", "dangling_fd", "dangling_symlink", "dir_fd_op_failures"],
  ...["directory_seek", "fd_advise", "fd_fdstat_set_rights", "fd_filestat_set", "fd_flags_set", "fd_readdir"],
  ...["file_allocate", "file_pread_pwrite", "file_seek_tell", "file_truncation", "file_unbuffered_write"],
  ...["fstflags_validate", "interesting_paths", "isatty", "nofollow_errors", "overwrite_preopen", "path_exists"],
  ...["path_filestat", "path_link", "path_open_create_existing", "path_open_dirfd_not_dir", "path_open_missing"],
  ...["path_open_nonblock", "path_open_preopen", "path_open_read_write", "path_rename"],
  ...["path_rename_dir_trailing_slashes", "path_symlink_trailing_slashes", "poll_oneoff_stdio", "readlink"],
  ...["remove_directory_trailing_slashes", "remove_nonempty_directory", "renumber", "sched_yield", "stdio"],
  ...["symlink_create", "symlink_filestat", "symlink_loop", "truncation_rights", "unlink_file_trailing_slashes"],
];

/** All cases. */
export const CASES: readonly SuiteCase[] = [...ASSEMBLYSCRIPT, ...[...C, ...RUST].map((name) => ({ name }))];

/** What the granted folder has when a case starts, and folders with a `/` at the end. */
export const FIXTURE: Readonly<Record<string, string>> = {
  "file": "a file",
  "lseek.txt": "01234567",
  "pread.txt": "pread-test",
  "fopendir.dir/file-0": "",
  "fopendir.dir/file-1": "",
  "writeable/": "",
};

/** Cases that do not pass, with the reason. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  "fd_filestat_set": "a time is set by 100 ns; the runtimes set times to the microsecond",
  "path_filestat": "a time is set by 100 ns; the runtimes set times to the microsecond",
  "symlink_filestat": "a time is set by 200 ns; the runtimes set times to the microsecond",
};

/** Gives the arguments and variables that a case is run with. */
export function inputOf({ name, args, env }: SuiteCase): {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  return { args: args ?? [name], env: args === undefined ? env ?? {} : { ...env, CASE: name } };
}
