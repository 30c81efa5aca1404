/**
 * Scripts that were given a secret, and show it in every way there is: no client, log, file or process list has it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { textOf, type ToolResult } from "../../../kernel/mod.ts";
import { answerOf, modern, post, RawSession } from "../../support/raw.ts";
import { until } from "../../support/wait.ts";
import { temporaryFolder, withVariables } from "../dependencies/kit.ts";
import { ERAS, type GrantingServer, refused, startGranting, succeed, toolInside, type User } from "./granting.ts";

const KEY = 'hunter2-"hunter3"/hunter4+hunter5';
const SECRETS = { COLLET_SECRET_API_KEY: KEY };

/** What shows the value, or more than half of it. */
const TRACES = [
  ...["hunter2", "hunter3", "hunter4", "hunter5"],
  ...[0, 1, 2].map((i) => Buffer.from("..".slice(0, i) + KEY).toString("base64").slice(4, 36)),
  Buffer.from(KEY).toString("hex").slice(0, 32),
];

function assertHidden(shown: unknown, where: string): void {
  const text = typeof shown === "string" ? shown : JSON.stringify(shown);
  for (const trace of TRACES) assert.ok(!text.includes(trace), `${where} shows ${trace}: ${text.slice(0, 2_000)}`);
}

/** Shows the key as its argument `how` says. */
const LEAKY = `
import base64, json, os, sys, time
request = json.loads(sys.stdin.readline())
args = request["params"]["arguments"]
how = args["how"]
key = request["params"]["context"]["environment"]["API_KEY"]
assert key == os.environ["API_KEY"] and len(key) == ${KEY.length}
def write(message):
    print(json.dumps(message), flush=True)
def notify(method, **params):
    write({"jsonrpc": "2.0", "method": method, "params": params})
def answer(result):
    write({"jsonrpc": "2.0", "id": 1, "result": result})
    sys.exit(0)
def request_of(method, **params):
    write({"jsonrpc": "2.0", "id": "r", "method": method, "params": params})
    return json.loads(sys.stdin.readline())
if how == "text":
    answer("the key is " + key)
if how == "printed":
    print("the key is " + key)
    sys.exit(0)
if how == "structured":
    encoded = [base64.b64encode(key.encode()).decode(), key.encode().hex(), base64.b64encode(b"a:" + key.encode()).decode()]
    answer({"key": key, key: [{"deep": key}], "encoded": encoded})
if how == "error":
    write({"jsonrpc": "2.0", "id": 1, "error": {"code": 7, "message": "bad " + key, "data": {"key": key}}})
    sys.exit(0)
if how == "stderr":
    for piece in (key[:9], key[9:20], key[20:] + "\\n"):
        sys.stderr.write(piece)
        sys.stderr.flush()
        time.sleep(0.05)
    print("printed " + key)
    sys.exit(3)
if how == "traceback":
    raise ValueError(key)
if how == "messages":
    notify("log", level="warning", message="log " + key, data={"key": key})
    notify("notifications/message", level="info", data="data " + key)
    notify("progress", current=1, total=2, message="progress " + key)
    answer(request_of("elicitation/create", message="Is it " + key + "?", requestedSchema={"type": "object", "properties": {}}))
if how == "stream":
    for piece in [key[:5], key[5:11], key[11:]] + list(key):
        notify("stream", data=piece)
        time.sleep(0.01)
    sys.exit(0)
if how == "memory":
    request_of("memory/set", key="stored", value={"key": key})
    answer(request_of("memory/get", key="stored")["result"]["value"]["key"] == key)
if how == "long":
    answer(("." * 997 + key) * 400)
if how == "wait":
    open(args["path"] + ".ready", "w").close()
    while not os.path.exists(args["path"]):
        time.sleep(0.02)
    answer("waited")
`;
const HOWS = ["text", "printed", "structured", "error", "stderr", "traceback", "messages", "stream", "memory"];

