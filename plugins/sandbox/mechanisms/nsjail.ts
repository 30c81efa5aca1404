/**
 * Confinement by nsjail: namespaces of the kernel, for any user.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import { kafelPolicy } from "../seccomp/mod.ts";
import { hiddenBelow } from "../system.ts";
import { HOME_INSIDE, type MechanismProgram, USER_ID, type View, type ViewMount } from "../view.ts";

/** Devices that are files of this machine. */
const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"] as const;
/** Limits that nsjail sets low by itself, such as one MiB for files. */
const INHERITED_LIMITS = ["as", "cpu", "fsize", "nofile"] as const;
/** The first process inside: who it is ends by no signal of its own, and has to bury what others leave. */
const FIRST_PROCESS = ["/bin/sh", "-c", '"$@"; exit $?', "sh"] as const;
/** Bytes of the empty folder over a hidden one. */
const HIDING_BYTES = 4096;

/** Confines by `nsjail`, version 2.9 or later. Source: nsjail(1), and `nsjail --help` of 3.6. */
export const nsjail: MechanismProgram = {
  name: "nsjail",
  program: "nsjail",
  canMove: true,
  readsFilter: false,
  endsWithServer: false,
  wrap: (view) => [
    ...["--mode", "o", "--really_quiet", "--user", String(USER_ID), "--group", String(USER_ID)],
    ...["--hostname", "sandbox", "--keep_env", "--time_limit", "0", "--nice_level", "0"],
    // it makes a network namespace unless it is told not to
    ...(view.hasNetwork ? ["--disable_clone_newnet"] : []),
    ...INHERITED_LIMITS.flatMap((limit) => [`--rlimit_${limit}`, "soft"]),
    ...(view.processes === undefined ? [] : ["--rlimit_nproc", String(view.processes + 1)]),
    ...systemWords(view),
    ...deviceWords(view.diskBytes),
    ...memoryFolder("/tmp", { bytes: view.diskBytes, mode: "1777" }),
    ...(view.folder === undefined
      ? memoryFolder(HOME_INSIDE, { bytes: view.diskBytes, mode: "0700" })
      : mount("--bindmount", view.folder, HOME_INSIDE)),
    ...view.folders.flatMap((path) => memoryFolder(path, { bytes: view.diskBytes, mode: "0700" })),
    ...view.mounts.flatMap(({ from, to, isWritable }) => [
      ...mount(isWritable ? "--bindmount" : "--bindmount_ro", from, to),
      ...hidingWords({ from, to }, view.hidden),
    ]),
    ...filterWords(view),
    ...["--cwd", view.cwd, "--", ...FIRST_PROCESS],
  ],
  remedy(problem) {
    if (problem === undefined) return "build nsjail from its source (Debian has no package), and put it in PATH";
    if (/unrecognized|invalid option/i.test(problem)) return "install nsjail 2.9 or later";
    if (/namespace|clone|uid_map|Operation not permitted|Permission denied|Launching child/i.test(problem)) {
      return "allow user namespaces: sysctl user.max_user_namespaces and kernel.unprivileged_userns_clone=1; " +
        "kernel.apparmor_restrict_unprivileged_userns=0 or a profile for nsjail on Ubuntu; " +
        "in a container docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined " +
        "--security-opt systempaths=unconfined";
    }
    return "run nsjail by hand without --really_quiet, and see why it fails";
  },
};

function systemWords({ system, etc, hidden }: View): string[] {
  return [
    ...system.flatMap((entry) =>
      entry.kind === "link" ? mount("--symlink", entry.target, entry.path) : mount("--bindmount_ro", entry.path)
    ),
    ...Object.entries(etc).flatMap(([to, from]) => mount("--bindmount_ro", from, to)),
    ...system.flatMap(({ kind, path }) => kind === "folder" ? hidingWords({ from: path, to: path }, hidden) : []),
  ];
}

/** Covers what stays unseen below a folder that is seen. */
function hidingWords(mount: Pick<ViewMount, "from" | "to">, hidden: readonly string[]): string[] {
  return hiddenBelow(mount, hidden).flatMap((path) => memoryFolder(path, { bytes: HIDING_BYTES, mode: "0555" }));
}

function deviceWords(bytes: number): string[] {
  return [
    ...DEVICES.flatMap((path) => mount("--bindmount_ro", path)),
    ...memoryFolder("/dev/shm", { bytes, mode: "1777" }),
    ...["--mount", "none:/dev/pts:devpts:newinstance,ptmxmode=0666,mode=620", "--symlink", "pts/ptmx:/dev/ptmx"],
    ...["--symlink", "/proc/self/fd:/dev/fd"],
    ...["stdin", "stdout", "stderr"].flatMap((name, fd) => ["--symlink", `/proc/self/fd/${fd}:/dev/${name}`]),
  ];
}

function memoryFolder(
  path: string,
  { bytes, mode }: { readonly bytes: number; readonly mode: string },
): readonly string[] {
  return ["--mount", `none:${checked(path)}:tmpfs:size=${bytes},mode=${mode}`];
}

function mount(option: string, from: string, to = from): readonly string[] {
  return [option, `${checked(from)}:${checked(to)}`];
}

/** @throws {ToolError} when nsjail would take the path for two. */
function checked(path: string): string {
  if (!path.includes(":")) return path;
  throw new ToolError(`Cannot show "${path}" to a command in nsjail: ":" parts paths there; rename it`);
}

/** @throws {ToolError} when system calls are to be filtered, and for which processor is not known. */
function filterWords({ hasFilter, architecture }: View): readonly string[] {
  if (!hasFilter) return [];
  if (architecture !== undefined) return ["--seccomp_string", kafelPolicy(architecture)];
  throw new ToolError("Cannot filter system calls in nsjail: the processor is not known");
}
