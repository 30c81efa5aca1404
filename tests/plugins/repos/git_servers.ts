/**
 * Git repositories behind git's daemon and OpenSSH's server, on ports of this machine.
 *
 * @module
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { connect, createServer as createTcpServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { until } from "../../support/wait.ts";
import { gitWith } from "./repositories_kit.ts";

const run = promisify(execFile);

/** Repositories that are served. */
export interface ServedGit extends AsyncDisposable {
  /** What comes before the absolute path of a repository in its address. */
  readonly url: string;
}

/** Finds a port that is free. */
async function findPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function isListening(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.once("connect", () => socket.destroy()).once("error", () => resolve(false));
  });
}

/** Ends a program that serves, with all that it started. */
async function end(server: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => server.exitCode === null ? server.once("exit", resolve) : resolve(undefined));
  server.kill("SIGTERM");
  await closed;
}

/** Serves all repositories below a folder by git's daemon. */
export async function serveDaemon(folder: string): Promise<ServedGit> {
  const port = await findPort();
  const program = join(await gitWith("/", ["--exec-path"]), "git-daemon");
  const words = ["--export-all", "--reuseaddr", "--listen=127.0.0.1", `--port=${port}`, "--informative-errors"];
  const daemon = spawn(program, [...words, folder], { stdio: "ignore" });
  await until(() => isListening(port), "git's daemon");
  return { url: `git://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => end(daemon) };
}

/** Repositories that are served over ssh, and what their user's git has to know. */
export interface ServedSsh extends ServedGit {
  /** Value of `XDG_CONFIG_HOME` by which git finds the key. */
  readonly settings: string;
}

/** Serves all repositories of this machine over ssh; a text says why that cannot be. */
export async function serveSsh(folder: string): Promise<ServedSsh | string> {
  const program = findSshServer();
  if (program === undefined) return "no OpenSSH server is installed (sshd)";
  const port = await findPort();
  const { server, settings } = await prepareSsh(folder, port);
  // what a service manager would make: a server that root starts does not start without it
  if (userInfo().uid === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const sshd = spawn(program, ["-D", "-e", "-f", server], { stdio: ["ignore", "ignore", "pipe"] });
  const said: string[] = [];
  sshd.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  await until(async () => sshd.exitCode !== null || await isListening(port), "sshd");
  if (sshd.exitCode !== null) return `sshd does not start here: ${said.join("").trim()}`;
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    settings,
    [Symbol.asyncDispose]: () => end(sshd),
  };
}

/** Finds OpenSSH's server, which is often not in PATH. */
function findSshServer(): string | undefined {
  const named = process.env["COLLET_TEST_SSHD"];
  return [...(named === undefined ? [] : [named]), "/usr/sbin/sshd", "/usr/local/sbin/sshd"].find((it) =>
    existsSync(it)
  );
}

/** What a server and a client of ssh need, in a folder of their own. */
async function prepareSsh(
  folder: string,
  port: number,
): Promise<{ readonly server: string; readonly settings: string }> {
  await mkdir(join(folder, "git"), { recursive: true });
  for (const name of ["host", "user"]) {
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(folder, name)]);
  }
  const { stdout: key } = await run("ssh-keygen", ["-y", "-f", join(folder, "host")]);
  const { stdout: own } = await run("ssh-keygen", ["-y", "-f", join(folder, "user")]);
  await writeFile(join(folder, "authorized_keys"), own);
  await chmod(join(folder, "authorized_keys"), 0o600);
  await writeFile(join(folder, "known_hosts"), `[127.0.0.1]:${port} ${key}`);
  const server = join(folder, "sshd_config");
  await writeFile(
    server,
    [
      ...[`ListenAddress 127.0.0.1:${port}`, `HostKey ${join(folder, "host")}`, "StrictModes no", "UsePAM no"],
      ...[`AuthorizedKeysFile ${join(folder, "authorized_keys")}`, "PasswordAuthentication no", "PidFile none"],
      "PermitRootLogin yes\n",
    ].join("\n"),
  );
  const client = ["-F", "none", "-i", join(folder, "user"), "-o", `UserKnownHostsFile=${join(folder, "known_hosts")}`];
  await writeFile(join(folder, "git", "config"), `[core]\n\tsshCommand = ssh ${client.join(" ")}\n`);
  return { server, settings: folder };
}
