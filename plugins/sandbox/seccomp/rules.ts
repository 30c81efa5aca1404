/**
 * What confined programs may not ask of the kernel: the one table that every mechanism's filter is made from. Whatever
 * has no rule here is allowed, up to {@link NEWEST}; beyond it the kernel seems not to have the system call.
 *
 * It is a second wall behind namespaces and lost privileges: it takes away what has been used to climb out of those, and
 * leaves what language runtimes, compilers and package managers need.
 *
 * @module
 */
import type { Syscall } from "./numbers.ts";

/** What a refused system call says. Source: include/uapi/asm-generic/errno-base.h and errno.h. */
export const EPERM = 1;
/** Not implemented: callers know a system call's absence from old kernels, and do without. */
export const ENOSYS = 38;
/** The protocol is not supported. */
export const EPROTONOSUPPORT = 93;
/** The address family is not supported. */
export const EAFNOSUPPORT = 97;

/**
 * Something that holds for an argument. Only its lower 32 bits are looked at: all arguments tested here are an `int` or
 * shorter in the kernel, or cut to that, so that the upper half changes nothing there either.
 */
export type Test = {
  /** Which argument, from 0. */
  readonly argument: 0 | 1 | 2 | 3;
  /** The bits that count; all 32 by default. */
  readonly mask?: number;
} & ({ readonly oneOf: readonly number[] } | { readonly noneOf: readonly number[] });

/** Refuses system calls. Of several rules for one system call, the first counts whose tests hold. */
export interface Rule {
  /** The system calls. */
  readonly syscalls: readonly Syscall[];
  /** The error that they end with. */
  readonly errno: number;
  /** When: where all of these hold; always by default. */
  readonly when?: readonly Test[];
  /** What it would be good for, to whom it is refused. */
  readonly why: string;
}

const NAMESPACE_FLAGS = 0x7e02_0000; // CLONE_NEW*, without CLONE_NEWTIME: clone() takes its bit for a signal's
const CREATING = 0o20000100; // O_CREAT and __O_TMPFILE: without them, open() has no mode and passes on what lies there
const SET_ID = 0o6000; // S_ISUID and S_ISGID
const FILE_TYPE = 0o170000; // S_IFMT
const CHARACTER_DEVICE = 0o020000;
const BLOCK_DEVICE = 0o060000;
const ADDR_NO_RANDOMIZE = 0x0004_0000;
const QUERY = 0xffff_ffff; // personality() asks
const TIOCSTI = 0x5412; // types into a terminal
const TIOCLINUX = 0x541c; // pastes into a console
const TIOCSETD = 0x5423; // loads line disciplines
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_TYPE_MASK = 0xf;
const SOCK_PACKET = 10; // AF_PACKET by its old name

/** Refuses modes with set-user-ID or set-group-ID bits. */
function setId(argument: 1 | 2 | 3): Test {
  return { argument, mask: SET_ID, noneOf: [0] };
}

/** Holds where an open() makes a file. */
function creates(argument: 1 | 2): Test {
  return { argument, mask: CREATING, noneOf: [0] };
}

const NAMESPACES: readonly Rule[] = [
  {
    syscalls: [
      "mount",
      "umount2",
      "pivot_root",
      "chroot",
      "move_mount",
      "open_tree",
      "open_tree_attr",
      "fsopen",
      "fsconfig",
      "fsmount",
      "fspick",
      "mount_setattr",
    ],
    errno: EPERM,
    why: "rearranges what is seen of the file system",
  },
  { syscalls: ["unshare", "setns"], errno: EPERM, why: "makes or enters namespaces, where a program has privileges" },
  {
    syscalls: ["clone"],
    errno: EPERM,
    when: [{ argument: 0, mask: NAMESPACE_FLAGS, noneOf: [0] }],
    why: "makes namespaces, where a program has privileges",
  },
  // its flags lie in memory, where a filter cannot look; C libraries then use clone()
  { syscalls: ["clone3"], errno: ENOSYS, why: "makes namespaces, where a program has privileges" },
];

const PROCESSES: readonly Rule[] = [
  {
    syscalls: ["ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd"],
    errno: EPERM,
    why: "reads, changes or steers other processes",
  },
];

