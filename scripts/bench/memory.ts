/**
 * How much memory servers hold: at rest, at work, for sessions that nobody ended, and after many calls.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type Measured, say } from "./bench.ts";
import { prepareClients } from "./calls.ts";
import { HttpConnection } from "./http_connection.ts";
import { Inspector } from "./inspector.ts";
import { readResidentBytes } from "./process_usage.ts";
import { endSession, type OpenedSession, openSession } from "./requests.ts";
import { summarize, type Summary } from "./statistics.ts";
import { serve, type Server, type Subject } from "./subjects.ts";
import { judge } from "./targets.ts";

/** Memory of one kind of server, over several that were started fresh; all in bytes. */
export interface MemoryFigures {
  readonly subject: Subject;
  readonly idle: Summary;
  /** Largest size while calls come over some connections. */
  readonly loaded: Summary;
  /** What one abandoned session adds; absent where there are no sessions. */
  readonly session?: { readonly resident: Summary; readonly heap: Summary };
}

/** Resident size of Collet after more and more calls. */
export interface Growth {
  readonly calls: readonly number[];
  /** In bytes, by number of calls, over several servers. */
  readonly resident: readonly Summary[];
  /** Last to first. */
  readonly ratio: Summary;
}

/** What was measured of memory. */
export interface MemoryResults {
  readonly figures: readonly MemoryFigures[];
  readonly growth: Growth;
}

interface Held {
  readonly resident: number;
  readonly heap: number;
}

interface Sizes {
  readonly idle: number;
  readonly loaded: number;
  readonly session: Held | undefined;
}

const SUBJECTS: readonly { readonly subject: Subject; readonly hasSessions: boolean }[] = [
  { subject: "collet", hasSessions: true },
  { subject: "sdk_stateless", hasSessions: false },
  { subject: "sdk_session", hasSessions: true },
  { subject: "hono_echo", hasSessions: false },
];
/** Connections that calls come over. */
export const LOAD_CONNECTIONS = 16;
const OPENING_CONNECTIONS = 4;
const SAMPLE_MS = 50;
const SAMPLES = 20;

/** Measures memory, each time on servers of its own. */
export async function measureMemory(bench: Bench): Promise<Measured<MemoryResults>> {
  const { runtime, plan } = bench;
  const taken = new Map<Subject, Sizes[]>(SUBJECTS.map(({ subject }) => [subject, []]));
  for (let round = 1; round <= plan.memoryServers; round++) {
    say(`${runtime.name}: memory, round ${round} of ${plan.memoryServers}`);
    for (const { subject, hasSessions } of SUBJECTS) {
      taken.get(subject)?.push(await measureSizes(bench, subject, hasSessions));
    }
  }
  const figures = [...taken].map(([subject, sizes]) => figuresOf(subject, sizes));
  const growth = await measureGrowth(bench);
  const session = figures.find(({ subject }) => subject === "collet")?.session;
  return {
    results: { figures, growth },
    verdicts: [
      ...(session === undefined ? [] : [judge("session", runtime.name, session.resident)]),
      judge("growth", `${runtime.name}, ${growth.calls.at(-1)?.toLocaleString("en")} calls`, growth.ratio),
    ],
  };
}

function figuresOf(subject: Subject, sizes: readonly Sizes[]): MemoryFigures {
  const sessions = sizes.flatMap(({ session }) => session ?? []);
  return {
    subject,
    idle: summarize(sizes.map(({ idle }) => idle)),
    loaded: summarize(sizes.map(({ loaded }) => loaded)),
    ...(sessions.length > 0 && {
      session: {
        resident: summarize(sessions.map(({ resident }) => resident)),
        heap: summarize(sessions.map(({ heap }) => heap)),
      },
    }),
  };
}

