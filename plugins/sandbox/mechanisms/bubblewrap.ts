/**
 * Confinement by bubblewrap: namespaces of the kernel, for any user.
 *
 * @module
 */
import { hiddenBelow } from "../system.ts";
import { FILTER_DESCRIPTOR, HOME_INSIDE, type MechanismProgram, USER_ID, type View, type ViewMount } from "../view.ts";

/** Where files of ours are seen that stand for those of `/etc`. */
const ETC_INSIDE = "/run/collet/etc";

/** Confines by `bwrap`, version 0.8 or later. */
export const bubblewrap: MechanismProgram = {
  name: "bubblewrap",
  program: "bwrap",
  canMove: true,
  readsFilter: true,
  endsWithServer: true,
  wrap: (view) => [
    ...["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"],
    ...(view.hasNetwork ? [] : ["--unshare-net"]),
    ...["--uid", String(USER_ID), "--gid", String(USER_ID), "--hostname", "sandbox"],
    // the second keeps input from being pushed into the terminal of the server
    ...["--die-with-parent", "--new-session", "--cap-drop", "ALL"],
    ...systemWords(view),
    ...["--proc", "/proc", ...(view.barred ?? []).flatMap((path) => ["--ro-bind", "/dev/null", path])],
    ...["--dev", "/dev", ...memoryFolder("/dev/shm", view.diskBytes, "1777")],
    ...memoryFolder("/tmp", view.diskBytes, "1777"),
    ...(view.folder === undefined
      ? memoryFolder(HOME_INSIDE, view.diskBytes, "0700")
      : ["--bind", view.folder, HOME_INSIDE]),
    ...view.folders.flatMap((path) => memoryFolder(path, view.diskBytes, "0700")),
    ...view.mounts.flatMap((mount) => [...mountWords(mount), ...hidingWords(mount, view.hidden)]),
    // root of the machine may write what is in /proc, such as the program that the kernel starts when another crashes
    ...["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"],
    ...(view.hasFilter ? ["--seccomp", String(FILTER_DESCRIPTOR)] : ["--disable-userns"]),
    ...["--chdir", view.cwd, "--"],
    ...(view.processes === undefined ? [] : ["prlimit", `--nproc=${view.processes}`, "--"]),
  ],
  remedy(problem) {
    if (problem === undefined) return "install bubblewrap (apt-get install bubblewrap, dnf install bubblewrap)";
    if (/proc on|mount proc|newroot\/proc/i.test(problem)) {
      return "start the container without hidden paths in /proc (docker run --security-opt systempaths=unconfined)";
    }
    if (/namespace|uid map|Operation not permitted|Permission denied|loopback/i.test(problem)) {
      return "allow user namespaces: sysctl user.max_user_namespaces and kernel.unprivileged_userns_clone=1; " +
        "kernel.apparmor_restrict_unprivileged_userns=0 or a profile for bwrap on Ubuntu; " +
        "in a container docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined";
    }
    if (/[Uu]nknown option/.test(problem)) return "install bubblewrap 0.8 or later";
    return "run bwrap by hand, and see why it fails";
  },
};

function systemWords({ system, etc, hidden }: View): string[] {
  return [
    ...system.flatMap((entry) =>
      entry.kind === "link" ? ["--symlink", entry.target, entry.path] : ["--ro-bind-try", entry.path, entry.path]
    ),
    ...etcWords(etc),
    ...system.flatMap((it) => it.kind === "folder" ? hidingWords({ from: it.path, to: it.path }, hidden) : []),
  ];
}

/** Mounts cost, and links do not: files that lie in one folder are seen by links to it. */
function etcWords(etc: View["etc"]): string[] {
  const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));
  const entries = Object.entries(etc);
  const [own] = entries.map(([, from]) => folderOf(from))
    .filter((folder, _, all) => all.filter((it) => it === folder).length > 1);
  return [
    ...(own === undefined ? [] : ["--ro-bind", own, ETC_INSIDE]),
    ...entries.flatMap(([to, from]) =>
      folderOf(from) === own ? ["--symlink", `${ETC_INSIDE}${from.slice(own.length)}`, to] : ["--ro-bind", from, to]
    ),
  ];
}

function memoryFolder(path: string, bytes: number, mode: string): string[] {
  return ["--perms", mode, "--size", String(bytes), "--tmpfs", path];
}

function mountWords({ from, to, isWritable }: ViewMount): string[] {
  return [isWritable ? "--bind" : "--ro-bind", from, to];
}

/** Covers what stays unseen below a folder that is seen. */
function hidingWords(mount: Pick<ViewMount, "from" | "to">, hidden: readonly string[]): string[] {
  return hiddenBelow(mount, hidden).flatMap((path) => ["--tmpfs", path, "--remount-ro", path]);
}
