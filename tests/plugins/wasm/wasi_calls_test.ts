/**
 * The table of WASI calls: what is in it, and what it answers to what no library would ask.
 *
 * @module
 */
import { wasi } from "@bjorn3/browser_wasi_shim";
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freshSeed, seededRandom } from "../../support/random.ts";
import { Caller } from "./wasi_kit.ts";

/** What libraries import, each as found in the files named. */
const LIBRARIES: Readonly<Record<string, string>> = {
  // `libc.imports` of wasi-libc
  "C":
    `args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get fd_advise fd_allocate fd_close
    fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size
    fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read fd_readdir fd_renumber fd_seek
    fd_sync fd_tell fd_write path_create_directory path_filestat_get path_filestat_set_times path_link path_open
    path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit random_get
    sched_yield sock_accept sock_recv sock_send sock_shutdown`,
  // `library/std/src/os/wasi` and the crate `wasi` 0.11 below it
  "Rust": `args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get fd_advise fd_allocate
    fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size
    fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read fd_readdir fd_renumber fd_seek
    fd_sync fd_tell fd_write path_create_directory path_filestat_get path_filestat_set_times path_link path_open
    path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit proc_raise
    random_get sched_yield sock_accept sock_recv sock_send sock_shutdown`,
  // `go:wasmimport` in the packages `runtime`, `syscall` and `internal` of Go 1.26
  "Go": `args_get args_sizes_get clock_time_get environ_get environ_sizes_get fd_close fd_fdstat_get fd_fdstat_set_flags
    fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite
    fd_read fd_readdir fd_seek fd_sync fd_write path_create_directory path_filestat_get path_filestat_set_times path_link
    path_open path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit
    random_get sched_yield sock_accept sock_shutdown`,
  // `assembly/wasi_*.ts` of @assemblyscript/wasi-shim 0.1
  "AssemblyScript": `args_get args_sizes_get clock_time_get environ_get environ_sizes_get fd_close fd_read fd_write
    proc_exit random_get`,
};

const { ERRNO_SUCCESS, ERRNO_BADF, ERRNO_FAULT, ERRNO_ILSEQ, ERRNO_INVAL, ERRNO_MFILE, ERRNO_NOENT } = wasi;
const { ERRNO_NOTDIR, ERRNO_NOTSUP, ERRNO_PERM, ERRNO_ROFS, ERRNO_XDEV, RIGHTS_FD_READ, RIGHTS_FD_WRITE } = wasi;
/** Calls after which there is less to ask. */
const ENDING = ["proc_exit", "proc_raise", "fd_close", "fd_renumber"];
const OUT_OF_BOUNDS = 2 ** 31;

let home: string;

