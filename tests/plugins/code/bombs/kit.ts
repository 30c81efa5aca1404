/**
 * A server that ships with everything, as a process of its own, in which bombs go off while others use it.
 *
 * A bomb has to end on time, whatever it does; calls that others make meanwhile have to be answered; and the event loop of
 * the server must never be blocked longer than {@linkcode MOST_BLOCKED_MS}. That is measured inside the server, see
 * `event_loop.ts`. What still disturbs the measurement, such as a machine below that takes the processor away, is told from
 * blocking by trying again: what the server does by itself it does each time.
 *
 * Bombs go off several at once, which is harder to bear than one, and sooner over; the one that blocks a server is found
 * by trying each of them alone.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { print } from "../../../../scripts/lib/repository.ts";
import { IS_DENO, makeFolder, programPath, startProgram } from "../../../command_line/program.ts";
import { inRepository } from "../../../support/root.ts";
import { pause, until } from "../../../support/wait.ts";
import type { LoopReport, Tick } from "./event_loop.ts";
import type { Holdings } from "./watch_plugin.ts";

/** One bomb. */
export interface Bomb {
  readonly title: string;
  /** JavaScript by default. */
  readonly language?: "javascript" | "typescript" | "python";
  readonly code: string;
  /** What the text of the result has to match; a bomb that comes to an end by itself may succeed. */
  readonly ends: RegExp;
  /** Whether it has the time to come to its end; `false` by default. */
  readonly hasTime?: boolean;
  /** Whether the call has to fail; `true` by default, `undefined` when either will do. */
  readonly fails?: boolean | undefined;
  /** Whether it takes so much of the machine that nothing goes off beside it; `false` by default. */
  readonly isAlone?: boolean;
}

/** What goes off. */
export interface Charge extends Pick<Bomb, "language" | "code"> {
  /** Time limit in seconds. */
  readonly timeout: number;
}

/** How a bomb ended. */
export interface Explosion {
  readonly text: string;
  readonly isError: boolean;
  readonly ms: number;
}

/** How bombs ended that went off at once. */
export interface Volley {
  /** In the order of the bombs. */
  readonly ended: readonly Explosion[];
  readonly loop: LoopReport;
  /** How long each call took that was made meanwhile. */
  readonly others: readonly number[];
}

/** A server for bombs. */
export interface BombServer extends AsyncDisposable {
  /** Sets off bombs, at once. */
  explode(charges: readonly Charge[]): Promise<Volley>;
  /** Watches the server while nothing is asked of it but what others ask. */
  idle(ms: number): Promise<LoopReport>;
  /** Counts what the server holds. */
  holdings(): Promise<Holdings>;
  assertWell(): void;
}

/** Time limit of a run that has to be ended. */
const LIMIT_MS = 300;
/** Time limit of a run that comes to its end by itself, or at another limit. */
const LONG_LIMIT_MS = 6_000;
/**
 * How much later than its limit a run may end: its worker has to be ended, and on a machine that is busy all of this waits
 * for a processor.
 */
const GRACE_MS = 4_000;
/** The longest that nobody may be served. */
export const MOST_BLOCKED_MS = 50;
/** How many bombs go off at once. */
const AT_ONCE = 4;
/** How often a bomb is tried before what was seen counts as blocking. */
const TRIES = 4;
/** What a call of somebody else may take at most, though a machine be busy. */
const OTHERS_MS = 10_000;
const PAUSE_MS = 20;
const LISTENING_REGEXP = /^listening on (http:\/\/127\.0\.0\.1:\d+)/m;
/** What no code may cause. */
const BROKEN_REGEXP = /^.*(?:[Uu]nhandled|[Uu]ncaught|MaxListenersExceeded|FATAL).*$/m;

