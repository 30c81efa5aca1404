/**
 * A server under attack, what attackers are told of it, and how what came of their attacks is judged.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type JsonObject, textOf } from "../../../../kernel/mod.ts";
import type { Mode } from "../../../../plugins/sandbox/modes.ts";
import { NUMBERS } from "../../../../plugins/sandbox/seccomp/numbers.ts";
import { ROOT } from "../../../support/root.ts";
import type { User } from "../mechanism_kit.ts";
import { Outside, ownNamespaces, PLACES, resolvers } from "./outside.ts";
import { type EscapeServer, OTHERS_WORK, startServer } from "./served.ts";

/** The program of Deno that the tests bring. */
export const DENO: string = join(ROOT, `node_modules/@deno/linux-${process.arch}-glibc/deno`);

/** What came of attacks, by their names. */
export type Outcomes = Readonly<Record<string, string>>;

/** What a mechanism is known to let through, and why that is borne; by the name of the attack. */
export type Borne = readonly (readonly [attack: RegExp, why: string])[];

/** Who is attacked, and how. */
export interface StageOptions {
  readonly mode: Mode;
  readonly user: User;
  readonly borne: Borne;
}

/** The server under attack, and its surroundings. */
export class Stage implements AsyncDisposable {
  readonly outside: Outside;
  server: EscapeServer;
  readonly mode: Mode;
  readonly borne: Borne;
  #tools = 0;

  private constructor({ mode, borne }: StageOptions, outside: Outside, server: EscapeServer) {
    this.mode = mode;
    this.borne = borne;
    this.outside = outside;
    this.server = server;
  }