describe("WASI calls", () => {
  before(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), "collet-wasi-")));
    for (const folder of ["few", "read"]) {
      await mkdir(join(home, folder));
      for (const name of ["one", "two"]) await writeFile(join(home, folder, name), `${name} file`);
    }
  });
  after(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

  for (const [library, names] of Object.entries(LIBRARIES)) {
    test(`have every one that the standard library of ${library} makes`, () => {
      using caller = new Caller();
      const missing = names.split(/\s+/).filter((name) => typeof caller.imports[name] !== "function");
      assert.deepEqual(missing, []);
    });
  }

  test("answer EFAULT to pointers out of bounds", () => {
    using caller = new Caller({ folders: [{ path: join(home, "read"), kind: "folder", writable: false }] });
    const bad = OUT_OF_BOUNDS;
    const answers = {
      args_sizes_get: caller.call("args_sizes_get", bad, bad),
      clock_time_get: caller.call("clock_time_get", 0, 0n, bad),
      fd_fdstat_get: caller.call("fd_fdstat_get", 0, bad),
      fd_prestat_dir_name: caller.call("fd_prestat_dir_name", 3, bad, 1000),
      fd_read: caller.call("fd_read", 0, bad, 1, 0),
      fd_write: caller.call("fd_write", 1, ...caller.vector(16, bad, 5), 0),
      path_open: caller.call("path_open", 3, 0, bad, 5, 0, 0n, 0n, 0, 0),
      poll_oneoff: caller.call("poll_oneoff", 0, bad, 1, 0),
      random_get: caller.call("random_get", 1000, 2 ** 32 - 1),
    };
    assert.deepEqual(answers, Object.fromEntries(Object.keys(answers).map((name) => [name, ERRNO_FAULT])));
  });

  test("answer a number to whatever they are asked", () => {
    const seed = freshSeed();
    const random = seededRandom(seed);
    using caller = new Caller({
      folders: [{ path: join(home, "read"), kind: "folder", writable: false }],
      canWait: false,
    });
    const numbers = [0, 1, 2, 3, 4, 8, 255, 4096, 65_536, OUT_OF_BOUNDS, 2 ** 32 - 1];
    const pick = () => numbers[Math.floor(random() * numbers.length)]!;
    const names = Object.keys(caller.imports).filter((name) => !ENDING.includes(name));
    for (let round = 0; round < 200; round++) {
      for (const name of names) {
        const args = Array.from({ length: 9 }, pick);
        const answer = answerOf(caller, name, args);
        assert.equal(answer >= 0 && answer <= wasi.ERRNO_NOTCAPABLE, true, `seed ${seed}: ${name}(${args}): ${answer}`);
      }
    }
  });

  test("refuse names that are not UTF-8, and those that lead outside", async () => {
    await symlink(home, join(home, "read", "out")).catch(() => {});
    using caller = new Caller({ folders: [{ path: join(home, "read"), kind: "folder", writable: false }] });
    caller.bytes(4096, 2).set([0xff, 0xfe]);
    assert.equal(caller.call("path_unlink_file", 3, 4096, 2), ERRNO_ILSEQ);
    assert.deepEqual(["../few/one", "/etc/passwd", "out/few/one"].map((path) => caller.open(3, path)[0]), [
      ERRNO_PERM,
      ERRNO_PERM,
      ERRNO_PERM,
    ]);
    assert.equal(caller.open(3, "")[0], ERRNO_NOENT);
    assert.equal(caller.open(0, "one")[0], ERRNO_NOTDIR);
  });

  test("write nothing in a folder that is granted for reading", async () => {
    using caller = new Caller({ folders: [{ path: join(home, "read"), kind: "folder", writable: false }] });
    assert.equal(caller.open(3, "new", { flags: wasi.OFLAGS_CREAT })[0], ERRNO_ROFS);
    assert.equal(caller.open(3, "one", { rights: RIGHTS_FD_WRITE })[0], ERRNO_ROFS);
    assert.equal(caller.call("path_create_directory", 3, ...caller.text(4096, "new")), ERRNO_ROFS);
    assert.equal(caller.open(3, "one", { rights: RIGHTS_FD_READ })[0], ERRNO_SUCCESS);
    assert.equal(await readFile(join(home, "read", "one"), "utf8"), "one file");
  });

  test("show of a granted file's folder that file alone", async () => {
    const folders = [
      { path: join(home, "few", "one"), kind: "file", writable: true } as const,
      { path: join(home, "read"), kind: "folder", writable: true } as const,
    ];
    using caller = new Caller({ folders });
    // folders come first
    assert.deepEqual([preopenName(caller, 3), preopenName(caller, 4)], [join(home, "read"), join(home, "few")]);
    assert.deepEqual(namesIn(caller, 4), [".", "..", "one"]);
    assert.equal(caller.open(4, "two", { rights: RIGHTS_FD_READ })[0], ERRNO_NOENT);
    assert.equal(caller.open(4, "three", { flags: wasi.OFLAGS_CREAT })[0], ERRNO_NOENT);
    const [errno, fd] = caller.open(4, "./one", { rights: RIGHTS_FD_READ | RIGHTS_FD_WRITE });
    assert.equal(errno, ERRNO_SUCCESS);
    assert.equal(caller.call("fd_write", fd, ...caller.vector(16, ...caller.text(4096, "ONE")), 0), ERRNO_SUCCESS);
    assert.equal(await readFile(join(home, "few", "one"), "utf8"), "ONE file");
    const [from, to] = [caller.text(4096, "one"), caller.text(5000, "moved")];
    assert.equal(caller.call("path_rename", 4, ...from, 3, ...to), ERRNO_PERM);
    assert.equal(caller.call("path_rename", 3, ...from, 4, ...to), ERRNO_XDEV);
  });

  test("open as many files as a run may, and take the lowest number again", () => {
    using caller = new Caller({ folders: [{ path: join(home, "read"), kind: "folder", writable: false }] });
    const opened = Array.from({ length: 1100 }, () => caller.open(3, "."));
    assert.deepEqual(opened.filter(([errno]) => errno === ERRNO_SUCCESS).map(([, fd]) => fd).slice(-1), [1023]);
    assert.equal(opened.at(-1)?.[0], ERRNO_MFILE);
    assert.equal(caller.call("fd_close", 7), ERRNO_SUCCESS);
    assert.deepEqual(caller.open(3, "one"), [ERRNO_SUCCESS, 7]);
    assert.equal(caller.call("fd_renumber", 7, 7), ERRNO_SUCCESS);
    assert.equal(caller.call("fd_close", 7), ERRNO_SUCCESS);
    assert.equal(caller.call("fd_close", 7), ERRNO_BADF);
  });

  test("give arguments and variables as UTF-8", () => {
    using caller = new Caller({ args: ["tool", "é漢🎉", ""], env: { "Ä": "ö" } });
    assert.equal(caller.call("args_sizes_get", 0, 4), ERRNO_SUCCESS);
    const size = caller.view.getUint32(4, true);
    assert.deepEqual([caller.view.getUint32(0, true), size], [3, 5 + 10 + 1]);
    assert.equal(caller.call("args_get", 0, 1024), ERRNO_SUCCESS);
    assert.equal(new TextDecoder().decode(caller.bytes(1024, size)), "tool\0é漢🎉\0\0");
    assert.equal(caller.call("environ_get", 0, 2048), ERRNO_SUCCESS);
    assert.equal(new TextDecoder().decode(caller.bytes(2048, 6)), "Ä=ö\0");
  });

  test("fill more with chance than the platform gives at once", () => {
    using caller = new Caller();
    assert.equal(caller.call("random_get", 0, 131_072), ERRNO_SUCCESS);
    const parts = [0, 65_536, 131_072 - 64].map((at) => caller.bytes(at, 64).some((byte) => byte !== 0));
    assert.deepEqual(parts, [true, true, true]);
  });
});

