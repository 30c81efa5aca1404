/**
 * The suite of escapes: every attack by tools that a client registers, under one mechanism, as one user.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { textOf } from "../../../../kernel/mod.ts";
import type { Mode } from "../../../../plugins/sandbox/modes.ts";
import { rssOf } from "../../../proof/vitals.ts";
import { pause, until } from "../../../support/wait.ts";
import type { User } from "../mechanism_kit.ts";
import { type Bomb, COUNT_BOMBS, DISK_BOMBS, ENDLESS, MEMORY_BOMBS } from "./bombs.ts";
import { DENO_ATTACKS } from "./deno_attacks.ts";
import { PLANTING, READING, WRITING } from "./file_attacks.ts";
import { ENDING, KERNEL, PROCESSES } from "./kernel_attacks.ts";
import { PROXIED, REACHING } from "./network_attacks.ts";
import { assertNothingLeft, groupsOf, OTHERS_WORK, processesWith, startServer, strays } from "./served.ts";
import { assertRefused, assertUnharmed, type Borne, DENO, isBorne, Stage } from "./stage.ts";

const MIB = 2 ** 20;
/** What the server may gain in memory while tools misbehave, in bytes: its runtime gives back late what it used. */
const SERVER_GAIN = 768 * MIB;

/** How a mechanism is attacked. */
export interface EscapesOptions {
  readonly mode: Mode;
  readonly users: readonly User[];
  /** Why it cannot be; `false` where it can. */
  readonly skip: string | false;
  /** What is known to get through, by user. */
  readonly borne?: (user: User) => Borne;
}

/** Attacks a mechanism as each user. */
export function testEscapes({ mode, users, skip, borne: borneBy = () => [] }: EscapesOptions): void {
  for (const user of users) {
    const borne = borneBy(user);
    describe(`escapes from ${mode} as ${user.name}`, { skip }, () => {
      let stage: Stage;
      let gain = 0;
      before(async () => {
        stage = await Stage.set({ mode, user, borne });
        gain = rssOf(stage.server.pid);
      });
      after(async () => await stage?.[Symbol.asyncDispose]());
      const it = () => stage;
      testFiles(it, borne);
      testKernel(it, borne);
      testNetwork(it, borne);
      testDeno(it, borne);
      testBombs(it, borne);
      test("the server has gained little memory, and its terminal shows nothing of the attackers", () => {
        assert.ok(rssOf(stage.server.pid) - gain < SERVER_GAIN, `${gain} bytes, now ${rssOf(stage.server.pid)}`);
        assert.doesNotMatch(stage.server.terminal(), /TYPED|WRITTEN/);
      });
      testEnd(it, borne);
    });
  }
}

type Staged = () => Stage;

function testFiles(stage: Staged, borne: Borne): void {
  test("nothing hidden is read", async () => {
    assertRefused(await stage().attack(READING), { least: 150, borne });
    await assertUnharmed(stage());
  });

  test("nothing hidden is read by a tool that is given a secret and the network of the list", async () => {
    const values = [stage().outside.secret];
    const grants = { secrets: ["TOOL_KEY"], network: [`127.0.0.1:${stage().outside.portOf("allowed")}`] };
    assertRefused(await stage().attack(READING, { values }, { grants }), { least: 150, borne });
    await assertUnharmed(stage());
  });

  test("nothing outside is changed", async () => {
    assertRefused(await stage().attack(WRITING), { least: 150, borne });
    await assertUnharmed(stage());
  });

  test("nothing that does harm outside is made in a granted folder", async () => {
    const { outside } = stage();
    const [granted, readable] = [outside.path("granted"), outside.path("readable")];
    const facts = {
      ...{ granted, readable, hidden: outside.path("userhome", ".bashrc"), outside: outside.path("other-work") },
      beside: "beside",
    };
    const grants = { write: [granted], read: [readable] };
    assertRefused(await stage().attack(PLANTING, facts, { grants }), { least: 25, borne });
    await assertUnharmed(stage());
  });
}

function testKernel(stage: Staged, borne: Borne): void {
  test("the kernel refuses what a tool has no business with", async () => {
    assertRefused(await stage().attack(KERNEL), { least: 120, borne });
    await assertUnharmed(stage());
  });

  test("no process outside is reached, and none is left behind", async () => {
    const word = `${stage().outside.marker}-left`;
    assertRefused(await stage().attack(PROCESSES, { word }), { least: 15, borne });
    assert.deepEqual(await strays([word]), []);
    await assertUnharmed(stage());
  });

  test("a tool that ends all it can ends nothing outside", async () => {
    const { server } = stage();
    const tool = stage().name();
    await server.register(tool, ENDING);
    await server.call(tool, stage().facts(tool));
    await assertUnharmed(stage());
  });
}

function testNetwork(stage: Staged, borne: Borne): void {
  test("nothing is reached where no network is granted", async () => {
    assertRefused(await stage().attack(REACHING), { least: 25, borne });
    assert.deepEqual([...stage().outside.connections.keys()].filter((name) => name !== "allowed"), []);
    await assertUnharmed(stage());
  });

  test("of the network, what is listed is reached and nothing else", async () => {
    const { outside } = stage();
    const [allowed, barred] = [outside.portOf("allowed"), outside.portOf("barred")];
    const grants = { network: [`127.0.0.1:${allowed}`] };
    const { "reach what is listed": listed, ...outcomes } = await stage().attack(PROXIED, { allowed, barred }, {
      grants,
    });
    assert.match(listed ?? "", /^GOT .*hello from allowed/s);
    assertRefused(outcomes, { least: 40, borne });
    assert.deepEqual([...outside.connections.keys()].filter((name) => name !== "allowed"), []);
    await assertUnharmed(stage());
  });
}

