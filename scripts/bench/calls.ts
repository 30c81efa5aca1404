/**
 * How many small tool calls a server answers.
 *
 * @module
 */
import { type Bench, type Measured, say, takeTurns } from "./bench.ts";
import { HttpConnection } from "./http_connection.ts";
import type { LoadResult } from "./load_job.ts";
import { echoCall, type Exchange, openSession, sessionRequest, statelessRequest } from "./requests.ts";
import { compare, type Comparison, summarize, type Summary } from "./statistics.ts";
import { serve, type Server, type Subject, TITLES } from "./subjects.ts";
import { judge, type TargetName } from "./targets.ts";

/** One server spoken to in one way. */
export interface Contender {
  readonly subject: Subject;
  readonly hasSessions: boolean;
}

/** What one contender did. */
export interface CallFigures extends Contender {
  readonly perSecond: Summary;
  readonly p50Ms: Summary;
  readonly p99Ms: Summary;
  /** Processor time of the server for each call, of all its threads, in microseconds. */
  readonly cpuMicroseconds: Summary;
  readonly bodyBytes: number;
  /** Largest share of a processor that making the load took: near 1, that was the limit and not the server. */
  readonly loadShare: number;
  /** Connections that had to be opened for each call. */
  readonly opened: number;
}

/** Collet against one other. */
export interface CallRatio {
  readonly title: string;
  /** What the ratio has to reach; absent where it is for information alone. */
  readonly target?: TargetName;
  readonly rival: Subject;
  readonly perSecond: Comparison;
  readonly cpuMicroseconds: Comparison;
}

/** What was measured with one number of connections. */
export interface CallResults {
  readonly connections: number;
  readonly figures: readonly CallFigures[];
  readonly ratios: readonly CallRatio[];
}

const COLLET_STATELESS: Contender = { subject: "collet", hasSessions: false };
const COLLET_SESSION: Contender = { subject: "collet", hasSessions: true };
const SDK_STATELESS: Contender = { subject: "sdk_stateless", hasSessions: false };
const SDK_SESSION: Contender = { subject: "sdk_session", hasSessions: true };
const HONO: Contender = { subject: "hono_echo", hasSessions: false };
const SDK_PARSED: Contender = { subject: "sdk_parsed", hasSessions: false };
const SDK_HIGH_LEVEL: Contender = { subject: "sdk_high_level", hasSessions: false };
const PAIRS: readonly { readonly own: Contender; readonly rival: Contender; readonly target?: TargetName }[] = [
  { own: COLLET_STATELESS, rival: SDK_HIGH_LEVEL, target: "callsStateless" },
  { own: COLLET_STATELESS, rival: SDK_STATELESS },
  { own: COLLET_STATELESS, rival: SDK_PARSED },
  { own: COLLET_SESSION, rival: SDK_SESSION, target: "callsSession" },
  { own: COLLET_STATELESS, rival: HONO, target: "callsParsing" },
];
// what is compared stands side by side, so that little time lies between
const CONTENDERS = [SDK_HIGH_LEVEL, SDK_PARSED, SDK_STATELESS, COLLET_STATELESS, HONO, COLLET_SESSION, SDK_SESSION];
const SUBJECTS: ReadonlySet<Subject> = new Set(CONTENDERS.map(({ subject }) => subject));

// connections open anew in each round, and their first exchanges are not like the rest
const SETTLE_MS = 100;
const WARM_UP_CONNECTIONS = 16;

