import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { isToolError } from "../../../kernel/mod.ts";
import { nsjail } from "../../../plugins/sandbox/mechanisms/nsjail.ts";
import type { View } from "../../../plugins/sandbox/view.ts";
import { testMechanism } from "./mechanism_suite.ts";
import { testUsers, which } from "./mechanism_kit.ts";

/** Options by nsjail(1) and `nsjail --help` of 3.6, which 2.9 has as well: whether they have a value. */
const OPTIONS: Readonly<Record<string, "none" | "value">> = {
  "bindmount": "value",
  "bindmount_ro": "value",
  "cwd": "value",
  "disable_clone_newnet": "none",
  "group": "value",
  "hostname": "value",
  "keep_env": "none",
  "mode": "value",
  "mount": "value",
  "nice_level": "value",
  "really_quiet": "none",
  "rlimit_as": "value",
  "rlimit_cpu": "value",
  "rlimit_fsize": "value",
  "rlimit_nofile": "value",
  "rlimit_nproc": "value",
  "seccomp_string": "value",
  "symlink": "value",
  "time_limit": "value",
  "user": "value",
};

const VIEW: View = {
  isRoot: true,
  system: [
    { kind: "folder", path: "/usr" },
    { kind: "folder", path: "/opt" },
    { kind: "link", path: "/bin", target: "/usr/bin" },
  ],
  etc: { "/etc/passwd": "/srv/collet/passwd" },
  hidden: ["/home/me", "/opt/collet"],
  mounts: [{ from: "/data/x", to: "/tools/x", isWritable: false }, {
    from: "/data/y",
    to: "/data/y",
    isWritable: true,
  }],
  folders: ["/data/z"],
  folder: undefined,
  cwd: "/home/tool",
  hasNetwork: false,
  diskBytes: 1024,
  processes: 5,
  hasFilter: true,
  architecture: "x64",
};

/** Reads the words as nsjail does: each option with its value. */
function parse(changes: Partial<View> = {}): readonly (readonly [name: string, value: string | undefined])[] {
  const words = [...nsjail.wrap({ ...VIEW, ...changes })];
  const options: [string, string | undefined][] = [];
  for (let word = words.shift(); word !== "--"; word = words.shift()) {
    const name = /^--(\w+)$/.exec(word ?? "")?.[1];
    assert.ok(name !== undefined && name in OPTIONS, `"${word}" is an option of nsjail`);
    options.push([name, OPTIONS[name] === "value" ? words.shift() : undefined]);
  }
  return options;
}

function valuesOf(option: string, changes?: Partial<View>): readonly (string | undefined)[] {
  return parse(changes).filter(([name]) => name === option).map(([, value]) => value);
}

describe("nsjail: the words", () => {
  test("are options of its manual, with values where they have one", () => {
    const all = [...parse(), ...parse({ hasNetwork: true, folder: "/data/work" })].map(([name]) => name);
    assert.deepEqual([...new Set(all)].sort(), Object.keys(OPTIONS).sort());
  });

  test("are options of the program", { skip: which("nsjail") === undefined && "nsjail is not installed" }, () => {
    const { stdout, stderr } = spawnSync(which("nsjail")!, ["--help"], { encoding: "utf8" });
    for (const [name, kind] of Object.entries(OPTIONS)) {
      const [, value] = new RegExp(`--${name}\\b(?:\\|-\\w)? ?(VALUE)?`).exec(stdout + stderr) ?? [];
      assert.equal(value === undefined ? "none" : "value", kind, name);
    }
  });

  test("keep the network of the machine only where it is granted", () => {
    assert.equal(valuesOf("disable_clone_newnet").length, 0);
    assert.equal(valuesOf("disable_clone_newnet", { hasNetwork: true }).length, 1);
  });

  test("set the limits that nsjail has low by itself, and no time limit", () => {
    for (const limit of ["as", "cpu", "fsize", "nofile"]) {
      assert.deepEqual(valuesOf(`rlimit_${limit}`), ["soft"], limit);
    }
    assert.deepEqual(valuesOf("time_limit"), ["0"]);
    assert.deepEqual(valuesOf("rlimit_nproc", { processes: undefined }), []);
  });

  test("mount the system and mounts read-only, except what may be written", () => {
    assert.deepEqual(valuesOf("bindmount"), ["/data/y:/data/y"]);
    const readOnly = valuesOf("bindmount_ro");
    for (const mount of ["/usr:/usr", "/srv/collet/passwd:/etc/passwd", "/data/x:/tools/x"]) {
      assert.ok(readOnly.includes(mount), mount);
    }
  });

  test("give folders in memory below the mounts that lie in them", () => {
    const all = parse().map(([, value]) => value);
    assert.ok(all.includes("none:/data/z:tmpfs:size=1024,mode=0700"));
    assert.ok(all.indexOf("none:/data/z:tmpfs:size=1024,mode=0700") < all.indexOf("/data/y:/data/y"));
  });

  test("cover what stays unseen below the system", () => {
    const covered = valuesOf("mount").filter((it) => it?.includes("collet") || it?.includes("/home/me"));
    assert.deepEqual(covered, ["none:/opt/collet:tmpfs:size=4096,mode=0555"]);
  });

  test("are refused for a path that nsjail would take for two", () => {
    const mounts = [{ from: "/data/a:/etc", to: "/a", isWritable: false }];
    assert.throws(() => parse({ mounts }), (error) => isToolError(error) && /rename it/.test(String(error)));
  });

  test("are refused where system calls cannot be filtered", () => {
    const { architecture: _, ...rest } = VIEW;
    assert.throws(() => nsjail.wrap(rest), /processor is not known/);
  });
});

testMechanism(nsjail, testUsers({ name: "nobody", id: 65534 }));
