import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { isToolError } from "../../../kernel/mod.ts";
import { firejail } from "../../../plugins/sandbox/mechanisms/firejail.ts";
import type { View } from "../../../plugins/sandbox/view.ts";
import { testMechanism } from "./mechanism_suite.ts";
import { Machine, run, testUsers, userWithHome, which } from "./mechanism_kit.ts";

/** Options of firejail 0.9.72, by firejail(1): whether they have a value. */
const OPTIONS: Readonly<Record<string, "none" | "value">> = {
  "blacklist": "value",
  "caps.drop": "value",
  "deterministic-exit-code": "none",
  "hostname": "value",
  "hosts-file": "value",
  "ipc-namespace": "none",
  "keep-var-tmp": "none",
  "net": "value",
  "no3d": "none",
  "noblacklist": "value",
  "nodvd": "none",
  "nogroups": "none",
  "noinput": "none",
  "nonewprivs": "none",
  "noprofile": "none",
  "noroot": "none",
  "nosound": "none",
  "notv": "none",
  "nou2f": "none",
  "novideo": "none",
  "private-cwd": "value",
  "private-dev": "none",
  "protocol": "value",
  "quiet": "none",
  "read-only": "value",
  "read-write": "value",
  "restrict-namespaces": "none",
  "rlimit-nproc": "value",
  "seccomp": "value",
  "seccomp.block-secondary": "none",
  "whitelist": "value",
  "writable-var": "none",
};

const VIEW: View = {
  system: [{ kind: "folder", path: "/usr" }, { kind: "link", path: "/bin", target: "/usr/bin" }],
  etc: { "/etc/hosts": "/srv/collet/hosts", "/etc/resolv.conf": "/srv/collet/resolv.conf" },
  hidden: ["/home/me", "/srv/collet"],
  mounts: [],
  folders: [],
  folder: "/srv/collet/work/1",
  cwd: "/srv/collet/work/1",
  hasNetwork: false,
  diskBytes: 1024,
  processes: 5,
  hasFilter: true,
  isRoot: true,
};

function words(changes: Partial<View> = {}): readonly string[] {
  return firejail.wrap({ ...VIEW, ...changes });
}

function mountOf(from: string, isWritable = false): View["mounts"][number] {
  return { from, to: from, isWritable };
}

describe("firejail: the words", () => {
  test("are options that firejail has", () => {
    const options = words().slice(0, words().indexOf("/bin/sh"));
    assert.ok(options.length > 30);
    for (const word of options) {
      const [, name = "", value] = /^--([\w.-]+)(?:=([^]*))?$/.exec(word) ?? [];
      assert.equal(OPTIONS[name], value === undefined ? "none" : "value", word);
    }
  });

  test("end in a program and not in --, after which firejail uses the login shell", () => {
    assert.deepEqual(words().slice(-4).filter((word) => word.length < 10), ["/bin/sh", "-c", "sh"]);
    assert.ok(!words().includes("--"));
  });

  test("cut the network unless it is granted", () => {
    assert.ok(words().includes("--net=none"));
    assert.ok(!words({ hasNetwork: true }).some((word) => word.startsWith("--net")));
  });

  test("show of a folder nothing but what is granted", () => {
    const given = words({ mounts: [mountOf("/data/a/b"), mountOf("/srv/c", true)] });
    assert.ok(given.includes("--whitelist=/data/a/b") && given.includes("--read-only=/data/a/b"));
    assert.ok(given.includes("--whitelist=/srv/c") && !given.includes("--read-only=/srv/c"));
    assert.ok(given.includes("--noblacklist=/data") && !words().includes("--noblacklist=/data"));
  });

  test("leave the system whole where a granted folder is part of it", () => {
    const given = words({ mounts: [mountOf("/usr/share/x", true)] });
    assert.ok(!given.includes("--whitelist=/usr/share/x"));
    assert.ok(given.includes("--read-write=/usr/share/x"));
  });

  test("hide what lies beside the way to a granted folder in a hidden one", () => {
    const given = words({ mounts: [mountOf("/srv"), mountOf("/srv/collet/tools/x")] });
    const at = (word: string) => given.indexOf(word);
    assert.ok(at("--noblacklist=/srv/collet/tools") > 0);
    assert.ok(at("--noblacklist=/srv/collet/tools") < at("--blacklist=/srv/collet/*"));
    assert.ok(at("--noblacklist=/srv/collet/tools/x") < at("--blacklist=/srv/collet/tools/*"));
    assert.ok(!given.some((word) => word.startsWith("--whitelist=/srv/")), "a folder that is granted whole");
  });

  for (
    const path of ["/a/b*", "/a/b,c", "/a/{x}", "/a/..b", "/a/b\nc", '/a/"b"', "/proc/1", "/dev/kvm", "/", "/a/b "]
  ) {
    test(`are refused for ${JSON.stringify(path)}`, () => {
      assert.throws(
        () => words({ mounts: [mountOf(path)] }),
        (error) => isToolError(error) && /firejail/.test(String(error)),
      );
    });
  }

  test("are refused when they are more than firejail takes", () => {
    const mounts = Array.from({ length: 60 }, (_, index) => mountOf(`/data/${index}/x`));
    assert.throws(() => words({ mounts }), /takes no more than 127 words/);
  });

  test("are refused for folders in memory", () => {
    assert.throws(() => words({ folders: ["/tools"] }), /folders in memory/);
  });

  test("are refused without a private folder", () => {
    assert.throws(() => words({ folder: undefined }), /private folder/);
  });
});

testMechanism(firejail, testUsers(userWithHome()));

for (const user of testUsers(userWithHome())) {
  test(`firejail as ${user.name}: of a hidden folder in a granted one, only what is granted is seen`, {
    skip: which("firejail") === undefined && "firejail is not installed",
  }, async () => {
    await using machine = await Machine.make();
    const [state, tool] = [join(machine.folder, "state"), join(machine.folder, "state/tools/own")];
    mkdirSync(tool, { recursive: true });
    writeFileSync(join(machine.folder, "state/tools/secret"), machine.secret);
    const view = await machine.view(firejail, user, {
      hidden: [state],
      mounts: [mountOf(machine.folder), mountOf(tool)],
    });
    const inside = { mechanism: firejail, path: which("firejail")!, user, view };
    const program = 'cd "$1" && cat state/secret state/tools/secret other/secret; ls -d state/tools/own';
    const { stdout } = await run(inside, ["/bin/sh", "-c", program, "sh", machine.folder]);
    assert.equal(stdout, `${machine.secret}state/tools/own\n`);
  });
}

test("firejail: no command runs where firejail takes the machine for a container, and confines nothing", {
  skip: which("firejail") === undefined
    ? "firejail is not installed"
    : process.getuid?.() !== 0 && "only root can start it among no processes of the kernel",
}, async () => {
  await using machine = await Machine.make();
  const [user] = testUsers(undefined);
  const view = await machine.view(firejail, user!);
  const words = [...firejail.wrap(view), "/bin/echo", "ran"];
  const { status, stdout, stderr } = spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "firejail", ...words], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] },
  });
  assert.deepEqual([status, stdout], [125, ""]);
  assert.match(firejail.remedy(stderr), /container=docker/);
});