/** Measures the calls of all servers, which run side by side and work in turn. */
export async function measureCalls({ plan, runtime, load }: Bench): Promise<Measured<readonly CallResults[]>> {
  await using stack = new AsyncDisposableStack();
  const servers = new Map<Subject, Server>();
  for (const subject of SUBJECTS) servers.set(subject, stack.use(await serve(runtime, subject)));
  const prepare = async (contender: Contender, connections: number) => {
    const { port, pid } = servers.get(contender.subject)!;
    const clients = await prepareClients(port, contender, connections);
    return (warmUpMs: number, ms: number) => load.run({ port, pid, clients, warmUpMs, until: { ms } });
  };
  for (const contender of CONTENDERS) await (await prepare(contender, WARM_UP_CONNECTIONS))(0, plan.warmUpMs);

  const results: CallResults[] = [];
  for (const connections of plan.connections) {
    say(`${runtime.name}: calls, ${describeConnections(connections)}`);
    const runs = new Map<Contender, Awaited<ReturnType<typeof prepare>>>();
    for (const contender of CONTENDERS) runs.set(contender, await prepare(contender, connections));
    const taken = await takeTurns(
      CONTENDERS,
      plan.callRounds,
      (contender) => runs.get(contender)!(SETTLE_MS, plan.callMs),
    );
    results.push(resultsOf(connections, taken));
  }
  return {
    results,
    verdicts: results.flatMap(({ connections, ratios }) =>
      ratios.flatMap(({ target, perSecond }) =>
        target === undefined
          ? []
          : judge(target, `${runtime.name}, ${describeConnections(connections)}`, perSecond.ratio)
      )
    ),
  };
}

/** Writes a number of connections out. */
export function describeConnections(count: number): string {
  return count === 1 ? "1 connection" : `${count} connections`;
}

/** Names a contender for readers. */
export function describeContender({ subject, hasSessions }: Contender): string {
  return subject === "collet" ? `Collet, ${hasSessions ? "in a session" : "stateless"}` : TITLES[subject];
}

/** Gives each connection a call of its own, and where there are sessions a session of its own. */
export async function prepareClients(
  port: number,
  { hasSessions }: Pick<Contender, "hasSessions">,
  connections: number,
): Promise<readonly (readonly Exchange[])[]> {
  const calls = Array.from({ length: connections }, (_, i) => echoCall(i + 1));
  if (!hasSessions) return calls.map((call) => [{ request: statelessRequest(port, call), expected: call.expected }]);
  const connection = new HttpConnection(port);
  try {
    const clients: Exchange[][] = [];
    for (const call of calls) {
      const { id } = await openSession(connection, port);
      clients.push([{ request: sessionRequest(port, id, call), expected: call.expected }]);
    }
    return clients;
  } finally {
    connection.close();
  }
}

function resultsOf(connections: number, taken: ReadonlyMap<Contender, readonly LoadResult[]>): CallResults {
  const rates = (contender: Contender) => (taken.get(contender) ?? []).map(perSecond);
  const costs = (contender: Contender) => (taken.get(contender) ?? []).map(cpuMicroseconds);
  return {
    connections,
    figures: [...taken].map(([contender, rounds]) => figuresOf(contender, rounds)),
    ratios: PAIRS.map(({ own, rival, target }) => ({
      title: `${describeContender(own)} / ${describeContender(rival)}`,
      ...(target !== undefined && { target }),
      rival: rival.subject,
      perSecond: compare(rates(own), rates(rival)),
      cpuMicroseconds: compare(costs(own), costs(rival)),
    })),
  };
}

function figuresOf(contender: Contender, rounds: readonly LoadResult[]): CallFigures {
  return {
    ...contender,
    perSecond: summarize(rounds.map(perSecond)),
    p50Ms: summarize(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: summarize(rounds.map(({ p99Ms }) => p99Ms)),
    cpuMicroseconds: summarize(rounds.map(cpuMicroseconds)),
    bodyBytes: Math.round(rounds[0]?.bodyBytes ?? 0),
    loadShare: Math.max(...rounds.map(({ ownCpuSeconds, seconds }) => ownCpuSeconds / seconds)),
    opened: Math.max(...rounds.map(({ opened }) => opened)),
  };
}

function perSecond({ exchanges, seconds }: LoadResult): number {
  return exchanges / seconds;
}

function cpuMicroseconds({ serverCpuSeconds, exchanges }: LoadResult): number {
  return serverCpuSeconds / exchanges * 1_000_000;
}
