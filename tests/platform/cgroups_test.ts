import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { groupFolders } from "../../kernel/platform/cgroup_folders.ts";
import { ControlGroup, type Holders } from "../../kernel/platform/cgroups.ts";
import { temporaryFolder } from "./temporary.ts";

/** What groups of version 2 look like, in a folder like any other. */
function holdersIn(path: string, files: readonly string[] = []): Holders {
  const holder = { path, version: 2, files: new Set(files) } as const;
  return { memory: holder, pids: holder };
}

describe("ControlGroup, version 2", () => {
  test("limits both in one folder, then joins it", () => {
    const group = new ControlGroup("g", { memory: 1000.5, pids: 3 }, holdersIn("/cg", ["memory.swap.max"]));
    const writes = group.writes.map(([value, path]) => `${path}=${path.endsWith("pids.max") ? "N" : value}`);
    assert.deepEqual(writes, [
      "/cg/g/memory.max=1001",
      "/cg/g/memory.swap.max=0",
      "/cg/g/pids.max=N",
      "/cg/g/cgroup.procs=0",
    ]);
    assert.deepEqual([...group.holds], ["memory", "pids"]);
  });

  test("a kernel that can end a whole group is told to", () => {
    const { writes } = new ControlGroup("g", { memory: 1000 }, holdersIn("/cg", ["memory.oom.group"]));
    assert.deepEqual(writes.map(([value]) => value), ["1000", "1", "0"]);
  });

  test("a limit that was not asked for, or is not held here, is not set", () => {
    assert.deepEqual(new ControlGroup("g", {}, holdersIn("/cg")).writes, []);
    assert.deepEqual(new ControlGroup("g", { memory: 1, pids: 1 }, {}).holds.size, 0);
  });

  test("reads members and what the kernel counted; a group that is gone has none", async () => {
    await using folder = await temporaryFolder();
    const group = new ControlGroup("g", { memory: 1, pids: 1 }, holdersIn(folder.path));
    assert.deepEqual([group.members(), group.hasKilled(), group.hasRefused()], [[], false, false]);
    await group.make();
    const write = (name: string, text: string): void => writeFileSync(join(folder.path, "g", name), text);
    write("cgroup.procs", "12\n0\n345\n");
    write("memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 0\noom_group_kill 0\n");
    write("pids.events", "max 0\n");
    assert.deepEqual([group.members(), group.hasKilled(), group.hasRefused()], [[12, 345], false, false]);
    write("memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 1\n");
    write("pids.events", "max 3\n");
    assert.deepEqual([group.hasKilled(), group.hasRefused()], [true, true]);
  });

  test("remove() takes the groups below it along", async () => {
    await using folder = await temporaryFolder();
    const group = new ControlGroup("g", { memory: 1 }, holdersIn(folder.path));
    await group.make();
    mkdirSync(join(folder.path, "g", "below"));
    await group.remove();
    assert.equal(existsSync(join(folder.path, "g")), false);
    await group.remove();
  });
});

describe("groupFolders()", () => {
  const line = (root: string, path: string, kind: string, options = "rw"): string =>
    `36 31 0:33 ${root} ${path} rw,relatime shared:9 - ${kind} ${kind} ${options}`;
  const V1 = line("/", "/sys/fs/cgroup/memory", "cgroup", "rw,memory");
  const V2 = line("/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate");

  const CASES: readonly (readonly [fact: string, mountinfo: string, cgroup: string, found: readonly string[]])[] = [
    ["version 1: the own group", V1, "4:cpu,memory:/a/b\n0::/", ["1 /sys/fs/cgroup/memory/a/b"]],
    ["version 1: the topmost group", V1, "4:memory:/\n", ["1 /sys/fs/cgroup/memory"]],
    ["version 1: a colon in a name", V1, "4:memory:/a:b\n", ["1 /sys/fs/cgroup/memory/a:b"]],
    ["version 1: the part that is mounted", line("/d/x", "/cg", "cgroup", "rw,memory"), "4:memory:/d/x/y", ["1 /cg/y"]],
    ["version 1: outside of what is mounted", line("/d/x", "/cg", "cgroup", "rw,memory"), "4:memory:/d/xy", []],
    ["version 1: another controller", line("/", "/cg", "cgroup", "rw,pids"), "4:memory:/\n3:pids:/", []],
    ["version 2: the group above, then the own", V2, "0::/u/s", ["2 /sys/fs/cgroup/u", "2 /sys/fs/cgroup/u/s"]],
    ["version 2: the topmost group", V2, "0::/", ["2 /sys/fs/cgroup"]],
    ["version 2: out of its namespace", V2, "0::/../other", []],
    ["a path with a space", line("/", "/a\\040b", "cgroup2"), "0::/", ["2 /a b"]],
    ["neither", "36 31 0:33 / / rw - ext4 /dev/x rw", "0::/", []],
    ["nothing", "", "", []],
  ];
  for (const [fact, mountinfo, cgroup, found] of CASES) {
    test(fact, () => {
      const folders = groupFolders("memory", { mountinfo, cgroup });
      assert.deepEqual(folders.map(({ version, path }) => `${version} ${path}`), found);
    });
  }

  test("finds the group of this process", (t) => {
    if (process.platform !== "linux") return t.skip("only Linux has control groups");
    const [mountinfo, cgroup] = ["mountinfo", "cgroup"].map((name) => readFileSync(`/proc/self/${name}`, "utf8"));
    const folders = groupFolders("memory", { mountinfo: mountinfo ?? "", cgroup: cgroup ?? "" });
    if (folders.length === 0) return t.skip("no control groups are mounted");
    const holding = folders.filter(({ path }) => {
      const members = join(path, "cgroup.procs");
      return existsSync(members) && readFileSync(members, "utf8").split("\n").includes(String(process.pid));
    });
    assert.ok(holding.length > 0);
  });
});