  static async set({ mode, user, borne }: StageOptions): Promise<Stage> {
    const outside = await Outside.make(user);
    try {
      const stage = new Stage({ mode, user, borne }, outside, await startServer(outside, mode));
      await stage.#fill();
      return stage;
    } catch (error) {
      await outside[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes what the server keeps: another tool with a secret of its own, and state. */
  async #fill(): Promise<void> {
    const { server, outside } = this;
    const code = `# ${outside.secret}\nimport os, time\nprint(os.environ.get("TOOL_KEY"))`;
    await server.register("other", code, { grants: { secrets: ["TOOL_KEY"] } });
    await server.call("memory", { action: "set", key: "note", value: outside.secret });
    for (const name of ["secrets.json", "token"]) {
      const path = join(server.home, name);
      if (!existsSync(path)) writeFileSync(path, JSON.stringify({ NOTE: outside.secret }));
    }
    mkdirSync(join(server.home, "work", OTHERS_WORK), { recursive: true });
    writeFileSync(join(server.home, "work", OTHERS_WORK, "file"), outside.secret);
  }

  /** What attackers are told. */
  facts(tool: string, more: JsonObject = {}): JsonObject {
    const { outside, server } = this;
    const { home } = server;
    const confined = this.mode !== "off";
    const index = process.arch === "arm64" ? 1 : 0;
    const state = readdirSync(home).filter((name) => /\.(?:db|sqlite|json)$/.test(name) || name === "token");
    return {
      confined,
      moves: this.mode === "bubblewrap" || this.mode === "nsjail",
      shares: false,
      ...{ marker: outside.marker, secret: outside.secret, values: [outside.secret, outside.toolSecret] },
      ...{ server: server.pid, victim: outside.victim.pid!, uid: outside.user.id, hostname: hostname() },
      userHome: outside.path("userhome"),
      tool: join(home, "tools", tool),
      own: [
        ...[join(home, "tools", tool), join(home, "work"), join(home, "sandbox")],
        ...[outside.path("granted"), outside.path("readable"), existsSync(DENO) ? realpathSync(DENO) : DENO],
      ],
      hidden: {
        "/etc/shadow": "/etc/shadow",
        "/etc/gshadow": "/etc/gshadow",
        "an SSH key": outside.path("userhome", ".ssh", "id_ed25519"),
        "the home": outside.path("userhome", ".bashrc"),
        "the working folder of the server": outside.path("cwd", "file"),
        "a file beside": outside.path("beside"),
        "another tool": join(home, "tools", "other", "other.py"),
        "another working folder": join(home, "work", OTHERS_WORK, "file"),
        "the server's environment": `/proc/${server.pid}/environ`,
        "the victim's environment": `/proc/${outside.victim.pid}/environ`,
        "the server's package": join(ROOT, "package.json"),
        ...Object.fromEntries(state.map((name) => [`${name} of the server`, join(home, name)])),
      },
      folders: {
        "the home": outside.path("userhome"),
        "root's home": "/root",
        "the server's home": home,
        "all tools": join(home, "tools"),
        "all working folders": join(home, "work"),
        "the server's package": ROOT,
        "/var/log": "/var/log",
        "/boot": "/boot",
        "/root/.ssh": "/root/.ssh",
        "/etc/ssh": "/etc/ssh",
        "/sys/kernel": "/sys/kernel",
        "/run/systemd": "/run/systemd",
        "/var/lib": "/var/lib",
      },
      places: [
        ...PLACES,
        outside.folder,
        home,
        join(home, "tools"),
        join(home, "tools", "other"),
        outside.path("readable"),
      ]
        .concat(join(home, "work", OTHERS_WORK), ROOT, join(ROOT, "plugins")).filter((path) => existsSync(path)),
      files: { "a file beside": outside.path("beside"), "the settings": join(home, "collet.json") },
      ports: outside.ports as unknown as JsonObject[],
      ...{ abstract: outside.marker, sockets: outside.sockets, resolvers: resolvers(), datagrams: 0 },
      namespaces: ownNamespaces(),
      pids: ownNamespaces()["pid"]!,
      syscalls: Object.fromEntries(Object.entries(NUMBERS).map(([name, numbers]) => [name, numbers[index] ?? null])),
      ...more,
    };
  }

  /** Gives a name that no tool has. */
  name(): string {
    return `attack${++this.#tools}`;
  }

  /** Registers a script as a tool, calls it, and gives what came of its attacks. */
  async attack(code: string, facts: JsonObject = {}, more: JsonObject = {}): Promise<Outcomes> {
    const tool = this.name();
    await this.server.register(tool, code, more);
    const result = await this.server.call(tool, this.facts(tool, facts));
    const { outcomes } = (result.structuredContent ?? {}) as { outcomes?: Outcomes };
    assert.ok(outcomes !== undefined, `the attacks did not come to their end: ${textOf(result)}`);
    return outcomes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.outside[Symbol.asyncDispose]();
  }
}

/** Gives the attacks that succeeded. */
export function successes(outcomes: Outcomes): Outcomes {
  return Object.fromEntries(Object.entries(outcomes).filter(([, it]) => /^(?:GOT|BROKEN)/.test(it)));
}

/** Fails for every attack that succeeded and is not borne. */
export function assertRefused(
  outcomes: Outcomes,
  { least, borne = [] }: { readonly least: number; readonly borne?: Borne },
): void {
  assert.ok(Object.keys(outcomes).length >= least, `only ${Object.keys(outcomes).length} attacks were made`);
  const open = Object.entries(successes(outcomes)).filter(([name]) => !isBorne(name, borne));
  assert.deepEqual(Object.fromEntries(open), {});
}

/** Tells whether an attack is known to get through. */
export function isBorne(name: string, borne: Borne): boolean {
  return borne.some(([attack]) => attack.test(name));
}

/** Checks what holds after each group. */
export async function assertUnharmed({ server, outside, borne }: Stage): Promise<void> {
  await server.assertWell();
  assert.equal(outside.victim.exitCode ?? outside.victim.signalCode, null, "the victim lives");
  assert.deepEqual(outside.traces(), []);
  const planted = outside.planted().filter((name) => !isBorne(`planted: ${name}`, borne));
  assert.deepEqual(planted, []);
}