describe("poll_oneoff", () => {
  const CLOCK = { type: wasi.EVENTTYPE_CLOCK, id: wasi.CLOCKID_MONOTONIC };

  test("waits for the first of several clocks, relative or absolute", () => {
    using caller = new Caller();
    const until = BigInt(Date.now() + 40) * 1_000_000n;
    const started = performance.now();
    const events = poll(caller, [
      { ...CLOCK, timeout: 20_000_000_000n },
      { ...CLOCK, id: wasi.CLOCKID_REALTIME, timeout: until, isAbsolute: true },
    ]);
    assert.deepEqual(events, [{ userdata: 1n, errno: ERRNO_SUCCESS, type: wasi.EVENTTYPE_CLOCK, bytes: 0n }]);
    assert.equal(performance.now() - started >= 30, true);
  });

  test("tells at once what can be read, and which descriptor is closed", () => {
    using caller = new Caller({ stdin: "12345" });
    const events = poll(caller, [
      { ...CLOCK, timeout: 20_000_000_000n },
      { type: wasi.EVENTTYPE_FD_READ, id: 0, timeout: 0n },
      { type: wasi.EVENTTYPE_FD_WRITE, id: 55, timeout: 0n },
    ]);
    assert.deepEqual(events, [
      { userdata: 1n, errno: ERRNO_SUCCESS, type: wasi.EVENTTYPE_FD_READ, bytes: 5n },
      { userdata: 2n, errno: ERRNO_BADF, type: wasi.EVENTTYPE_FD_WRITE, bytes: 0n },
    ]);
    assert.equal(caller.call("poll_oneoff", 0, 1024, 0, 0), ERRNO_INVAL);
  });

  test("refuses to sleep where the thread must not", () => {
    using caller = new Caller({ canWait: false });
    const [event] = poll(caller, [{ ...CLOCK, timeout: 20_000_000_000n }]);
    assert.equal(event?.errno, ERRNO_NOTSUP);
  });
});