function testDeno(stage: Staged, borne: Borne): void {
  test("a program of Deno with all permissions gets nowhere", async (t) => {
    if (!existsSync(DENO)) return t.skip(`${DENO} is absent`);
    const more = { interpreter: `${DENO} run -A`, extension: "js" };
    assertRefused(await stage().attack(DENO_ATTACKS, { deno: false }, more), { least: 150, borne });
    await assertUnharmed(stage());
  });
}

function testBombs(stage: Staged, borne: Borne): void {
  const inTurn = { memory: MEMORY_BOMBS, disk: DISK_BOMBS, numbers: COUNT_BOMBS };
  for (const [kind, bombs] of Object.entries(inTurn)) {
    test(`what takes all it can of ${kind} is ended`, async () => {
      const found: [string, string | undefined][] = [];
      for (const [name, bomb] of Object.entries<Bomb>(bombs)) {
        found.push([`${kind}: ${name}`, await explode(stage(), bomb)]);
        await stage().server.assertWell();
      }
      assertEnded(found, borne);
      await assertUnharmed(stage());
    });
  }

  test("what takes all it can of time is ended, while others are served", async () => {
    const exploding = Object.entries(ENDLESS).map(async ([name, bomb]) =>
      [`time: ${name}`, await explode(stage(), bomb)] as const
    );
    await stage().server.assertWell();
    assertEnded(await Promise.all(exploding), borne);
    await assertUnharmed(stage());
    // those who were answered at their time limit are given a while to end, and must not outlast it
    assert.deepEqual(await strays([join(stage().server.home, "tools", "attack")]), []);
  });
}

/** Fails for every bomb that was not ended, and is not borne. */
function assertEnded(found: readonly (readonly [name: string, problem: string | undefined])[], borne: Borne): void {
  const open = found.filter(([name, problem]) => problem !== undefined && !isBorne(name, borne));
  assert.deepEqual(Object.fromEntries(open), {});
}

/** Lets a bomb explode; gives what was wrong with its end. */
async function explode(
  stage: Stage,
  bomb: Bomb & { readonly folder?: string | undefined },
): Promise<string | undefined> {
  const { code, interpreter = "/usr/bin/python3", most, end, grants = {}, timeoutMs = 30_000 } = bomb;
  if (!existsSync(interpreter)) return undefined;
  const { server, outside } = stage;
  const tool = stage.name();
  const isGranted = "folder" in bomb && bomb.folder === undefined;
  const granted = outside.path("granted");
  const asked = { ...grants, ...(isGranted && { write: [granted] }) };
  if (isGranted) {
    for (const name of readdirSync(granted)) rmSync(join(granted, name), { recursive: true, force: true });
  }
  await server.register(tool, code, {
    ...{ interpreter, timeout_ms: timeoutMs, grants: asked },
    extension: interpreter.endsWith("node") ? "cjs" : interpreter.endsWith("bash") ? "sh" : "py",
  });
  const result = await server.call(tool, { folder: isGranted ? granted : bomb.folder ?? "" });
  const text = textOf(result);
  const size = readdirSync(granted).reduce(
    (sum, name) => sum + (statSync(join(granted, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
  if (size > most * MIB + MIB && isGranted) return `${size} bytes were written`;
  if (result.isError === true) return end.test(text) ? undefined : `it ended otherwise: ${text.slice(0, 300)}`;
  const { came = Infinity } = (result.structuredContent ?? {}) as { came?: number };
  return came <= most ? undefined : `it came to ${came}: ${text.slice(0, 300)}`;
}

function testEnd(stage: Staged, borne: Borne): void {
  test("nothing is left when the server was killed while tools ran", async () => {
    const { server, outside } = stage();
    const word = `${outside.marker}-killed`;
    const code = `import subprocess, time
for detached in (True, False):
    subprocess.Popen(["/usr/bin/python3", "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)", "${word}"], start_new_session=detached)
time.sleep(600)`;
    await server.register("runs", code, { grants: { memory_mb: 128 } });
    const running = [1, 2].map(() => server.call("runs").catch(() => {}));
    for (const until = Date.now() + 15_000; processesWith([word]).length < 4 && Date.now() < until;) {
      await pause(50);
    }
    assert.ok(processesWith([word]).length >= 4, "the tools run");
    await server.kill();
    const words = [word, join(server.home, "tools", "runs")];
    // where they are known to stay, all of what goes by itself is given a second, not as long as the slowest may take
    const areBorne = isBorne("killed", borne);
    if (areBorne) await pause(1_000);
    const left = areBorne ? processesWith(words) : await strays(words);
    for (const line of left) process.kill(parseInt(line), "SIGKILL");
    await Promise.all(running);
    // private folders on disk are kept for a day, since another server may use them
    for (const name of readdirSync(join(server.home, "work"))) {
      if (name !== OTHERS_WORK) rmSync(join(server.home, "work", name), { recursive: true });
    }
    stage().server = await startServer(outside, stage().mode);
    await stage().server.assertWell();
    assert.deepEqual(areBorne ? [] : left, []);
    await until(() => groupsOf(server.pid).length === 0, "the next server to remove the groups of the last one");
  });

  test("nothing is left at the end", async () => {
    const { server, outside } = stage();
    await assertUnharmed(stage());
    await server[Symbol.asyncDispose]();
    await assertNothingLeft(server, [outside.folder, outside.marker]);
  });
}
