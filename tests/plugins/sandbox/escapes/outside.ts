/**
 * What attackers aim at: files with secrets, processes, and whatever listens.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { User } from "../mechanism_kit.ts";

/** Folders of the machine in which nothing may be left. */
export const PLACES: readonly string[] = [
  ...[
    "/",
    "/usr",
    "/usr/bin",
    "/usr/local/bin",
    "/opt",
    "/etc",
    "/etc/ssl/certs",
    "/etc/ld.so.conf.d",
    "/root",
    "/home",
  ],
  ...["/var", "/var/tmp", "/run", "/run/user", "/srv", "/mnt", "/media", "/boot", "/proc", "/proc/sys/kernel", "/sys"],
  ...["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/unified", "/dev", "/dev/pts"],
];
/** Of these, a sandbox may have its own in memory: only what is left on the machine counts. */
export const OWN_PLACES: readonly string[] = ["/tmp", "/dev/shm", "/var/tmp", "/run"];

/** A machine with something to lose. */
export class Outside implements AsyncDisposable {
  /** Names whatever an attacker makes. */
  readonly marker: string = `collet-escape-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  /** What no attacker may read. */
  readonly secret: string = `secret-${crypto.randomUUID()}`;
  /** A secret that a tool may be given. */
  readonly toolSecret: string = `tool-secret-${crypto.randomUUID()}`;
  /** Owned by the user of the server. */
  readonly folder: string;
  readonly user: User;
  readonly victim: ChildProcess;
  readonly #listeners = new Map<string, Server>();
  readonly #sockets = new Set<Socket>();
  /** How often somebody connected, by what to. */
  readonly connections = new Map<string, number>();

  private constructor(user: User) {
    this.user = user;
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), "collet-outside-")));
    this.victim = spawn("/bin/sleep", ["1000"], {
      env: { VICTIM_SECRET: this.secret },
      detached: true,
      stdio: "ignore",
      ...(user.id !== process.getuid?.() && { uid: user.id, gid: user.id }),
    });
  }

  static async make(user: User): Promise<Outside> {
    const it = new Outside(user);
    for (const name of ["home", "userhome", "userhome/.ssh", "granted", "readable", "other-work", "cwd", "deno"]) {
      mkdirSync(join(it.folder, name), { recursive: true });
    }
    const text = `${it.secret}\n`;
    for (const name of ["userhome/.ssh/id_ed25519", "userhome/.bashrc", "beside", "other-work/file", "cwd/file"]) {
      writeFileSync(join(it.folder, name), text);
    }
    for (const name of it.#all()) chownSync(join(it.folder, name), user.id, user.id);
    chownSync(it.folder, user.id, user.id);
    chmodSync(it.folder, 0o755);
    await it.#listen("allowed", { host: "127.0.0.1", port: 0 });
    await it.#listen("barred", { host: "127.0.0.1", port: 0 });
    await it.#listen("barred 6", { host: "::1", port: 0 }).catch(() => {});
    await it.#listen("barred all", { host: "0.0.0.0", port: 0 });
    await it.#listen("abstract", { path: `\0${it.marker}` });
    await it.#listen("unix", { path: join(it.folder, "docker.sock") });
    await it.#listen("unix in /tmp", { path: `/tmp/${it.marker}.sock` });
    if (process.getuid?.() === 0) await it.#listen("unix in /run", { path: `/run/${it.marker}.sock` });
    for (const path of it.sockets) chmodSync(path, 0o777);
    return it;
  }

  #all(folder = ""): readonly string[] {
    try {
      return readdirSync(join(this.folder, folder), { withFileTypes: true }).flatMap((it) => {
        const name = join(folder, it.name);
        return it.isDirectory() ? [name, ...this.#all(name)] : [name];
      });
    } catch {
      // a private folder, which is gone meanwhile
      return [];
    }
  }

  async #listen(name: string, where: { host?: string; port?: number; path?: string }): Promise<void> {
    const server = createServer((socket) => {
      this.connections.set(name, (this.connections.get(name) ?? 0) + 1);
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello from ${name}\n`));
    });
    server.listen(where);
    await once(server, "listening");
    this.#listeners.set(name, server);
  }

  portOf(name: string): number {
    const address = this.#listeners.get(name)?.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Every listener that nobody may reach. */
  get ports(): readonly (readonly [host: string, port: number])[] {
    const found = [["127.0.0.1", this.portOf("barred")], ["::1", this.portOf("barred 6")]] as const;
    return [...found, ["127.0.0.2", this.portOf("barred all")] as const].filter(([, port]) => port > 0);
  }

  get sockets(): readonly string[] {
    return [join(this.folder, "docker.sock"), `/tmp/${this.marker}.sock`, `/run/${this.marker}.sock`].filter((path) =>
      existsSync(path)
    );
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** Lists what carries the name of an attacker on this machine, and what should not be in the granted folder. */
  traces(): readonly string[] {
    const places = [...PLACES, ...OWN_PLACES, ...this.#all().map((name) => join(this.folder, name)), this.folder];
    const marked = places.flatMap((place) => {
      try {
        if (!lstatSync(place).isDirectory()) return [];
        return readdirSync(place).filter((name) => name.includes(this.marker) && !name.endsWith(".sock"))
          .map((name) => join(place, name));
      } catch {
        return [];
      }
    });
    return [...new Set(marked)];
  }

  /** Lists what in the granted folder would do harm outside. */
  planted(): readonly string[] {
    const folder = this.path("granted");
    return readdirSync(folder).flatMap((name) => {
      const stat = lstatSync(join(folder, name));
      const isDevice = stat.isBlockDevice() || stat.isCharacterDevice();
      return isDevice || (stat.isFile() && (stat.mode & 0o6000) !== 0)
        ? [`${name}: ${isDevice ? "a device" : `mode ${stat.mode.toString(8)} of user ${stat.uid}`}`]
        : [];
    });
  }

  /** Takes away what was made by attackers. */
  clean(): void {
    for (const path of this.traces()) rmSync(path, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.victim.kill("SIGKILL");
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([...this.#listeners.values()].map((it) => new Promise((resolve) => it.close(resolve))));
    this.clean();
    for (const path of this.sockets) rmSync(path, { force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Gives the namespaces of this process, by their names. */
export function ownNamespaces(): Readonly<Record<string, string>> {
  // a filter that is made for processes has user ids as they are: not all mechanisms make a user namespace
  return Object.fromEntries(["mnt", "pid", "net", "ipc"].map((name) => [name, readlinkSync(`/proc/self/ns/${name}`)]));
}

/** Lists the resolvers of this machine. */
export function resolvers(): readonly string[] {
  return [...readFileSync("/etc/resolv.conf", "utf8").matchAll(/^nameserver\s+([\d.]+)/gm)].map(([, it = ""]) => it);
}
