import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { type Answer, AnswerReader } from "../../scripts/bench/answer_reader.ts";
import { takeTurns } from "../../scripts/bench/bench.ts";
import { HttpConnection } from "../../scripts/bench/http_connection.ts";
import { LoadProcess } from "../../scripts/bench/load_process.ts";
import { FULL, parseOptions, QUICK, SECTIONS } from "../../scripts/bench/options.ts";
import { echoCall, messageText, statelessRequest } from "../../scripts/bench/requests.ts";
import type { Results } from "../../scripts/bench/results.ts";
import { compare, quantile, summarize } from "../../scripts/bench/statistics.ts";
import { judge, TARGETS } from "../../scripts/bench/targets.ts";
import { inRepository } from "../../scripts/lib/repository.ts";
import { run } from "../../scripts/lib/run.ts";

const DENO = "Deno" in globalThis ? process.execPath : "deno";

describe("summarize()", () => {
  test("gives median, quartiles and ends, whatever the order", () => {
    const expected = { count: 5, median: 3, low: 2, high: 4, least: 1, most: 5 };
    assert.deepEqual(summarize([5, 1, 4, 2, 3]), expected);
    assert.deepEqual(summarize([3, 2, 4, 1, 5]), expected);
  });

  test("takes numbers by size, not by their digits", () => assert.equal(summarize([100, 9, 20]).median, 20));

  test("divides between neighbours", () => {
    assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
    assert.equal(quantile([0, 10], 0.99), 9.9);
    assert.equal(quantile([7], 0.25), 7);
  });

  test("refuses nothing", () => assert.throws(() => summarize([]), RangeError));
});

describe("compare()", () => {
  test("takes ratios pair by pair, so that a machine that slows down changes none", () => {
    const { own, other, ratio } = compare([100, 10, 50], [50, 5, 25]);
    assert.deepEqual([own.median, other.median], [50, 25]);
    assert.deepEqual([ratio.least, ratio.median, ratio.most], [2, 2, 2]);
    // the ratio of the medians would be 1
    assert.equal(compare([1, 4, 9], [4, 1, 9]).ratio.most, 4);
  });

  test("refuses what does not come in pairs", () => assert.throws(() => compare([1, 2], [1]), /come in pairs/));
});

describe("judge()", () => {
  test("reaches a target at its number, and no further off", () => {
    const { wanted } = TARGETS.lists;
    assert.equal(judge("lists", "", summarize([wanted])).isReached, true);
    assert.equal(judge("lists", "", summarize([wanted - 0.01])).isReached, false);
    assert.equal(judge("session", "", summarize([TARGETS.session.wanted])).isReached, true);
    assert.equal(judge("session", "", summarize([TARGETS.session.wanted + 1])).isReached, false);
  });

  test("does not take what was not measured for reached", () => {
    assert.equal(judge("session", "", summarize([NaN])).isReached, false);
  });
});

describe("takeTurns()", () => {
  test("measures every side in every round, every other round backwards", async () => {
    const order: string[] = [];
    const taken = await takeTurns(["a", "b"], 3, (side) => Promise.resolve(order.push(side)));
    assert.deepEqual(order.join(""), "abbaab");
    assert.deepEqual([...taken], [["a", [1, 4, 5]], ["b", [2, 3, 6]]]);
  });
});

describe("parseOptions()", () => {
  test("measures everything unless told otherwise", () => {
    const { plan, runtimes, sections, isQuick } = parseOptions([]);
    assert.deepEqual({ plan, runtimes, sections, isQuick }, {
      plan: FULL,
      runtimes: ["deno", "node"],
      sections: SECTIONS,
      isQuick: false,
    });
  });

  test("takes what is asked for", () => {
    const options = parseOptions(["--quick", "--runtime", "node", "--only", "memory,start", "--out", "/tmp/x.json"]);
    assert.deepEqual(options, {
      isQuick: true,
      plan: QUICK,
      runtimes: ["node"],
      sections: ["start", "memory"],
      out: "/tmp/x",
    });
  });

  test("names what it does not know", () => {
    assert.throws(() => parseOptions(["--only", "calls,speed"]), /Cannot read --only: "speed" is none of start, calls/);
    assert.throws(() => parseOptions(["--runtime", "bun"]), /"bun" is none of deno, node/);
  });
});

