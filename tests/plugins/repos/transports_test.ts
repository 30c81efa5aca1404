import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";
import { until } from "../../support/wait.ts";
import { serveGit } from "../sharing/kit.ts";
import { commitTree, gitWith, GUEST, leftovers, makePlace, skill, startRepositories } from "./repositories_kit.ts";

const run = promisify(execFile);

/** Adds, updates and installs by an address; `bare` is what it leads to. */
async function useAll(url: string, bare: string, home: string): Promise<void> {
  const first = await commitTree(bare, { ...skill("skills/a"), ...skill("skills/b") });
  await using kit = await startRepositories(home);
  const { repository } = await kit.repositories.add({ url, branch: "main" }, kit.call());
  assert.deepEqual([repository.commit, repository.skills.map((it) => it.name)], [first, ["a", "b"]], url);
  const second = await commitTree(bare, { ...skill("skills/a"), ...skill("skills/c") });
  const [updated] = await kit.repositories.update(repository.name, kit.call());
  assert.deepEqual([updated?.added, updated?.removed, updated?.repository.commit], [["c"], ["b"], second]);
  const pinned = await kit.repositories.pin(repository.name, { commit: first }, kit.call());
  assert.equal(pinned.repository.commit, first);
  await assert.rejects(
    kit.repositories.add({ url, branch: "absent", name: "absent" }, kit.call()),
    /git says: .*couldn't find remote ref absent/s,
  );
  assert.deepEqual(await leftovers(home), []);
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

test("repositories come over HTTP from git's own server, whatever their address ends in", async () => {
  await using place = await makePlace();
  await using site = await serveGit(place.path);
  const bare = join(place.path, "skills.git");
  await useAll(`${site.url}/skills.git`, bare, place.home);
  await using kit = await startRepositories(join(place.path, "other"));
  for (const [i, ending] of ["", "/", ".git/"].entries()) {
    const url = `${site.url}/skills${ending}`;
    const { repository } = await kit.repositories.add({ url, name: `skills-${i}` }, kit.call({ principal: GUEST }));
    assert.equal(repository.skills.length, 2, url);
  }
  await assert.rejects(
    kit.repositories.add({ url: `${site.url}/private/x` }, kit.call()),
    /git says: .*(?:prompts disabled|could not read)/s,
  );
});

test("repositories come from git's daemon", async () => {
  await using place = await makePlace();
  const port = await findPort();
  const words = [
    "daemon",
    "--export-all",
    "--reuseaddr",
    "--listen=127.0.0.1",
    `--port=${port}`,
    "--informative-errors",
  ];
  const daemon = spawn(join(await gitWith("/", ["--exec-path"]), "git-daemon"), [
    ...words.slice(1),
    `--base-path=${place.path}`,
    place.path,
  ], { stdio: "ignore" });
  try {
    await until(() => isListening(port), "git's daemon");
    await useAll(`git://127.0.0.1:${port}/skills.git`, join(place.path, "skills.git"), place.home);
  } finally {
    await end(daemon);
  }
});

test("repositories come from paths of this machine", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  await useAll(bare, bare, place.home);
  await useAll(`file://${join(place.path, "other.git")}`, join(place.path, "other.git"), join(place.path, "home2"));
});

test("a server that redirects leads to the web alone, and to no file of this machine", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  await commitTree(bare, skill("a"));
  await gitWith(bare, ["update-server-info"]);
  await using site = await serveGit(place.path);
  const targets: Readonly<Record<string, string>> = {
    moved: `${site.url}/skills.git`,
    file: `file://${bare}`,
    ftp: site.url.replace("http", "ftp"),
    git: site.url.replace("http", "git"),
    ext: `ext::sh -c touch% ${join(place.path, "trap")}`,
  };
  const server = createServer((request, response) => {
    const [, name = "", rest = ""] = /^\/([a-z]+)(.*)$/.exec(request.url ?? "") ?? [];
    response.writeHead(302, { location: `${targets[name]}${rest}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as { readonly port: number };
    await using kit = await startRepositories(place.home);
    for (const name of Object.keys(targets)) {
      const adding = kit.repositories.add({ url: `http://127.0.0.1:${port}/${name}` }, kit.call());
      if (name === "moved") assert.equal((await adding).repository.skills.length, 1);
      else await assert.rejects(adding, /git says: /, name);
    }
    assert.equal(existsSync(join(place.path, "trap")), false);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

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

test("repositories come over ssh with the keys of the server's own user, and for nobody else", async (t) => {
  const program = findSshServer();
  if (program === undefined) return t.skip("no OpenSSH server is installed (sshd)");
  await using place = await makePlace();
  const port = await findPort();
  const { server, settings } = await prepareSsh(join(place.path, "ssh"), port);
  // what a service manager would make: a server that root starts does not start without it
  if (userInfo().uid === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const sshd = spawn(program, ["-D", "-e", "-f", server], { stdio: ["ignore", "ignore", "pipe"] });
  const said: string[] = [];
  sshd.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const before = process.env["XDG_CONFIG_HOME"];
  try {
    await until(async () => sshd.exitCode !== null || await isListening(port), "sshd");
    if (sshd.exitCode !== null) return t.skip(`sshd does not start here: ${said.join("").trim()}`);
    process.env["XDG_CONFIG_HOME"] = settings;
    const bare = join(place.path, "skills.git");
    const url = `ssh://${userInfo().username}@127.0.0.1:${port}${bare}`;
    await useAll(url, bare, place.home);
    await using kit = await startRepositories(join(place.path, "other"));
    await assert.rejects(kit.repositories.add({ url }, kit.call({ principal: GUEST })), /git says: /);
  } finally {
    if (before === undefined) delete process.env["XDG_CONFIG_HOME"];
    else process.env["XDG_CONFIG_HOME"] = before;
    await end(sshd);
  }
});
