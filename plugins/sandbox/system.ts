/**
 * Which part of this machine every confined process sees: programs and libraries, and what in `/etc` they need.
 *
 * @module
 */
import type { Files } from "../../kernel/mod.ts";
import { isBelow, realPath } from "./paths.ts";
import type { SystemEntry, ViewMount } from "./view.ts";

/** Folders of programs and libraries, on whatever distribution. */
const FOLDERS: readonly string[] = [
  ...["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "opt"],
  ...["nix", "gnu", "home/linuxbrew/.linuxbrew"],
];

/** What programs read in `/etc`: nothing of users, keys, or settings with passwords. */
const ETC: readonly string[] = [
  ...["alternatives", "ld.so.cache", "localtime", "os-release", "mime.types", "protocols", "services"],
  ...["ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust/extracted", "crypto-policies"],
  ...["fonts", "php", "R", "java-17-openjdk", "java-21-openjdk"],
];

/** Files of `/etc` that we write: no user of this machine is told. */
export const ETC_FILES: Readonly<Record<string, string>> = {
  "passwd": "tool:x:1000:1000:tool:/home/tool:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
  "group": "tool:x:1000:\nnogroup:x:65534:\n",
  "hostname": "sandbox\n",
  "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
  "resolv.conf": "",
};
/** Of {@linkcode ETC_FILES}, those that a process with the network of this machine sees as they are here. */
export const NETWORK_FILES: readonly string[] = ["/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf"];

/** What `/proc` tells anybody of keys. */
const KEY_FILES: readonly string[] = ["keys", "key-users"];
/** What it tells root of the kernel's memory, be it without any privilege. */
const MEMORY_FILES: readonly string[] = ["slabinfo", "vmallocinfo", "pagetypeinfo", "timer_list"];

/** Looks which files this machine has that nobody inside is to open, and could. */
export async function readBarred(files: Files, isRoot: boolean): Promise<readonly string[]> {
  const folder = files.open("/proc");
  const names = isRoot ? [...KEY_FILES, ...MEMORY_FILES] : KEY_FILES;
  const there = await Promise.all(names.map((name) => folder.stat(name)));
  return names.filter((_, index) => there[index] !== undefined).map((name) => `/proc/${name}`);
}

/** Looks which of it this machine has. */
export async function readSystem(files: Files): Promise<readonly SystemEntry[]> {
  const root = files.open("/");
  const entries = await Promise.all([...FOLDERS, ...ETC.map((name) => `etc/${name}`)].map(async (name) => {
    const stat = await root.stat(name);
    if (stat === undefined) return undefined;
    const path = `/${name}`;
    if (stat.kind !== "link") return { kind: "folder", path } as const;
    const target = realPath(files, path);
    return target === undefined ? undefined : { kind: "link", path, target } as const;
  }));
  return entries.filter((entry) => entry !== undefined).filter((entry, _, all) =>
    entry.kind === "folder" || isSeen(entry.target, all)
  );
}

/** Tells whether a real path is in a part of the system that is seen. */
export function isSeen(path: string, system: readonly SystemEntry[]): boolean {
  return system.some((entry) => entry.kind === "folder" && isBelow(path, entry.path));
}

/** Gives what is to stay unseen below a folder that is seen, by the paths that it has inside. */
export function hiddenBelow({ from, to }: Pick<ViewMount, "from" | "to">, hidden: readonly string[]): string[] {
  return hidden.filter((path) => path !== from && isBelow(path, from))
    .map((path) => `${to === "/" ? "" : to}${path.slice(from === "/" ? 0 : from.length)}`);
}
