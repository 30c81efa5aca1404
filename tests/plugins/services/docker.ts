/**
 * A Docker daemon of its own for tests: its data, socket, network and containers are private, and gone at the end.
 *
 * @module
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a command of Docker's left. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const START_MS = 30_000;
const MEMORY = "/dev/shm";

// a daemon that has crashed leaves mounts, and another does not know of them
const REMOVE = `grep -o " $root/[^ ]*" /proc/mounts | xargs -r umount --lazy; rm -rf "$root"`;
// ends the daemon when a line comes; when stdin is closed without one, this process was ended, and nobody else cleans up
const KEEPER = `exec 3<&0; root=$1; export DOCKER_HOST=$2; shift 2
"$@" </dev/null & daemon=$!
if read -r _ <&3; then kill -TERM "$daemon"; wait "$daemon"; exit; fi
docker ps --all --quiet | xargs -r docker rm --force --volumes
docker network prune --force
kill -TERM "$daemon"; wait "$daemon"; ${REMOVE}`;

/** Tells why no daemon can be started here; `undefined` where one may be. */
function problemHere(): string | undefined {
  if (process.platform !== "linux") return "dockerd is tested on Linux alone";
  if (process.getuid?.() !== 0) return "dockerd needs root";
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  const missing = ["dockerd", "docker"].filter((it) => !folders.some((folder) => existsSync(join(folder, it))));
  return missing.length === 0 ? undefined : `${missing.join(" and ")} of Debian's docker.io is not installed`;
}

/**
 * Starts a daemon. It makes no rules of the machine's firewall: what containers publish is passed on by its own program.
 *
 * @returns The daemon, or why there is none, for whoever skips a test.
 */
export async function startDocker(): Promise<TestDocker | string> {
  const problem = problemHere();
  if (problem !== undefined) return problem;
  // short, since paths of sockets are
  const root = await mkdtemp(join(await largeEnoughMemory() ? MEMORY : tmpdir(), "cd-"));
  const docker = new TestDocker(root);
  for (const driver of ["overlay2", "vfs"]) {
    if (await docker.start(driver)) return docker;
  }
  const said = (await readFile(docker.logFile, "utf8")).trim().split("\n").slice(-3).join(" | ");
  await docker[Symbol.asyncDispose]();
  return `dockerd does not start here: ${said}`;
}

/** Tells whether there are files in memory, and room for images: a daemon waits for its disk most of the time. */
async function largeEnoughMemory(): Promise<boolean> {
  if (!existsSync(MEMORY)) return false;
  const { bavail, bsize } = await statfs(MEMORY);
  return bavail * bsize > 2 ** 31;
}

/** A daemon that is running. */
export class TestDocker implements AsyncDisposable {
  readonly #root: string;
  #keeper: ChildProcess | undefined;
  #driver = "overlay2";
  #hasCrashed = false;

  constructor(root: string) {
    this.#root = root;
  }

  /** Address of its socket. */
  get host(): string {
    return `unix://${this.socket}`;
  }

  get socket(): string {
    return join(this.#root, "d.sock");
  }

  get logFile(): string {
    return join(this.#root, "log");
  }

  /** Starts it, the first time or again; tells whether it answers. */
  async start(driver = this.#driver): Promise<boolean> {
    this.#driver = driver;
    this.#hasCrashed = false;
    await writeFile(join(this.#root, "daemon.json"), "{}");
    const log = openSync(this.logFile, "a");
    const place = (name: string) => join(this.#root, name);
    const path = `${process.env["PATH"]}:/usr/sbin:/sbin`;
    this.#keeper = spawn("sh", [
      ...[
        "-c",
        KEEPER,
        "sh",
        this.#root,
        this.host,
        // others that run here trip over the mounts of containers
        ...["unshare", "--mount", "--propagation", "slave"],
        "dockerd",
        "--config-file",
        place("daemon.json"),
        "--host",
        this.host,
      ],
      ...["--data-root", place("data"), "--exec-root", place("x"), "--pidfile", place("pid")],
      ...["--containerd-namespace", `collet-${process.pid}`, "--storage-driver", driver, "--bridge", "none"],
      ...["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--log-level", "error"],
    ], {
      stdio: ["pipe", log, log],
      env: { ...process.env, PATH: path },
      // what ends this process and its group must not end the one that cleans up
      detached: true,
    });
    closeSync(log);
    const keeper = this.#keeper;
    const ended = new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
    const end = Date.now() + START_MS;
    let isOver = false;
    void ended.then(() => isOver = true);
    while (!isOver && Date.now() < end) {
      if ((await this.try(["version"])).code === 0) return true;
      if (!await this.#isDaemonThere()) await delay(100);
      await delay(50);
    }
    await this.stop();
    return false;
  }

  async #isDaemonThere(): Promise<boolean> {
    return existsSync(join(this.#root, "pid")) && (await readFile(join(this.#root, "pid"), "utf8")) !== "";
  }

  /** Stops the daemon, and all containers with it. */
  async stop(): Promise<void> {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    this.#keeper = undefined;
    const ended = keeper.exitCode !== null || new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
    keeper.stdin?.end("\n");
    await ended;
  }

  /** Kills the daemon without a word, as a crash does. */
  async crash(): Promise<void> {
    this.#hasCrashed = true;
    process.kill(Number(await readFile(join(this.#root, "pid"), "utf8")), "SIGKILL");
    await this.stop();
    // their numbers may be those of dead processes that nobody has waited for, which look alive
    for (const file of ["pid", "x/containerd/containerd.pid"]) await rm(join(this.#root, file), { force: true });
  }

  /** Runs a command, and fails when it does. */
  async run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Runs a command. */
  async try(args: readonly string[]): Promise<Ran> {
    try {
      const { stdout, stderr } = await run("docker", ["--host", this.host, ...args], { maxBuffer: 2 ** 26 });
      return { code: 0, stdout, stderr };
    } catch (thrown) {
      const { code, stdout = "", stderr = "" } = thrown as { code?: number; stdout?: string; stderr?: string };
      return { code: typeof code === "number" ? code : 1, stdout, stderr };
    }
  }

  /** Makes an image of an archive of its files; `changes` are lines such as `CMD ["sh"]`. */
  async import(name: string, archive: string, changes: readonly string[]): Promise<void> {
    await this.run("import", ...changes.flatMap((it) => ["--change", it]), archive, name);
  }

  /** A folder of its own, which goes with it. */
  async folder(name: string): Promise<string> {
    const path = join(this.#root, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // what a daemon that has crashed left running is found by another
    if (this.#hasCrashed) await this.start();
    const list = async (...args: readonly string[]) => (await this.try(args)).stdout.split("\n").filter(Boolean);
    const containers = await list("ps", "--all", "--quiet");
    if (containers.length > 0) await this.try(["rm", "--force", "--volumes", ...containers]);
    // their bridges are devices of this machine
    const networks = await list("network", "ls", "--quiet", "--filter", "type=custom");
    if (networks.length > 0) await this.try(["network", "rm", ...networks]);
    await this.stop();
    await run("sh", ["-c", REMOVE], { env: { ...process.env, root: this.#root } });
  }
}
