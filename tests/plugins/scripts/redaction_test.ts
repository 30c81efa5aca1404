/**
 * Secrets in what a script shows while it runs. The keeper of secrets is made here: it knows one, and holds back what
 * may be its beginning.
 *
 * @module
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Call, type CallPatch, definePlugin, type Plugin } from "../../../kernel/mod.ts";
import { type RedactedStream, Secrets } from "../../../plugins/secrets/contract.ts";
import { fail, startScripts, succeed } from "./kit.ts";
import { ask, clientWith, startSenders } from "./sender.ts";

const SECRET = "hunter2-hunter3";
const SHOWN = "[PASSWORD]";

function redact(text: string): string {
  return text.replaceAll(SECRET, SHOWN);
}

function redactValue<T>(value: T): T {
  return value === undefined ? value : JSON.parse(redact(JSON.stringify(value)));
}

function redactStream(): RedactedStream {
  let held = "";
  return {
    push(piece) {
      const text = redact(held + piece);
      let length = Math.min(SECRET.length - 1, text.length);
      while (!SECRET.startsWith(text.slice(text.length - length))) length--;
      held = text.slice(text.length - length);
      return text.slice(0, text.length - length);
    },
    end() {
      const rest = held;
      held = "";
      return rest;
    },
  };
}

function guard(call: Call): Call {
  return call.derive({
    log: (level, message, data, logger) => call.log(level, redact(message), redactValue(data), logger),
    progress: (done, total, message) => call.progress(done, total, message && redact(message)),
    elicit: (request) => call.elicit(redactValue(request)),
    sample: (request) => call.sample(redactValue(request)),
  });
}

const keeper: Plugin<void> = definePlugin({
  name: "keeper",
  version: "1.0.0",
  provides: [Secrets],
  setup(ctx) {
    const names = ["PASSWORD"];
    const reveal = () => ({ PASSWORD: SECRET });
    const redaction = { redact, redactValue, stream: redactStream, guard };
    ctx.provide(Secrets, { names: () => names, reveal, ...redaction, including: () => redaction });
  },
});

/** Notes what a client is shown. */
function watcher() {
  const shown: unknown[] = [];
  const call: CallPatch = {
    client: clientWith({ elicitation: {}, sampling: {} }),
    log: (...entry) => void shown.push(entry),
    progress: (...entry) => Promise.resolve(void shown.push(entry)),
    elicit: (request) => Promise.resolve((shown.push(request), { action: "decline" as const })),
    sample: (request) =>
      Promise.resolve((shown.push(request), { role: "assistant", model: "m", content: { type: "text", text: "" } })),
  };
  return { shown, call };
}

/** Writes a script that sends notices, waits for each to be on its way, and says nothing else. */
function chunks(texts: readonly unknown[]): string {
  const lines = texts.map((data) => JSON.stringify({ jsonrpc: "2.0", method: "stream", params: { data } }));
  return `import sys, time
sys.stdin.readline()
for line in ${JSON.stringify(lines)}:
    print(line, flush=True)
    time.sleep(0.05)
`;
}