async function measureSizes(bench: Bench, subject: Subject, hasSessions: boolean): Promise<Sizes> {
  const session = hasSessions ? await measureSession(bench, subject) : undefined;
  await using server = await serve(bench.runtime, subject);
  await sleep(bench.plan.restMs);
  const idle = await lowestResident(server);
  const clients = await prepareClients(server.port, { hasSessions: subject === "sdk_session" }, LOAD_CONNECTIONS);
  const loaded = await highestResident(
    server,
    bench.load.run({
      port: server.port,
      pid: server.pid,
      clients,
      warmUpMs: 0,
      until: { ms: bench.plan.memoryLoadMs },
    }),
  );
  return { idle, loaded, session };
}

/**
 * Measures what an abandoned session adds. As many sessions are opened and ended before, so that the code is compiled
 * and the heap has grown; then garbage is collected, the sessions are opened and left, and garbage is collected again.
 */
async function measureSession({ runtime, plan: { sessions: count } }: Bench, subject: Subject): Promise<Held> {
  await using server = await serve(runtime, subject, { isInspected: true });
  using inspector = await Inspector.connect(server.inspectorUrl ?? "");
  await withConnections(server.port, async (connection, share) => {
    const sessions: OpenedSession[] = [];
    for (let i = 0; i < count * share; i++) sessions.push(await openSession(connection, server.port));
    for (const session of sessions) await endSession(connection, server.port, session);
  });
  const before = await heldAfterCollection(server, inspector);
  await withConnections(server.port, async (connection, share) => {
    for (let i = 0; i < count * share; i++) await openSession(connection, server.port);
  });
  const after = await heldAfterCollection(server, inspector);
  return { resident: (after.resident - before.resident) / count, heap: (after.heap - before.heap) / count };
}

async function withConnections(
  port: number,
  work: (connection: HttpConnection, share: number) => Promise<void>,
): Promise<void> {
  await Promise.all(Array.from({ length: OPENING_CONNECTIONS }, async () => {
    const connection = new HttpConnection(port);
    try {
      await work(connection, 1 / OPENING_CONNECTIONS);
    } finally {
      connection.close();
    }
  }));
}

async function heldAfterCollection(server: Server, inspector: Inspector): Promise<Held> {
  // the server has to notice first that its connections are gone
  await sleep(SAMPLE_MS);
  const heap = await inspector.collect();
  return { heap, resident: await lowestResident(server) };
}

/** Makes more and more calls of one server, and takes its size after each step, as it is, with its garbage. */
async function measureGrowth({ runtime, plan, load }: Bench): Promise<Growth> {
  const calls = Array.from({ length: plan.growthSteps }, (_, i) => (i + 1) * plan.growthCalls);
  const taken: number[][] = [];
  for (let round = 1; round <= plan.growthServers; round++) {
    say(`${runtime.name}: memory, ${calls.at(-1)} calls, round ${round} of ${plan.growthServers}`);
    await using server = await serve(runtime, "collet");
    const clients = await prepareClients(server.port, { hasSessions: false }, LOAD_CONNECTIONS);
    const sizes: number[] = [];
    for (const _ of calls) {
      const job = { port: server.port, pid: server.pid, clients, warmUpMs: 0, until: { count: plan.growthCalls } };
      await load.run(job);
      sizes.push(await lowestResident(server));
    }
    taken.push(sizes);
  }
  return {
    calls,
    resident: calls.map((_, step) => summarize(taken.map((sizes) => sizes[step] ?? NaN))),
    ratio: summarize(taken.map((sizes) => (sizes.at(-1) ?? NaN) / (sizes[0] ?? NaN))),
  };
}

/** Samples the size for a second, and gives the lowest: what is above it comes and goes. */
export async function lowestResident({ pid }: Pick<Server, "pid">): Promise<number> {
  let lowest = Infinity;
  for (let sample = 0; sample < SAMPLES; sample++) {
    lowest = Math.min(lowest, readResidentBytes(pid));
    await sleep(SAMPLE_MS);
  }
  return lowest;
}

async function highestResident({ pid }: Server, work: Promise<unknown>): Promise<number> {
  let highest = 0;
  const sample = () => highest = Math.max(highest, readResidentBytes(pid));
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    await work;
    sample();
  } finally {
    clearInterval(timer);
  }
  return highest;
}
