import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { until } from "../../support/wait.ts";
import { waitForFile } from "./kit.ts";
import { DOORS, type LiveClient, type SeenProgress } from "./live.ts";

const BEGIN = `
import json, os, sys, time
request = json.loads(sys.stdin.readline())["params"]
args = request["arguments"]
def say(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
def ask(method, **params):
    say(id=method, method=method, params=params)
    return json.loads(sys.stdin.readline())["result"]
FORM = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
`;

/** Says something in every way, and goes on when the client has heard it. */
const TALKER = `${BEGIN}
say(method="log", params={"level": "debug", "message": "small"})
say(method="log", params={"level": "warning", "message": "large", "data": {"a": 1}})
say(method="progress", params={"current": 1, "total": 2, "message": "half"})
say(method="stream", params={"data": "chunk", "is_final": True})
while not os.path.exists(args["go"]): time.sleep(0.02)
say(method="progress", params={"current": 2, "total": 2})
say(id=1, result={"token": "progressToken" in request["context"]["_meta"], "roots": request["context"]["roots"]})
`;

/** Asks for all that a client can be asked for. */
const ASKER = `${BEGIN}
person = ask("elicitation/create", message="Who?", requestedSchema=FORM)
poem = ask("sampling/createMessage", messages=[{"role": "user", "content": {"type": "text", "text": "x"}}], maxTokens=9)
roots = ask("roots/list")
say(method="log", params={"level": "info", "message": "asked"})
say(id=1, result={"name": person["content"]["name"], "poem": poem["content"]["text"], "roots": roots["roots"]})
`;

/** Calls the tool that it is told, which asks, and asks itself before and after. */
const CALLER = `${BEGIN}
before = ask("elicitation/create", message="Before?", requestedSchema=FORM)
called = ask("tools/call", name=args["name"], arguments=args.get("arguments", {}))
after = ask("elicitation/create", message="After?", requestedSchema=FORM)
say(id=1, result={"before": before["action"], "called": called, "after": after["action"]})
`;

/** Notes what it is told while it waits. */
const WAITER = `${BEGIN}
open(args["note"] + "started", "w").write("yes")
told = sys.stdin.readline()
open(args["note"] + "part", "w").write(told)
os.rename(args["note"] + "part", args["note"] + "told")
`;

const ASKED = { name: "Ada", poem: "a poem", roots: [{ uri: "file:///home/ada" }] };

for (const [door, open] of Object.entries(DOORS)) {
  const check = (title: string, run: (client: LiveClient) => Promise<void>) =>
    test(`${title} (${door})`, { timeout: 60_000 }, async () => {
      await using client = await open();
      await run(client);
    });

  check("logs, progress and chunks of a script reach the client while it runs", async (client) => {
    await client.register("talker", TALKER);
    const go = `${client.home}/go`;
    const heard: SeenProgress[] = [];
    const { logs } = client.seen;
    const calling = client.call("talker", { go }, {
      level: "info",
      // the client of 2026 reports its own rounds as well
      onprogress: (it) => void (it.total === 2 && heard.push(it)),
    });
    await until(() => heard.length === 1 && logs.length === 2, "what the script says before it goes on");
    await writeFile(go, "");
    const { structuredContent } = await calling;
    assert.deepEqual(structuredContent, { token: true, roots: ["/home/ada"] });
    assert.deepEqual(heard[0], { progress: 1, total: 2, message: "half" });
    assert.deepEqual(logs.map(({ level, logger, data }) => [level, logger, data]), [
      ["warning", "talker", { message: "large", a: 1 }],
      ["info", "collet.stream", { message: "chunk", type: "stream_chunk", index: 0, is_final: true, data: "chunk" }],
    ]);
    logs.length = 0;
    await client.call("talker", { go }, { level: "debug" });
    await until(() => logs.length === 3, "logs from debug up");
    logs.length = 0;
    await client.call("talker", { go }, { level: "error" });
    assert.deepEqual(logs, []);
  });

  check("a script asks the user and the model, and so does one that a script calls", async (client) => {
    await client.register("asker", ASKER);
    await client.register("caller", CALLER);
    assert.deepEqual((await client.call("asker", {})).structuredContent, ASKED);
    assert.deepEqual(client.seen.asked, ["elicit", "sample"]);
    client.seen.asked.length = 0;
    client.seen.logs.length = 0;
    const { structuredContent } = await client.call("caller", { name: "asker" });
    assert.deepEqual(structuredContent, { before: "accept", called: { output: ASKED }, after: "accept" });
    assert.deepEqual(client.seen.asked, ["elicit", "elicit", "sample", "elicit"]);
    await until(() => client.seen.logs.some((it) => it.logger === "asker"), "the log of the tool that was called");
  });

  check("a client that cancels has the script told", async (client) => {
    await client.register("waiter", WAITER);
    const controller = new AbortController();
    const note = `${client.home}/note-`;
    const calling = client.call("waiter", { note }, { signal: controller.signal }).catch(() => "cancelled");
    await waitForFile(`${note}started`);
    controller.abort();
    assert.equal(await calling, "cancelled");
    const { method, params } = JSON.parse(await waitForFile(`${note}told`));
    assert.equal(method, "notifications/cancelled");
    assert.equal(params.requestId, 1);
    assert.match(params.reason, /Cancelled/);
  });
}