/** Pushes an answer in two pieces, cut at every place. */
function readInPieces(text: string): Answer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: bytes.length - 1 }, (_, i) => {
    const reader = new AnswerReader();
    assert.equal(reader.push(bytes.subarray(0, i + 1)), undefined, `after ${i + 1} bytes`);
    const answer = reader.push(bytes.subarray(i + 1));
    assert.ok(answer, `cut after ${i + 1} bytes`);
    return answer;
  });
}

describe("AnswerReader", () => {
  test("reads a body of a known length, however it comes", () => {
    for (const { status, body, isLast } of readInPieces("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")) {
      assert.deepEqual([status, body.toString(), isLast], [200, "hello", false]);
    }
  });

  test("reads a body in chunks, however it comes", () => {
    const text = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\nB;x=y\r\nlo\r\n, world\r\n0\r\n\r\n";
    for (const { body } of readInPieces(text)) assert.equal(body.toString(), "hello\r\n, world");
  });

  test("reads one answer after the other", () => {
    const reader = new AnswerReader();
    const read = (text: string) => reader.push(Buffer.from(text))?.body.toString();
    assert.equal(read("HTTP/1.1 202 Accepted\r\n\r\n"), "");
    assert.equal(read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"), "a");
    assert.equal(read("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb"), "b");
  });

  test("tells when the server takes no more", () => {
    const answer = new AnswerReader().push(Buffer.from("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
    assert.equal(answer?.isLast, true);
  });

  test("refuses a body without a length, and more than was asked for", () => {
    const push = (text: string) => () => new AnswerReader().push(Buffer.from(text));
    assert.throws(push("HTTP/1.1 200 OK\r\n\r\n"), /neither its length/);
    assert.throws(push("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab"), /1 bytes came/);
  });
});

/** Serves on a free port. */
async function listen(listener: RequestListener): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("HttpConnection", () => {
  test("is kept, and opened anew where the server closes it", async () => {
    let requests = 0;
    await using server = await listen((_, response) => {
      requests++;
      if (requests === 2) response.setHeader("connection", "close");
      response.end(String(requests));
    });
    const connection = new HttpConnection(server.port);
    try {
      const request = `GET / HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\n\r\n`;
      const bodies: string[] = [];
      for (let i = 0; i < 3; i++) bodies.push((await connection.send(request)).body.toString());
      assert.deepEqual([bodies, connection.opened], [["1", "2", "3"], 2]);
    } finally {
      connection.close();
    }
  });

  test("says that the server ended it without an answer", async () => {
    await using server = await listen((_, response) => void response.destroy());
    const sent = new HttpConnection(server.port).send(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\n\r\n`);
    await assert.rejects(sent);
  });
});

describe("messageText()", () => {
  test("finds the message in JSON and in a stream of events", () => {
    const answer = (type: string, body: string): Answer => ({
      status: 200,
      head: `HTTP/1.1 200 OK\r\ncontent-type: ${type}`,
      body: Buffer.from(body),
      isLast: false,
    });
    assert.equal(messageText(answer("application/json", '{"id":1}')), '{"id":1}');
    const events = 'id: 1\ndata: \n\nevent: message\nid: 2\ndata: {"id":1}\n\n';
    assert.deepEqual(JSON.parse(messageText(answer("text/event-stream", events))), { id: 1 });
  });
});

describe("the process that makes the load", () => {
  const command = [DENO, "run", "-A", "--no-check", inRepository("scripts", "bench", "load.ts")] as const;

  function jobFor(port: number, until: { count: number } | { ms: number }) {
    const clients = [1, 2].map((id) => {
      const { expected, ...operation } = echoCall(id);
      return [{ request: statelessRequest(port, operation), expected }];
    });
    return { port, pid: process.pid, clients, warmUpMs: 0, until };
  }

  test("makes as many requests as it is told, or for as long", async () => {
    let requests = 0;
    await using server = await listen((request, response) => {
      requests++;
      request.pipe(response);
    });
    await using load = new LoadProcess(command);
    const counted = await load.run(jobFor(server.port, { count: 20 }));
    assert.deepEqual([counted.exchanges, requests], [20, 20]);
    assert.ok(counted.opened <= 0.2, `${counted.opened} connections for each exchange`);
    const timed = await load.run(jobFor(server.port, { ms: 50 }));
    assert.ok(timed.seconds >= 0.05 && timed.exchanges > 0);
    assert.ok(timed.p50Ms > 0 && timed.p50Ms <= timed.p99Ms);
  });

  test("fails at a wrong answer, and goes on with the next job", async () => {
    let requests = 0;
    await using server = await listen((request, response) => {
      requests++;
      if (requests === 10) response.end('{"id":1}');
      else request.pipe(response);
    });
    await using load = new LoadProcess(command);
    await assert.rejects(load.run(jobFor(server.port, { count: 20 })), /Wrong answer: status 200, wanted/);
    assert.equal((await load.run(jobFor(server.port, { count: 4 }))).exchanges, 4);
  });
});

test("the benchmark measures calls and tokens, and says what it measured with", async () => {
  const folder = await mkdtemp(join(tmpdir(), "collet-bench-test-"));
  try {
    const out = join(folder, "results");
    const flags = ["--quick", "--runtime", "deno", "--only", "calls,tokens", "--out", out];
    const { code, output, stdout } = await run(["deno", "run", "-A", "--no-check", "scripts/bench/mod.ts", ...flags], {
      timeoutMs: 120_000,
    });
    assert.equal(code, 0, output);
    assert.equal(stdout.trim(), (await readFile(`${out}.md`, "utf8")).trim());
    assert.match(stdout, /^## Targets$/m);
    checkResults(JSON.parse(await readFile(`${out}.json`, "utf8")));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

function checkResults({ format, isQuick, circumstances, runtimes, tokens, saved, verdicts }: Results): void {
  assert.deepEqual([format, isQuick, runtimes.length], [1, true, 1]);
  for (const name of ["Collet", "Deno", "hono", "@modelcontextprotocol/server"]) {
    assert.match(circumstances.versions[name] ?? "", /^\d+\.\d+/, name);
  }
  const { runtime, calls = [], start, lists, memory } = runtimes[0]!;
  assert.deepEqual([runtime, start, lists, memory], ["deno", undefined, undefined, undefined]);
  assert.deepEqual(calls.map(({ connections }) => connections), QUICK.connections);
  for (const { figures, ratios } of calls) {
    assert.equal(new Set(figures.map(({ subject }) => subject)).size, 6);
    for (const { perSecond, p50Ms, bodyBytes } of figures) {
      assert.equal(perSecond.count, QUICK.callRounds);
      assert.ok(perSecond.least > 0 && p50Ms.median > 0 && bodyBytes > 0);
    }
    for (const { perSecond: { own, other, ratio } } of ratios) {
      assert.ok(ratio.most >= own.least / other.most && ratio.least <= own.most / other.least);
    }
  }
  const targets = verdicts.map(({ target }) => target);
  const ofCalls = ["callsStateless", "callsSession", "callsParsing"];
  assert.deepEqual(targets, [...ofCalls, ...ofCalls, "tokens"]);
  // speed is not judged by tests, but this number is the same on every machine
  assert.ok(tokens !== undefined && tokens.start.tokens > 0);
  assert.ok(tokens.start.tokens <= TARGETS.tokens.wanted, `${tokens.start.tokens} tokens`);
  const [report, , single] = saved ?? [];
  assert.deepEqual([report?.direct.calls, report?.code.calls], [20, 2]);
  assert.ok(report!.saved > 0.3 && report!.savedWithoutLists > 0.3, JSON.stringify(report));
  // where there is nothing to combine it says so
  assert.ok(single!.savedWithoutLists < 0, JSON.stringify(single));
}