/** Starts a server with the leaky tool, which may write what is named. */
async function startLeaky(write: readonly string[] = []): Promise<GrantingServer> {
  const grants = { secrets: ["API_KEY"], ...(write.length > 0 && { write }) };
  const server = await startGranting({ ceiling: grants, config: { results: { inline_characters: 20_000 } } });
  const user = await server.connect();
  await user.register({ name: "leaky", interpreter: "python3", code: LEAKY, grants });
  return server;
}

/** Fails when the log of a server has the key. */
function assertLogHidden({ log }: GrantingServer): void {
  assertHidden(log.entries, "the log");
}

/** Joins the texts of log messages. */
function logged(wire: readonly string[]): string {
  const messages = wire.map((it) => JSON.parse(it)).filter((it) => it.method === "notifications/message");
  return messages.map(({ params: { data } }) => typeof data === "string" ? data : data.message).join("");
}

async function leak(user: User, how: string, more: object = {}): Promise<ToolResult> {
  return await user.call("leaky", { how, ...more });
}

for (const era of ERAS) {
  describe(`a secret that a script was given, over HTTP in ${era},`, () => {
    test("is shown by its name in results, errors, logs, progress, questions and chunks", async () => {
      using _ = withVariables(SECRETS);
      await using server = await startLeaky();
      const user = await server.connect({ era, answer: "once" });
      const shown: Record<string, string> = {};
      for (const how of HOWS) {
        const heard: { readonly message?: string | undefined }[] = [];
        const before = user.wire.length;
        const result = await user.call("leaky", { how }, { onprogress: (it) => void heard.push(it) });
        const isFailure = ["error", "stderr", "traceback"].includes(how);
        assert.equal(result.isError === true, isFailure, `${how}: ${textOf(result)}`);
        shown[how] = JSON.stringify([result, heard, user.wire.slice(before)]);
        // what was cut is looked for in the pieces as a reader puts them together
        const pieces = [heard.map((it) => it.message).join(""), logged(user.wire.slice(before))];
        for (const joined of pieces) assertHidden(joined, `${how}, joined`);
        if (how === "stream") assert.deepEqual(pieces, ["[API_KEY][API_KEY]", "[API_KEY][API_KEY]"]);
        assertHidden(shown[how], how);
        if (how !== "memory") assert.match(shown[how]!, /\[API_KEY\]/, how);
      }
      assert.match(shown["text"]!, /"the key is \[API_KEY\]"/);
      assert.match(shown["structured"]!, /"\[API_KEY\]":\[\{"deep":"\[API_KEY\]"\}\]/);
      assert.match(shown["error"]!, /Error 7: bad \[API_KEY\]/);
      assert.match(shown["stderr"]!, /exit code 3[^]*stderr:[^]*\[API_KEY\][^]*stdout:[^]*printed \[API_KEY\]/);
      assert.match(shown["traceback"]!, /ValueError: \[API_KEY\]/);
      for (const text of ["log [API_KEY]", "data [API_KEY]", "progress [API_KEY]", "Is it [API_KEY]?"]) {
        assert.ok(shown["messages"]!.includes(text), `${text} in ${shown["messages"]}`);
      }
      assert.deepEqual(user.questions, ["Is it [API_KEY]?"]);
      assertHidden(user.wire, "the wire");
      assertLogHidden(server);
    });

    test("is in no kept result, memory entry, listing or example that is tested", async () => {
      using _ = withVariables(SECRETS);
      await using server = await startLeaky();
      const user = await server.connect({ era });
      const long = await leak(user, "long");
      const uri = /collet:\/\/results\/[\w-]+/.exec(JSON.stringify(long))?.[0];
      assert.ok(uri !== undefined, JSON.stringify(long).slice(0, 2_000));
      for (const query of ["", ...[990, 995, 1_000, 1_005].map((it) => `?offset=${it}&length=40`)]) {
        const read = await user.client.readResource({ uri: `${uri}${query}` });
        assertHidden(read, `${uri}${query}`);
        assert.match(JSON.stringify(read), /API_K|KEY\]|\.\.\./);
      }
      await leak(user, "memory");
      assert.match(
        succeed(await user.call("memory", { action: "get", tool_name: "leaky", key: "stored" })),
        /\[API_KEY\]/,
      );
      const failing = {
        ...{ name: "tested", description: "x", interpreter: "python3", code: LEAKY, grants: { secrets: ["API_KEY"] } },
        examples: [{ arguments: { how: "text" }, result: "another" }],
      };
      assert.match(refused(await user.call("register_script", { ...failing, verify: true })), /found .*\[API_KEY\]/);
      await user.register(failing);
      assert.match(textOf(await user.call("test_tool", { tool_name: "tested" })), /found .*\[API_KEY\]/);
      for (const { uri } of (await user.client.listResources()).resources) await user.client.readResource({ uri });
      assertHidden(user.wire, "the wire");
      assertLogHidden(server);
    });

    test("is in no command line while the script runs", async () => {
      using _ = withVariables(SECRETS);
      await using folder = await temporaryFolder();
      await using server = await startLeaky([folder.path]);
      const user = await server.connect({ era });
      const path = join(folder.path, "go");
      const waiting = leak(user, "wait", { path });
      await until(async () => (await readdir(folder.path)).includes("go.ready"), "the script to run");
      const { stdout } = await promisify(execFile)("ps", ["axww", "-o", "args="], { maxBuffer: 64 * 1024 * 1024 });
      const file = `${await toolInside(server, "leaky")}/leaky.py`;
      assert.ok(stdout.split("\n").some((it) => /^\S*python\S* /.test(it) && it.endsWith(` ${file}`)), stdout);
      assertHidden(stdout, "ps");
      await writeFile(path, "");
      succeed(await waiting);
    });

    test("is not in what a job tells, nor on disk", async () => {
      using _ = withVariables(SECRETS);
      await using server = await startLeaky();
      const user = await server.connect({ era });
      for (const how of ["structured", "error", "messages"]) {
        const begun = await user.call("leaky", { how }, { meta: { dcc: { async: true } } });
        const id = (begun.structuredContent as { job_id: string }).job_id;
        let status: ToolResult = begun;
        await until(async () => {
          status = await user.call("jobs_get_status", { job_id: id, include_result: true, include_logs: true });
          return !/"(?:pending|running|working)"/.test(JSON.stringify(status.structuredContent));
        }, "the job to end");
        if (how !== "messages") assert.match(JSON.stringify(status), /\[API_KEY\]/, how);
      }
      assertHidden(user.wire, "the wire");
      assertLogHidden(server);
      await server.kernel.stop();
      for (const entry of await readdir(server.home, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        assertHidden(await readFile(path, "latin1"), path);
      }
    });
  });
}