const KERNEL: readonly Rule[] = [
  {
    syscalls: ["bpf", "perf_event_open", "userfaultfd"],
    errno: EPERM,
    why: "runs programs in the kernel, measures it or holds it up",
  },
  // programs that use it fall back to ordinary reads and writes
  {
    syscalls: ["io_uring_setup", "io_uring_enter", "io_uring_register"],
    errno: ENOSYS,
    why: "makes system calls that no filter sees",
  },
  {
    syscalls: ["kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot"],
    errno: EPERM,
    why: "replaces, extends or ends the kernel",
  },
  { syscalls: ["swapon", "swapoff", "acct", "quotactl", "quotactl_fd"], errno: EPERM, why: "administers the machine" },
  {
    syscalls: ["settimeofday", "clock_settime", "clock_adjtime", "adjtimex"],
    errno: EPERM,
    why: "sets the machine's clocks",
  },
  {
    syscalls: ["syslog", "lookup_dcookie", "fanotify_init", "name_to_handle_at", "open_by_handle_at"],
    errno: EPERM,
    why: "sees what goes on outside, or files by another way than their paths",
  },
  { syscalls: ["iopl", "ioperm", "modify_ldt"], errno: EPERM, why: "reaches the processor's ports or segments" },
  { syscalls: ["move_pages", "migrate_pages"], errno: EPERM, why: "moves the memory of other processes" },
  { syscalls: ["keyctl", "add_key", "request_key"], errno: EPERM, why: "reaches keyrings, which no namespace parts" },
  {
    syscalls: ["personality"],
    errno: EPERM,
    when: [{ argument: 0, noneOf: [0, ADDR_NO_RANDOMIZE, QUERY] }],
    why: "changes the kernel's ways to those of other systems",
  },
  { syscalls: ["nfsservctl", "uselib", "ustat", "sysfs", "_sysctl"], errno: EPERM, why: "is obsolete" },
];

const FILES: readonly Rule[] = [
  {
    syscalls: ["mknod"],
    errno: EPERM,
    when: [{ argument: 1, mask: FILE_TYPE, oneOf: [CHARACTER_DEVICE, BLOCK_DEVICE] }],
    why: "makes devices",
  },
  {
    syscalls: ["mknodat"],
    errno: EPERM,
    when: [{ argument: 2, mask: FILE_TYPE, oneOf: [CHARACTER_DEVICE, BLOCK_DEVICE] }],
    why: "makes devices",
  },
  // outside, where such a file was written to a folder that was granted, it would run as its owner
  {
    syscalls: ["chmod", "fchmod", "mknod", "creat"],
    errno: EPERM,
    when: [setId(1)],
    why: "makes programs that run with their owner's rights",
  },
  {
    syscalls: ["fchmodat", "fchmodat2", "mknodat"],
    errno: EPERM,
    when: [setId(2)],
    why: "makes programs that run with their owner's rights",
  },
  {
    syscalls: ["open"],
    errno: EPERM,
    when: [creates(1), setId(2)],
    why: "makes programs that run with their owner's rights",
  },
  {
    syscalls: ["openat"],
    errno: EPERM,
    when: [creates(2), setId(3)],
    why: "makes programs that run with their owner's rights",
  },
  // its mode lies in memory, where a filter cannot look; programs then use openat()
  { syscalls: ["openat2"], errno: ENOSYS, why: "makes programs that run with their owner's rights" },
];

const TERMINALS: readonly Rule[] = [
  {
    syscalls: ["ioctl"],
    errno: EPERM,
    when: [{ argument: 1, oneOf: [TIOCSTI, TIOCLINUX, TIOCSETD] }],
    why: "types into a terminal for whoever sits there",
  },
  { syscalls: ["vhangup"], errno: EPERM, why: "takes a terminal away" },
];

/** A network namespace does not hold back all families: vsock reaches the host of a virtual machine from any. */
const SOCKETS: readonly Rule[] = [
  {
    syscalls: ["socket"],
    errno: EAFNOSUPPORT,
    when: [{ argument: 0, noneOf: [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] }],
    why: "reaches virtual machines, devices and seldom used protocols",
  },
  {
    syscalls: ["socket"],
    errno: EPROTONOSUPPORT,
    when: [{ argument: 0, oneOf: [AF_NETLINK] }, { argument: 2, noneOf: [NETLINK_ROUTE] }],
    why: "talks with the kernel of more than network interfaces",
  },
  {
    syscalls: ["socket"],
    errno: EAFNOSUPPORT,
    when: [{ argument: 0, oneOf: [AF_INET] }, { argument: 1, mask: SOCK_TYPE_MASK, oneOf: [SOCK_PACKET] }],
    why: "listens to all of the network",
  },
  {
    syscalls: ["socketpair"],
    errno: EAFNOSUPPORT,
    when: [{ argument: 0, noneOf: [AF_UNIX] }],
    why: "reaches seldom used protocols",
  },
];

/** All rules, group by group. */
export const RULES: readonly Rule[] = [
  ...NAMESPACES,
  ...PROCESSES,
  ...KERNEL,
  ...FILES,
  ...TERMINALS,
  ...SOCKETS,
];