/** Starts a server. */
export async function startBombServer(
  { memoryMb = 64, plugins = {} }: { readonly memoryMb?: number; readonly plugins?: Readonly<Record<string, object>> } =
    {},
): Promise<BombServer> {
  const closers: (() => PromiseLike<unknown>)[] = [];
  // Node 20 has no stack for this
  const close = async () => {
    for (const end of closers.reverse()) await end();
  };
  try {
    const home = await makeFolder();
    closers.push(() => home[Symbol.asyncDispose]());
    const settings = {
      [inRepository("tests", "plugins", "code", "bombs", "watch_plugin.ts")]: {},
      code: { memory_mb: memoryMb },
      wasm: { workers: { most: AT_ONCE, idle_ms: 200 } },
      ...plugins,
    };
    await home.write("collet.json", JSON.stringify({ plugins: settings }));
    const gc = IS_DENO ? ["run", "-A", "--v8-flags=--expose-gc"] : ["--expose-gc"];
    const running = await startProgram(["--transport", "http", "--port", "0", "--no-token"], {
      home: home.path,
      words: [process.execPath, ...gc, await programPath()],
    });
    closers.push(() => running[Symbol.asyncDispose]());
    const [, url] = await running.seen("stderr", LISTENING_REGEXP);
    const connect = async () => {
      const client = new Client({ name: "bombs", version: "1.0.0" });
      await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", url)));
      closers.push(() => client.close());
      return client;
    };
    const [own, other] = [await connect(), await connect()];
    return {
      explode: (charges) => explode(charges, own, other),
      async idle(ms) {
        await watch(other, "begin");
        const others = keepCalling(other);
        await pause(ms);
        await others.end();
        return await watch(other, "end");
      },
      holdings: async () => structuredOf(await other.callTool({ name: "holdings", arguments: {} })) as Holdings,
      assertWell() {
        const { exitCode, signalCode } = running.child;
        assert.deepEqual([exitCode, signalCode], [null, null], running.stderr());
        assert.doesNotMatch(running.stderr(), BROKEN_REGEXP);
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function explode(charges: readonly Charge[], own: Client, other: Client): Promise<Volley> {
  await watch(other, "begin");
  const others = keepCalling(other);
  const ended = await Promise.all(charges.map((charge) => setOff(charge, own)));
  const times = await others.end();
  return { ended, loop: await watch(other, "end"), others: times };
}

async function setOff({ language = "javascript", code, timeout }: Charge, client: Client): Promise<Explosion> {
  const startedAt = performance.now();
  const result = await client.callTool({ name: "execute_code", arguments: { language, code, timeout } }, {
    timeout: 120_000,
  });
  const ms = performance.now() - startedAt;
  const text = result.content.map((it) => it.type === "text" ? it.text : JSON.stringify(it)).join("\n");
  return { text, isError: result.isError === true, ms };
}

/** Calls a tool again and again, as somebody does who knows of no bomb. */
function keepCalling(client: Client) {
  let isEnded = false;
  const times: number[] = [];
  const calling = (async () => {
    do {
      const startedAt = performance.now();
      const value = times.length;
      const { structuredContent } = await client.callTool({ name: "echo", arguments: { value } });
      assert.deepEqual(structuredContent, { value });
      times.push(performance.now() - startedAt);
      await pause(PAUSE_MS);
    } while (!isEnded);
    return times;
  })();
  calling.catch(() => {});
  return { end: () => (isEnded = true, calling) };
}

async function watch(client: Client, action: "begin" | "end"): Promise<LoopReport> {
  return structuredOf(await client.callTool({ name: "watch_loop", arguments: { action } })) as LoopReport;
}

function structuredOf({ structuredContent, content }: { structuredContent?: unknown; content: unknown }): unknown {
  assert.ok(structuredContent !== undefined, JSON.stringify(content));
  return structuredContent;
}

/** Registers a test for each bomb, all in one server, and one for what they leave behind. */
export function testBombs(
  title: string,
  bombs: readonly Bomb[],
  { isSkipped = () => undefined, ...options }: {
    readonly memoryMb?: number;
    readonly plugins?: Readonly<Record<string, object>>;
    /** Says why these bombs cannot go off here. */
    readonly isSkipped?: () => string | undefined | Promise<string | undefined>;
  } = {},
): void {
  describe(title, { timeout: 170_000 }, () => {
    let started: BombServer | undefined;
    let first: Holdings | undefined;
    let reason: string | undefined;
    const seen: LoopReport[] = [];
    before(async () => {
      reason = await isSkipped();
      if (reason !== undefined) return;
      started = await startBombServer(options);
      // the first run of a server loads what runs code; that is none of the bombs' doing
      for (const language of new Set(bombs.map((it) => it.language ?? "javascript"))) {
        const { ended: [first] } = await started.explode([{ language, code: "return 1", timeout: 60 }]);
        assert.deepEqual([first?.isError, first?.text], [false, "1"]);
      }
      first = await started.holdings();
      print(`${title}: idle, nobody was served for ${describeTick(worstOf(await started.idle(300)))}`);
    });
    after(() => started?.[Symbol.asyncDispose]());
    for (const group of groupsOf(bombs)) {
      let volley: Promise<Volley> | undefined;
      group.forEach((bomb, index) =>
        test(bomb.title, async (t) => {
          if (reason !== undefined) return t.skip(reason);
          const { ended, ...rest } = await (volley ??= started!.explode(group.map(chargeOf)));
          seen.push(await assertHarmless(started!, bomb, { ...rest, ended: [ended[index]!] }));
          started!.assertWell();
        })
      );
    }
    test("they leave nothing behind", async (t) => {
      if (reason !== undefined) return t.skip(reason);
      const worst = seen.map(worstOf).sort((a, b) => b.blockedMs - a.blockedMs)[0];
      if (worst !== undefined) print(`${title}: at worst, nobody was served for ${describeTick(worst)}`);
      print(`${title}: a thread began within ${Math.max(0, ...seen.map((it) => it.beganMs)).toFixed(1)} ms`);
      await assertNothingLeft(started!, first!);
    });
  });
}

/** Groups bombs that go off at once: those that have as much time, so that none is waited for long. */
function groupsOf(bombs: readonly Bomb[]): readonly (readonly Bomb[])[] {
  const [alone, others] = [bombs.filter((it) => it.isAlone), bombs.filter((it) => !it.isAlone)];
  const kinds = [others.filter((it) => !it.hasTime), others.filter((it) => it.hasTime)];
  const groups = kinds.flatMap((kind) =>
    kind.flatMap((_, index) => index % AT_ONCE === 0 ? [kind.slice(index, index + AT_ONCE)] : [])
  );
  return [...groups, ...alone.map((it) => [it])];
}

function limitOf({ hasTime = false }: Bomb): number {
  return hasTime ? LONG_LIMIT_MS : LIMIT_MS;
}

function chargeOf(bomb: Bomb): Charge {
  return { ...bomb, timeout: limitOf(bomb) / 1_000 };
}

/** Looks at how a bomb ended, and sets it off alone where nobody was served meanwhile; gives what was seen of the loop. */
async function assertHarmless(server: BombServer, bomb: Bomb, first: Volley): Promise<LoopReport> {
  const seen: Tick[] = [];
  for (let volley = first;; volley = await server.explode([chargeOf(bomb)])) {
    assertEnded(bomb, volley);
    seen.push(worstOf(volley.loop));
    if (seen.at(-1)!.blockedMs <= MOST_BLOCKED_MS) return volley.loop;
    if (seen.length === TRIES) assert.fail(`nobody was served for ${seen.map(describeTick).join("; ")}`);
  }
}

function assertEnded(bomb: Bomb, { ended: [explosion], others }: Volley): void {
  const { text, isError, ms } = explosion!;
  const shown = text.slice(0, 500);
  assert.match(shown, bomb.ends);
  if (!("fails" in bomb) || bomb.fails !== undefined) assert.equal(isError, bomb.fails ?? true, shown);
  assert.ok(ms < limitOf(bomb) + GRACE_MS, `it ended after ${Math.round(ms)} ms: ${shown}`);
  const slowest = Math.max(...others);
  assert.ok(slowest < OTHERS_MS, `a call of somebody else took ${Math.round(slowest)} ms`);
}

function worstOf({ worst: [tick], ticks }: LoopReport): Tick {
  assert.ok(tick !== undefined && ticks > 1, "the event loop was not watched");
  return tick;
}

function describeTick({ gapMs, waitedMs, workedMs, blockedMs, beganMs }: Tick): string {
  const [blocked, gap, waited, worked, began] = [blockedMs, gapMs, waitedMs, workedMs, beganMs].map((ms) =>
    ms.toFixed(1)
  );
  return `${blocked} ms (${gap} ms between two ticks, of which it waited ${waited} ms for a processor and ${began} ms for a new thread, and worked ${worked} ms)`;
}

// engines give memory back when they like, and keep some of it
const MOST_KEPT_BYTES = 192 * 1024 * 1024;
const MOST_HEAP_BYTES = 48 * 1024 * 1024;
/** Threads of the runtime itself come and go. */
const MOST_THREADS = 6;

async function assertNothingLeft(server: BombServer, before: Holdings): Promise<void> {
  let now = await server.holdings();
  const isLeft = () =>
    now.calls > 0 || now.threads > before.threads + MOST_THREADS ||
    now.rss > before.rss + MOST_KEPT_BYTES || now.heap > before.heap + MOST_HEAP_BYTES;
  try {
    await until(async () => {
      if (!isLeft()) return true;
      await pause(100);
      now = await server.holdings();
      return !isLeft();
    });
  } catch {
    assert.fail(`before: ${JSON.stringify(before)}; now: ${JSON.stringify(now)}`);
  }
  const mib = (bytes: number) => Math.round(bytes / 1024 / 1024);
  print(
    `resident before ${mib(before.rss)} MiB, after ${
      mib(now.rss)
    } MiB; threads before ${before.threads}, after ${now.threads}`,
  );
}