test("a secret that a script was given is not in the status or the result of its task of 2025-11-25", async () => {
  using _ = withVariables(SECRETS);
  await using server = await startLeaky();
  const send = (request: Request) => fetch(new Request(server.url, request));
  const capabilities = { elicitation: {}, tasks: { list: {}, cancel: {} } };
  const session = await RawSession.open(send, { capabilities });
  const told: unknown[] = [];
  const ask = async (method: string, params: Record<string, unknown>) => {
    const message = await session.request(method, params);
    told.push(message);
    return message.result;
  };
  for (const how of ["structured", "error", "stream"]) {
    const { task } = await ask("tools/call", { name: "leaky", arguments: { how }, task: {} });
    await until(async () => (await ask("tasks/get", { taskId: task.taskId })).status !== "working", "the task to end");
    const result = await ask("tasks/result", { taskId: task.taskId });
    assert.match(JSON.stringify(result), /\[API_KEY\]/, how);
  }
  await session.bodyless("DELETE");
  assertHidden(told, "the task");
  assertLogHidden(server);
});

test("a secret that a script was given is not shown by a raw answer of 2026-07-28", async () => {
  using _ = withVariables(SECRETS);
  await using server = await startLeaky();
  const { body, headers } = modern("tools/call", { name: "leaky", arguments: { how: "error" } });
  const answer = await answerOf(await post(fetch, body, { headers, url: server.url.href }));
  assert.match(JSON.stringify(answer), /Error 7: bad \[API_KEY\]/);
  assertHidden(answer, "the answer");
});
