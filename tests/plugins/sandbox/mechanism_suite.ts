/**
 * What every mechanism that is a program has to hold, tried for real where it is installed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import type { MechanismProgram } from "../../../plugins/sandbox/view.ts";
import { ROOT } from "../../support/root.ts";
import { type Inside, Machine, remaining, run, start, type User, which, written } from "./mechanism_kit.ts";

/** Places of the machine where a command could have left something. */
const PLACES = [
  "/",
  "/usr",
  "/usr/bin",
  "/opt",
  "/etc",
  "/etc/ssl/certs",
  "/run",
  "/run/firejail",
  "/tmp",
  "/var",
  "/var/tmp",
  "/dev/shm",
];
/** What shells add. */
const SHELL_VARIABLES = new Set(["PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"]);
const ECHO: Readonly<Record<string, readonly string[]>> = {
  python3: [
    "/usr/bin/python3",
    "-c",
    "import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)\nsys.exit(7)",
  ],
  node: [
    "/usr/bin/node",
    "-e",
    "process.stdin.on('data',d=>process.stdout.write(String(d).toUpperCase())).on('end',()=>process.exit(7))",
  ],
  bash: ["/bin/bash", "-c", 'while read -r line; do echo "${line^^}"; done; exit 7'],
  ruby: ["/usr/bin/ruby", "-e", "STDOUT.sync = true; STDIN.each_line { |it| print it.upcase }; exit 7"],
};

/** Tries a mechanism as each user. */
export function testMechanism(mechanism: MechanismProgram, users: readonly User[]): void {
  const path = which(mechanism.program);
  const skip = path === undefined && `${mechanism.program} is not installed`;
  for (const user of users) {
    describe(`${mechanism.name} as ${user.name}`, { skip }, () => {
      let machine: Machine;
      before(async () => void (machine = await Machine.make()));
      after(async () => await machine?.[Symbol.asyncDispose]());
      const inside = async (changes = {}): Promise<Inside> => ({
        ...{ mechanism, path: path!, user },
        view: await machine.view(mechanism, user, changes),
      });
      testEscapes(() => machine, inside);
      testRuns(() => machine, inside);
      testEnds(() => machine, inside);
    });
  }
}

type Entering = (changes?: object) => Promise<Inside>;

function testEscapes(machine: () => Machine, inside: Entering): void {
  test("nothing that a program tries gets out", async () => {
    const { folder, marker, secret, port, server } = machine();
    const it = await inside();
    const tool = it.view.mounts[0]!.to;
    const facts = {
      ...{ folder, marker, secret, port, tool, server: server.pid, top: folder.split("/")[1] },
      ...Object.fromEntries(["home", "state", "other"].map((name) => [name, join(folder, name)])),
    };
    const { code, stdout, stderr } = await run(it, ["/usr/bin/python3", `${tool}/escape.py`, JSON.stringify(facts)]);
    assert.equal(code, 0, stderr);
    const got = JSON.parse(stdout) as Record<string, unknown>;
    assert.ok(Object.keys(got).length > 50, stdout);
    assert.deepEqual(Object.fromEntries(Object.entries(got).filter(([, value]) => value !== null)), {});
    assert.equal(server.exitCode ?? server.signalCode, null, "the server runs");
    const left = [...PLACES, folder, ...["home", "state", "other", "tool"].map((name) => join(folder, name))]
      .filter((place) => existsSync(join(place, marker)));
    assert.deepEqual(left, []);
  });

  test("the environment is what was given", async () => {
    const { stdout } = await run(await inside(), ["/usr/bin/env", "-0"], { env: { GIVEN: "yes" } });
    const names = stdout.split("\0").map((it) => it.split("=")[0]!).filter((it) => it && !SHELL_VARIABLES.has(it));
    assert.deepEqual(names.sort(), ["GIVEN", "HOME", "PATH"]);
  });

  test("a folder that is granted can be read, and written where that is granted", async () => {
    const it = await inside();
    const { mechanism, user, view } = it;
    const [read, write] = [machine().privateFolder(user), machine().privateFolder(user)];
    const mounts = [
      ...view.mounts,
      { from: read, to: read, isWritable: false },
      { from: write, to: write, isWritable: true },
    ];
    const command = [
      "/bin/sh",
      "-c",
      'ls "$1" "$2" && echo x > "$2/new"; echo y > "$1/new"; echo z > /tmp/z && cat /tmp/z',
      "sh",
      read,
      write,
    ];
    const { stdout } = await run({ ...it, view: { ...view, mounts } }, command);
    assert.match(stdout, /z\n$/, mechanism.name);
    assert.deepEqual([existsSync(join(read, "new")), existsSync(join(write, "new"))], [false, true]);
  });

  test("with the network it reaches this machine's ports, and is confined all the same", async () => {
    const etc = Object.fromEntries(["/etc/hosts", "/etc/resolv.conf"].map((it) => [it, realpathSync(it)]));
    const it = await inside({ hasNetwork: true, etc });
    const program =
      "import socket,sys; socket.create_connection(('localhost', int(sys.argv[1])), 5); print(open('/etc/shadow'))";
    const { stderr, code } = await run(it, ["/usr/bin/python3", "-c", program, String(machine().port)]);
    assert.match(stderr, /No such file or directory: '\/etc\/shadow'|Permission denied: '\/etc\/shadow'/);
    assert.equal(code, 1);
  });

  test("processes are limited", async (t) => {
    const it = await inside({ processes: 12 });
    if (it.user.id === 0) {
      return t.skip("the kernel does not limit root's processes by number");
    }
    const program = "for i in $(seq 40); do sleep 5 & done; wait";
    const { stderr } = await run(it, ["/bin/sh", "-c", program]);
    assert.match(stderr, /fork|Resource temporarily unavailable/i);
  });
}

