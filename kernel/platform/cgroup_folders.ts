/**
 * Finds the folders in which this process may be able to make control groups, from what the kernel says of mounts and
 * of the group that this process is in. Source: proc_pid_mountinfo(5), cgroups(7).
 *
 * @module
 */
import { dirname, join } from "node:path";

/** What a control group can hold. */
export type Controller = "memory" | "pids";

/** A folder in which control groups are made. */
export interface GroupFolder {
  readonly path: string;
  /** Of the interface: in version 1 each controller has a tree of its own, in version 2 all share one. */
  readonly version: 1 | 2;
}

interface Mount {
  /** Which part of the tree is mounted. */
  readonly root: string;
  readonly path: string;
  readonly kind: string;
  /** Of version 1: its controllers are among them. */
  readonly options: readonly string[];
}

const ESCAPED_REGEXP = /\\([0-7]{3})/g;
const TRAILING_SLASH_REGEXP = /(?<=.)\/$/;

function parseMounts(mountinfo: string): readonly Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root, path] = before.split(" ").map(unescapePath);
    const [kind = "", , options = ""] = after.split(" ");
    return root === undefined || path === undefined ? [] : [{ root, path, kind, options: options.split(",") }];
  });
}

function unescapePath(text: string): string {
  return text.replace(ESCAPED_REGEXP, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** Gives the group of a tree that this process is in; the tree of version 2 has no controllers in its line. */
function ownGroup(cgroup: string, controller: Controller | ""): string | undefined {
  for (const line of cgroup.split("\n")) {
    const [, controllers, ...path] = line.split(":");
    if (path.length > 0 && controllers?.split(",").includes(controller) === true) return path.join(":");
  }
  return undefined;
}

/** Gives a group as a folder; `undefined` when it lies outside of what is mounted. */
function folderOf(group: string, { root, path }: Mount): string | undefined {
  if (root === "/" || group === root || group.startsWith(`${root}/`)) {
    const below = root === "/" ? group : group.slice(root.length);
    return below.split("/").includes("..") ? undefined : join(path, below).replace(TRAILING_SLASH_REGEXP, "");
  }
  return undefined;
}

/**
 * Lists the folders to try for a controller, best first.
 *
 * In version 1 that is the own group. In version 2 a group with members, as the own one is, cannot have groups below it
 * that hold memory, unless it is the topmost one; the group above it, when it was delegated to us, can.
 *
 * @param mountinfo Content of `/proc/self/mountinfo`.
 * @param cgroup Content of `/proc/self/cgroup`.
 */
export function groupFolders(
  controller: Controller,
  { mountinfo, cgroup }: { readonly mountinfo: string; readonly cgroup: string },
): readonly GroupFolder[] {
  return parseMounts(mountinfo).flatMap((mount): GroupFolder[] => {
    const version = mount.kind === "cgroup2" ? 2 : 1;
    if (version === 1 && !(mount.kind === "cgroup" && mount.options.includes(controller))) return [];
    const group = ownGroup(cgroup, version === 1 ? controller : "");
    const path = group === undefined ? undefined : folderOf(group, mount);
    if (path === undefined) return [];
    const own = { path, version } as const;
    return version === 1 || path === mount.path ? [own] : [{ path: dirname(path), version }, own];
  });
}
