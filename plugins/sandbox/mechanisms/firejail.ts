/**
 * Confinement by firejail: namespaces that a set-uid program makes, where users may not make their own. It shows the
 * machine's own root and takes away from it, so nothing can be called something else inside.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import { FIREJAIL_SYSCALLS } from "../seccomp/mod.ts";
import { isBelow } from "../paths.ts";
import type { MechanismProgram, View, ViewMount } from "../view.ts";

/** Top-level folders that are there beside those of the system and of the mounts. */
const KEPT = ["dev", "etc", "proc", "run", "tmp"] as const;
/** What firejail makes read-only by itself. */
const READ_ONLY_FOLDERS = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc"].map((it) => `/${it}`);
/** Folders of the kernel, of which nothing can be mounted. */
const KERNEL_FOLDERS = ["/dev", "/proc", "/sys"] as const;
/** A name that nothing has: to show it alone shows an empty folder. `~` is the home in the user database. */
const NOTHING = "collet-shows-nothing";
const EMPTIED = ["/tmp", "/run", "~"] as const;
/** What lies in those folders, or comes with a device folder of firejail's: it leads out. */
const LEADING_OUT = ["/run/user", "/dev/tty", "/dev/log", "~/.Xauthority", "~/.asoundrc"] as const;
/** What firejail itself needs while it prepares: it makes both anew for each command. */
const OWN_FOLDERS = ["/run/firejail/mnt", "/run/firejail/lib"] as const;
/** Characters that firejail refuses, or takes for patterns. */
const REFUSED_REGEXP = /[\\&!?"<>%^{};,*[\]\p{Cc}]|\.\.|^\s|\s$/u;
/** Words that it takes at most, of which some are for the command. */
const WORDS = 127 - 8;

/**
 * Starts the command. Where it takes the machine for a container, firejail runs commands as they are; only what it
 * confines has this variable, as nothing else starts with it. Firejail stays as long as any process inside, so that what
 * a command leaves behind is ended with it.
 */
const FIRST_PROCESS = `
[ "$container" = firejail ] || { echo "firejail confines nothing here: it takes this for a container" >&2; exit 125; }
unset container FIREJAIL_QUIET KDE_FORK_SLAVES QT_X11_NO_MITSHM QML_DISABLE_DISK_CACHE PROMPT_COMMAND SHELL
trap : INT TERM
"$@"
code=$?
kill -KILL -1 2>/dev/null
exit $code
`;

/**
 * Confines by `firejail`, version 0.9.72 or later. Source: firejail(1).
 *
 * It has no `--` before the command: after that, firejail passes the command through the user's login shell.
 */
export const firejail: MechanismProgram = {
  name: "firejail",
  program: "firejail",
  canMove: false,
  readsFilter: false,
  endsWithServer: false,
  wrap(view) {
    const { folder, mounts } = view;
    if (folder === undefined) throw new ToolError("Cannot confine by firejail: it needs a private folder on disk");
    if (view.folders.length > 0) throw new ToolError("Cannot confine by firejail: it has no folders in memory to give");
    const seen = [...mounts, { from: folder, to: folder, isWritable: true }];
    seen.forEach(check);
    checkName(view.cwd);
    const words = [
      ...["--quiet", "--noprofile", "--noroot", "--nonewprivs", "--caps.drop=all", "--nogroups", "--ipc-namespace"],
      ...["--private-dev", "--no3d", "--nodvd", "--nosound", "--notv", "--nou2f", "--novideo", "--noinput"],
      // else it empties or bars parts of what is granted there
      ...["--writable-var", "--keep-var-tmp"],
      ...["--hostname=sandbox", "--deterministic-exit-code", `--private-cwd=${view.cwd}`],
      ...(view.hasNetwork ? [] : ["--net=none"]),
      ...(view.hasFilter ? filterWords() : []),
      ...(view.processes === undefined ? [] : [`--rlimit-nproc=${view.processes + 1}`]),
      ...shownWords(view, seen),
      ...hiddenWords(view, seen),
      ...writingWords(view, seen),
      ...["/bin/sh", "-c", FIRST_PROCESS, "sh"],
    ];
    if (words.length <= WORDS) return words;
    throw new ToolError(
      `Cannot show ${mounts.length} folders to a command in firejail: it takes no more than 127 words, and these ` +
        `need ${words.length}; grant folders that are further up, or install bubblewrap`,
    );
  },
  remedy(problem) {
    if (problem === undefined) return "install firejail (apt-get install firejail, dnf install firejail)";
    if (/not allowed to use/.test(problem)) {
      return "add this user to firejail.users (firecfg), and do not run as nobody";
    }
    if (/takes this for a container/.test(problem)) {
      return "set container=docker in the environment of the first process";
    }
    if (/not owned by the current user/.test(problem)) return "give this user a home of its own in the user database";
    if (/SUID/.test(problem)) return "make firejail set-uid root (chmod u+s)";
    if (/invalid .* option/.test(problem)) return "install firejail 0.9.72 or later";
    return "run firejail by hand without --quiet, and see why it fails";
  },
};

function filterWords(): readonly string[] {
  return [
    ...[`--seccomp=${FIREJAIL_SYSCALLS.join(",")}`, "--seccomp.block-secondary", "--restrict-namespaces"],
    "--protocol=unix,inet,inet6,netlink",
  ];
}

/** Shows nothing but what is named, in each top-level folder that something is named of. */
function shownWords({ system, etc, hasNetwork, hidden }: View, seen: readonly ViewMount[]): readonly string[] {
  const entries = system.map(({ path }) => path);
  const files = Object.entries(etc).flatMap(([to, from]) => {
    if (to === "/etc/resolv.conf" && !hasNetwork) return [];
    // a link leads to it, when it is not a file of ours
    return hidden.some((folder) => isBelow(from, folder)) ? [to] : [to, from];
  });
  const hosts = etc["/etc/hosts"];
  const shown = [...entries, ...files, ...seen.map(({ from }) => from)].filter((path) => {
    const top = topOf(path);
    return path !== top && !seen.some(({ from }) => from === top) && (top === "/etc" || !entries.includes(top));
  });
  return [
    ...(hosts === undefined || hosts === "/etc/hosts" ? [] : [`--hosts-file=${hosts}`]),
    ...EMPTIED.filter((folder) => !seen.some(({ from }) => from === folder)).map((folder) =>
      `--whitelist=${folder}/${NOTHING}`
    ),
    ...new Set(shown.map((path) => `--whitelist=${path}`)),
  ];
}

/** Takes away all other top-level folders, and what stays unseen below those that are seen. */
function hiddenWords({ system, hidden }: View, seen: readonly ViewMount[]): readonly string[] {
  const inside = [...system.map(({ path }) => path), ...seen.map(({ from }) => from)];
  const tops = new Set([...KEPT.map((name) => `/${name}`), ...inside.map(topOf)]);
  return [
    ...[...tops].map((top) => `--noblacklist=${top}`),
    ...["--blacklist=/*", ...OWN_FOLDERS.map((path) => `--noblacklist=${path}`), "--blacklist=/run/firejail/*"],
    ...[...hidden.filter((path) => inside.some((it) => it !== path && isBelow(path, it))), ...LEADING_OUT]
      .flatMap((path) => hide(path, seen)),
  ];
}

/** Hides a folder; where something of it is seen, all that lies beside the way there. */
function hide(folder: string, seen: readonly ViewMount[]): readonly string[] {
  const kept = seen.map(({ from }) => from).filter((from) => isBelow(from, folder));
  if (kept.length === 0) return [`--blacklist=${folder}`];
  if (kept.includes(folder)) return [];
  const next = new Set(kept.map((path) => `${folder}/${path.slice(folder.length + 1).split("/")[0]}`));
  return [
    ...[...next].map((path) => `--noblacklist=${path}`),
    `--blacklist=${folder}/*`,
    ...[...next].flatMap((path) => hide(path, seen)),
  ];
}

/** Makes read-only what may not be changed; later words win. */
function writingWords({ system, isRoot }: View, seen: readonly ViewMount[]): readonly string[] {
  const folders = system.filter(({ kind }) => kind === "folder").map(({ path }) => path);
  const readOnly = [...folders, ...seen.filter(({ isWritable }) => !isWritable).map(({ from }) => from)];
  return [
    // root is the owner of these, be it without any privilege
    ...(isRoot ? ["--read-only=/", "--read-only=/run/firejail", "--read-write=/run/firejail/mnt"] : []),
    ...folders.filter((path) => !READ_ONLY_FOLDERS.includes(topOf(path))).map((path) => `--read-only=${path}`),
    ...seen.flatMap(({ from, isWritable }) => {
      if (!isWritable) return [`--read-only=${from}`];
      return readOnly.some((path) => isBelow(from, path)) ? [`--read-write=${from}`] : [];
    }),
  ];
}

/** @throws {ToolError} when firejail cannot show it. */
function check({ from }: ViewMount): void {
  checkName(from);
  if (from === "/" || KERNEL_FOLDERS.some((folder) => isBelow(from, folder))) {
    throw new ToolError(`Cannot show "${from}" to a command in firejail; install bubblewrap`);
  }
}

/** @throws {ToolError} when firejail refuses the path. */
function checkName(path: string): void {
  if (!REFUSED_REGEXP.test(path)) return;
  throw new ToolError(
    `Cannot show "${path}" to a command in firejail: it takes no ".." and none of \\ & ! ? " < > % ^ { } ; , * [ ] ` +
      "in paths; rename it, or install bubblewrap",
  );
}

function topOf(path: string): string {
  return path.slice(0, `${path}/`.indexOf("/", 1));
}