describe("secrets in what a script shows", () => {
  test("are not shown by logs, progress and questions", async () => {
    await using kit = await startSenders([keeper]);
    const { shown, call } = watcher();
    const requestedSchema = { type: "object", properties: {} };
    const messages = [{ role: "user", content: { type: "text", text: SECRET } }];
    await kit.call("sender", {
      send: [
        { method: "log", params: { level: "info", message: `a ${SECRET}`, data: { b: SECRET } } },
        { method: "progress", params: { current: 1, message: SECRET } },
      ],
    }, call);
    await ask(kit, "elicitation/create", { message: SECRET, requestedSchema }, { call });
    await ask(kit, "sampling/createMessage", { messages, maxTokens: 1 }, { call });
    assert.equal(shown.length, 4);
    for (const it of shown) assert.match(JSON.stringify(it), /\[PASSWORD\]/);
    assert.ok(!JSON.stringify(shown).includes(SECRET));
  });

  test("are not shown by what a called tool shows", async () => {
    await using kit = await startSenders([keeper]);
    const { shown, call } = watcher();
    const send = [{ method: "log", params: { level: "info", message: SECRET } }];
    await ask(kit, "tools/call", { name: "sender2", arguments: { send } }, { call });
    assert.deepEqual(shown, [["info", SHOWN, undefined, "sender2"]]);
  });

  test("are not shown by chunks across which they are cut, and nothing else is lost", async () => {
    await using kit = await startScripts({ plugins: [keeper] });
    const text = `x${SECRET}y${SECRET.slice(0, 9)}`;
    const cuts = [[...text], [text.slice(0, 5), text.slice(5)], [text.slice(0, 5), { a: SECRET }, text.slice(5)]];
    for (const [i, pieces] of cuts.entries()) {
      const { shown, call } = watcher();
      const name = `cut_${i}`;
      await kit.register({ name, interpreter: "python3", code: chunks(pieces) });
      await kit.call(name, {}, call);
      const logged = shown.filter((it) => (it as unknown[])[0] === "info") as [string, string, { data: unknown }][];
      const reported = shown.filter((it) => (it as unknown[])[0] !== "info") as [number, undefined, string][];
      const all = pieces.map((it) => typeof it === "string" ? it : JSON.stringify({ a: SHOWN })).join("");
      assert.equal(logged.map(([, message]) => message).join(""), redact(all));
      assert.deepEqual(reported.map(([done]) => done), reported.map((_, n) => n + 1), "progress rises one by one");
      assert.equal(reported.map(([, , message]) => message).join(""), redact(all));
      assert.deepEqual(
        logged.map(([, message, { data }]) => typeof data === "string" ? data : JSON.stringify(data) && message),
        logged.map(([, message]) => message),
      );
      assert.ok(!JSON.stringify(shown).includes(SECRET));
    }
  });

  test("a chunk without a secret is shown at once", async () => {
    await using kit = await startScripts({ plugins: [keeper] });
    const { shown, call } = watcher();
    await kit.register({ name: "plain", interpreter: "python3", code: chunks(["one", "two", "three"]) });
    assert.equal(succeed(await kit.call("plain", {}, call)), "onetwothree");
    const logged = shown.filter((it) => (it as unknown[])[0] === "info") as [string, string, { index: number }][];
    assert.deepEqual(logged.map(([, message, { index }]) => [message, index]), [["one", 0], ["two", 1], ["three", 2]]);
  });

  test("are not shown by stderr that comes in pieces, nor by what is cut off it", async () => {
    await using kit = await startScripts({ plugins: [keeper] });
    const { shown, call } = watcher();
    // the last 4,000 characters begin within the secret
    const code = `import sys, time
for piece in ["one ${SECRET.slice(0, 6)}", "${SECRET.slice(6)} two\\n", "${SECRET}" + "." * ${4_000 - 5}]:
    sys.stderr.write(piece)
    sys.stderr.flush()
    time.sleep(0.1)
sys.exit(1)`;
    await kit.register({ name: "loud", interpreter: "python3", code });
    const result = await kit.call("loud", {}, call);
    assert.match(fail(result), /exit code 1/);
    for (const text of [JSON.stringify(shown), JSON.stringify(result)]) {
      assert.ok(!text.includes(SECRET.slice(-5)), text.slice(0, 300));
    }
    assert.match(JSON.stringify(shown), /one \[PASSWORD\] two/);
  });

  test("are not shown by plain output that is cut off", async () => {
    await using kit = await startScripts({ plugins: [keeper] });
    const { shown, call } = watcher();
    const answer = '{"jsonrpc":"2.0","id":1,"result":"ok"}';
    // it stands across the end of what is logged beside an answer, and across the beginning of what a failure shows
    const logged = `print("." * ${8_000 - 8} + "${SECRET}" + "." * 99)\nprint('${answer}')`;
    const failing = `print("${SECRET}" + "." * ${4_000 - 5})\nraise SystemExit(1)`;
    await kit.register({ name: "beside", interpreter: "python3", code: logged });
    await kit.register({ name: "failing", interpreter: "python3", code: failing });
    succeed(await kit.call("beside", {}, call));
    assert.equal(shown.length, 1);
    assert.ok(!JSON.stringify(shown).includes(SECRET.slice(0, 5)));
    assert.ok(!JSON.stringify(await kit.call("failing", {}, call)).includes(SECRET.slice(-5)));
  });
});
