/**
 * The process that makes the load: it takes one job a line on stdin, and answers each with one line on stdout. It is
 * started once and makes the load of every server, so that it is the same for all.
 *
 * Each connection sends its exchanges one after the other, again and again, with one request in flight. Every answer
 * is checked; a wrong one ends the job.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Answer } from "./answer_reader.ts";
import { HttpConnection } from "./http_connection.ts";
import type { LoadFailure, LoadJob, LoadResult } from "./load_job.ts";
import { readCpuSeconds } from "./process_usage.ts";
import type { Exchange } from "./requests.ts";
import { quantile } from "./statistics.ts";

/** What is counted while the load is on. */
class Counters {
  readonly #job: LoadJob;
  readonly #startedAt = performance.now();
  readonly #latencies: number[] = [];
  #bytes = 0;
  #sent = 0;
  #opened = 0;
  #isStopped = false;
  #begin: { readonly at: number; readonly serverCpu: number; readonly ownCpu: number } | undefined;
  #result: Omit<LoadResult, "opened"> | undefined;

  constructor(job: LoadJob) {
    this.#job = job;
    if (job.warmUpMs === 0) this.#begin = this.#now(this.#startedAt);
  }

  /** Tells whether one more request is to be sent, and counts it. */
  takeTurn(): boolean {
    const { until } = this.#job;
    return !this.#isStopped && this.#result === undefined &&
      ++this.#sent <= ("count" in until ? until.count : Infinity);
  }

  /** Lets no more requests be sent. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Counts an answer. Measurement begins and ends with one, so that whole exchanges are counted. */
  record(sentAt: number, answer: Answer): void {
    const at = performance.now();
    if (this.#result !== undefined) return;
    if (this.#begin === undefined) {
      if (at - this.#startedAt >= this.#job.warmUpMs) this.#begin = this.#now(at);
      return;
    }
    this.#latencies.push(at - sentAt);
    this.#bytes += answer.body.length;
    const { until } = this.#job;
    const isOver = "count" in until ? this.#latencies.length >= until.count : at - this.#begin.at >= until.ms;
    if (isOver) this.#result = this.#finish(at, this.#begin);
  }

  /** Counts connections that were opened, those of the warm-up too. */
  addConnections(count: number): void {
    this.#opened += count;
  }

  get result(): LoadResult {
    if (this.#result === undefined) throw new Error("Cannot count: the load ended before it was measured");
    return { ...this.#result, opened: this.#opened / this.#sent };
  }

  #now(at: number) {
    return { at, serverCpu: readCpuSeconds(this.#job.pid), ownCpu: readCpuSeconds(process.pid) };
  }

  #finish(at: number, begin: { at: number; serverCpu: number; ownCpu: number }): Omit<LoadResult, "opened"> {
    const end = this.#now(at);
    const sorted = this.#latencies.sort((a, b) => a - b);
    return {
      exchanges: sorted.length,
      seconds: (end.at - begin.at) / 1_000,
      bodyBytes: this.#bytes / sorted.length,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      serverCpuSeconds: end.serverCpu - begin.serverCpu,
      ownCpuSeconds: end.ownCpu - begin.ownCpu,
    };
  }
}

async function drive(port: number, exchanges: readonly Exchange[], counters: Counters): Promise<void> {
  const prepared = exchanges.map(({ request, expected }) => ({
    request: Buffer.from(request),
    expected: expected.map((text) => Buffer.from(text)),
  }));
  const connection = new HttpConnection(port);
  try {
    for (let i = 0; counters.takeTurn(); i = (i + 1) % prepared.length) {
      const { request, expected } = prepared[i]!;
      const sentAt = performance.now();
      const answer = await connection.send(request);
      if (answer.status !== 200 || expected.some((text) => answer.body.indexOf(text) < 0)) {
        throw wrong(answer, expected);
      }
      counters.record(sentAt, answer);
    }
  } finally {
    counters.addConnections(connection.opened);
    connection.close();
  }
}

function wrong({ status, body }: Answer, expected: readonly Buffer[]): Error {
  const wanted = expected.map((text) => `'${text}'`).join(" and ");
  return new Error(`Wrong answer: status ${status}, wanted 200 with ${wanted}: ${body.toString("utf8", 0, 500)}`);
}

async function work(job: LoadJob): Promise<LoadResult | LoadFailure> {
  const counters = new Counters(job);
  try {
    await Promise.all(job.clients.map((exchanges) => drive(job.port, exchanges, counters)));
    return counters.result;
  } catch (error) {
    counters.stop();
    return { failure: (error as Error).message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await work(JSON.parse(line)))}\n`);
}