function testRuns(machine: () => Machine, inside: Entering): void {
  for (const [name, command] of Object.entries(ECHO)) {
    test(`${name} answers at once, and ends with its exit code`, {
      skip: !existsSync(command[0]!) && `${command[0]} is absent`,
    }, async () => {
      await checkEcho(await inside(), command);
    });
  }

  test("deno answers at once, and ends with its exit code", async (t) => {
    const name = join(ROOT, "node_modules/@deno/linux-x64-glibc/deno");
    if (!existsSync(name)) return t.skip(`${name} is absent`);
    const from = realpathSync(name);
    const it = await inside();
    const to = it.mechanism.canMove ? "/runtime/deno/bin/deno" : from;
    const view = { ...it.view, mounts: [...it.view.mounts, { from, to, isWritable: false }] };
    const program = "for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) " +
      "Deno.stdout.writeSync(new TextEncoder().encode(text.toUpperCase())); Deno.exit(7)";
    await checkEcho({ ...it, view }, [to, "eval", program]);
  });

  test("stdout carries the command's bytes alone, and stderr too", async () => {
    const command = ["/bin/sh", "-c", "printf 'a\\000b'; printf err >&2"];
    const { stdout, stderr } = await run(await inside(), command);
    assert.deepEqual([stdout, stderr], ["a\0b", "err"]);
  });

  test("arguments arrive as they are", async () => {
    const args = ["a b", "", "*", "$HOME", "--quiet", "--", "-x", '"', "ü\n", "${HOME}"];
    const { stdout } = await run(await inside(), ["/usr/bin/printf", "%s\\0", ...args]);
    assert.deepEqual(stdout.split("\0").slice(0, -1), args);
  });

  test("the working folder is the private one, and can be written", async () => {
    const it = await inside();
    const { stdout } = await run(it, ["/bin/sh", "-c", 'pwd; echo x > file && cat file; touch "$HOME/y" && ls']);
    assert.deepEqual(stdout.split("\n"), [it.view.cwd, "x", "file", "y", ""]);
  });

  void machine;
}

async function checkEcho(inside: Inside, command: readonly string[]): Promise<void> {
  const child = start(inside, command);
  let problems = "";
  child.stderr!.on("data", (text) => problems += text);
  child.stdin!.write("hello\n");
  await written(child, "HELLO\n").catch((error) => assert.fail(`${error}: ${problems}`));
  child.stdin!.end();
  const [code] = await once(child, "close");
  assert.equal(code, 7, problems);
}

function testEnds(machine: () => Machine, inside: Entering): void {
  const sleeper = (
    name: string,
  ) => ["/bin/sh", "-c", `sleep 999 & echo up; exec sleep 998`, `${machine().marker}-${name}`];

  test("a command that is killed inside says so by its exit code", async () => {
    const { code } = await run(await inside(), ["/bin/sh", "-c", "kill -KILL $$"]);
    assert.equal(code, 137);
  });

  test("what a command leaves behind ends with it", async () => {
    const word = `${machine().marker}-left`;
    const script =
      `setsid /bin/sh -c 'trap "" TERM HUP; while :; do sleep 1; done' ${word} >/dev/null 2>&1 & sleep 0.2; exit 3`;
    const { code } = await run(await inside(), ["/bin/sh", "-c", script]);
    assert.equal(code, 3);
    assert.deepEqual(await remaining(word), []);
  });

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    test(`${signal} to the wrapper ends everything inside`, async () => {
      const it = await inside();
      const child = start(it, [...sleeper(signal), it.view.cwd]);
      const closed = once(child, "close");
      await written(child, "up");
      process.kill(child.pid!, signal);
      await closed;
      assert.deepEqual(await remaining(`${machine().marker}-${signal}`), []);
    });
  }
}