interface Wanted {
  readonly type: number;
  readonly id: number;
  readonly timeout: bigint;
  readonly isAbsolute?: boolean;
}

interface PollEvent {
  readonly userdata: bigint;
  readonly errno: number;
  readonly type: number;
  readonly bytes: bigint;
}

function poll(caller: Caller, wanted: readonly Wanted[]): readonly PollEvent[] {
  wanted.forEach(({ type, id, timeout, isAbsolute = false }, index) => {
    const at = 1024 + index * 48;
    caller.view.setBigUint64(at, BigInt(index), true);
    caller.view.setUint8(at + 8, type);
    caller.view.setUint32(at + 16, id, true);
    caller.view.setBigUint64(at + 24, timeout, true);
    caller.view.setUint16(at + 40, isAbsolute ? 1 : 0, true);
  });
  assert.equal(caller.call("poll_oneoff", 1024, 4096, wanted.length, 0), ERRNO_SUCCESS);
  return Array.from({ length: caller.view.getUint32(0, true) }, (_, index) => {
    const at = 4096 + index * 32;
    return {
      userdata: caller.view.getBigUint64(at, true),
      errno: caller.view.getUint16(at + 8, true),
      type: caller.view.getUint8(at + 10),
      bytes: caller.view.getBigUint64(at + 16, true),
    };
  });
}

function preopenName(caller: Caller, fd: number): string {
  assert.equal(caller.call("fd_prestat_get", fd, 0), ERRNO_SUCCESS);
  const length = caller.view.getUint32(4, true);
  assert.equal(caller.call("fd_prestat_dir_name", fd, 1024, length), ERRNO_SUCCESS);
  return new TextDecoder().decode(caller.bytes(1024, length));
}

function namesIn(caller: Caller, fd: number): readonly string[] {
  assert.equal(caller.call("fd_readdir", fd, 1024, 4096, 0n, 0), ERRNO_SUCCESS);
  const names: string[] = [];
  for (let at = 1024, end = 1024 + caller.view.getUint32(0, true); at < end;) {
    const length = caller.view.getUint32(at + 16, true);
    names.push(new TextDecoder().decode(caller.bytes(at + 24, length)));
    at += 24 + length;
  }
  return names;
}

/** Makes a call with numbers of the width that each parameter has. */
function answerOf(caller: Caller, name: string, args: readonly number[]): number {
  const wide = WIDE[name] ?? [];
  return caller.call(name, ...args.map((arg, index) => wide.includes(index) ? BigInt(arg) : arg));
}

/** Which parameters are 64 bits wide. */
const WIDE: Readonly<Record<string, readonly number[]>> = {
  clock_time_get: [1],
  fd_advise: [1, 2],
  fd_allocate: [1, 2],
  fd_fdstat_set_rights: [1, 2],
  fd_filestat_set_size: [1],
  fd_filestat_set_times: [1, 2],
  fd_pread: [3],
  fd_pwrite: [3],
  fd_readdir: [3],
  fd_seek: [1],
  path_filestat_set_times: [4, 5],
  path_open: [5, 6],
};
