import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { PLANTING, READING } from "./file_attacks.ts";
import { KERNEL, PROCESSES } from "./kernel_attacks.ts";
import { REACHING } from "./network_attacks.ts";
import { processesWith } from "./served.ts";
import { Stage, successes } from "./stage.ts";
import { NOBODY, usersWith } from "./users.ts";

const user = usersWith(NOBODY).at(-1)!;

/** What succeeds where nothing confines: an attack that fails here would show nothing elsewhere. */
const EXPECTED: readonly string[] = [
  ...["open", "a link", "a descriptor", "..", "bash", "/proc/self/root"].map((way) => `read an SSH key by ${way}`),
  ...["another tool", "collet.json of the server", "the server's package"].map((name) => `read ${name} by open`),
  ...["another working folder", "the server's environment"].map((name) => `read ${name} by open`),
  ...["the home", "the server's home", "all tools", "/var/log"].map((name) => `list ${name}`),
  ...["find a secret in any file", "find the server's environment in any process"],
  ...["chmod a file to 4755", "open a new file with mode 4755", "leave the folder by .."],
  ...["read by a link out of the folder", "write by a link out of the folder", "write what is granted for reading"],
  ...["unshare a user namespace", "clone into a user namespace", "trace a child", "read the memory of a child"],
  ...["set up io_uring", "join a keyring", "take the personality 32-bit", "gain privileges by a program"],
  ...["unshare as a 32-bit program", "be without a filter", "share namespaces"],
  ...["signal the server", "signal the victim", "find the server", "share process ids"],
  ...["connect to 127.0.0.1", "connect to the abstract socket", "find any listener", "find any abstract socket"],
];

describe(`attacks without a sandbox, as ${user.name}`, {
  skip: process.platform !== "linux" && "it needs Linux",
}, () => {
  test("succeed", async () => {
    await using stage = await Stage.set({ mode: "off", user, borne: [] });
    const { outside } = stage;
    const word = `${outside.marker}-left`;
    const planting = {
      ...{ granted: outside.path("granted"), readable: outside.path("readable"), beside: "beside" },
      ...{ hidden: outside.path("userhome", ".bashrc"), outside: outside.path("other-work") },
    };
    const got: Record<string, string> = {};
    for (const [code, facts] of [[READING, {}], [PLANTING, planting], [KERNEL, {}], [REACHING, {}]] as const) {
      Object.assign(got, successes(await stage.attack(code, facts)));
    }
    Object.assign(got, successes(await stage.attack(PROCESSES, { word })));
    const failed = EXPECTED.filter((name) => got[name] === undefined);
    // other kernels have other settings of their own
    assert.deepEqual(failed, [], Object.keys(got).join("; "));
    assert.ok(outside.planted().length > 5);
    assert.ok((outside.connections.get("barred") ?? 0) > 0);
    await stage.server.assertWell();
    // nothing holds what is left behind but that it is found
    for (const line of processesWith([word])) process.kill(parseInt(line), "SIGKILL");
  });
});
