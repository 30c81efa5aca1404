import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { definePlugin, ErrorCode, type JsonObject, ProtocolError, ToolError } from "../../../kernel/mod.ts";
import memory from "../../../plugins/memory/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { ask, askAll, clientWith, send, startSenders } from "./sender.ts";

/** What fails, each in its own way. */
const failing = definePlugin({
  name: "failing",
  version: "1.0.0",
  setup(ctx) {
    ctx.resource({ uri: "thing://locked", name: "locked", read: () => Promise.reject(new ToolError("it is locked")) });
    ctx.prompt({
      name: "strict",
      description: "x",
      args: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
      render: () => "strict",
    });
    ctx.tool({
      name: "incapable",
      description: "x",
      input: {},
      run: () => {
        throw new ProtocolError(ErrorCode.missingClientCapability, "no roots", { requiredCapabilities: { roots: {} } });
      },
    });
    ctx.tool({
      name: "unspeakable",
      description: "x",
      input: {},
      run: () => ({ content: [], structuredContent: 1n }) as unknown as JsonObject,
    });
  },
});

/** Requests with parameters that are wrong, and what is said of them. */
const WRONG: readonly (readonly [method: string, params: JsonObject, reason: RegExp])[] = [
  ["tools/call", {}, /^"name" is missing, or no text$/],
  ["tools/call", { name: 1 }, /^"name" is missing, or no text$/],
  ["resources/read", {}, /^"uri" is missing/],
  ["prompts/get", {}, /^"name" is missing/],
  ["prompts/get", { name: "strict", arguments: [] }, /^"arguments" is missing, or no object/],
  ["completion/complete", {}, /^"argument" is missing/],
  ["completion/complete", { argument: {}, ref: {} }, /^"name" is missing/],
  ["completion/complete", { argument: { name: "a" } }, /^"ref" is missing/],
  ["completion/complete", { argument: { name: "a" }, ref: { type: "ref/x" } }, /^"ref\.type" is none of ref\/prompt/],
  ["sampling/createMessage", {}, /^"messages" is missing/],
  ["sampling/createMessage", { messages: [] }, /^"maxTokens" is missing/],
  ["memory/get", {}, /^"key" is missing/],
  ["memory/set", { key: "k" }, /^"value" is missing/],
  ["memory/set", { key: "k", value: 1, ttl: "1" }, /^"ttl" is no number of seconds/],
  ["memory/set", { key: "k", value: 1, if_version: -1 }, /^"if_version" is no whole number/],
  ["memory/list", { prefix: 1 }, /^"prefix" is no text/],
  ["memory/entries", { limit: 0 }, /^"limit" is no whole number from 1 to 1000/],
  ["memory/entries", { cursor: 1 }, /^"cursor" is missing, or no text/],
  ["memory/increment", { key: "k", by: "1" }, /^"by" is no number/],
  ["memory/bulk_get", {}, /^"keys" is missing, or no list of texts/],
  ["memory/bulk_set", {}, /^"entries" is missing, or neither object nor list/],
  ["memory/bulk_set", { entries: [1] }, /^"entries\[0\]" is no object/],
  ["memory/bulk_delete", { keys: [1] }, /^"keys" is missing, or no list of texts/],
  ["memory/bulk_delete", {}, /^"keys" is missing/],
];

/** Requests that fail though their parameters are right, and the error of revision 2. */
const FAILED: readonly (readonly [method: string, params: JsonObject, error: JsonObject])[] = [
  ["tools/call", { name: "refuse" }, {
    code: -32000,
    message: "Tool refuse failed: not today",
    data: { until: "tomorrow" },
  }],
  ["tools/call", { name: "incapable" }, {
    code: -32021,
    message: "Tool incapable failed: no roots",
    data: { requiredCapabilities: { roots: {} } },
  }],
  ["resources/read", { uri: "thing://gone" }, {
    code: -32002,
    message: 'Resource not found: thing://gone; did you mean "thing://locked"?',
    data: { uri: "thing://gone" },
  }],
  ["resources/read", { uri: "thing://locked" }, { code: -32603, message: "it is locked" }],
  ["prompts/get", { name: "strikt" }, {
    code: -32000,
    message: 'Unknown prompt "strikt"; did you mean "strict"?',
  }],
  ["prompts/get", { name: "strict" }, {
    code: -32602,
    message: 'Invalid arguments for prompt "strict": "name": missing',
  }],
  ["completion/complete", { ref: { type: "ref/prompt", name: "none" }, argument: { name: "a", value: "" } }, {
    code: -32602,
    message: 'Cannot complete: unknown prompt "none"',
  }],
  ["sampling/createMessage", { messages: [], maxTokens: 1 }, {
    code: -32000,
    message: "Cannot ask the client's model: the client has not declared that capability",
  }],
];

describe("requests of scripts that fail", () => {
  test("for their parameters say which one, as a result in revision 1 and as error -32602 in 2", async () => {
    await using kit = await startSenders([store, memory, failing]);
    const asked = WRONG.map(([method, params]) => [method, params] as const);
    const one = await askAll(kit, asked) as { error: string }[];
    const two = await askAll(kit, asked, { protocol: 2 }) as { code: number; message: string }[];
    for (const [i, [method, , reason]] of WRONG.entries()) {
      assert.deepEqual(Object.keys(one[i]!), ["error"], method);
      assert.match(one[i]!.error, reason, method);
      assert.deepEqual(two[i], { code: ErrorCode.invalidParams, message: one[i]!.error }, method);
    }
  });

  test("for another reason tell it, in revision 2 with the code and the data that there are", async () => {
    await using kit = await startSenders([failing]);
    const asked = FAILED.map(([method, params]) => [method, params] as const);
    const two = await askAll(kit, asked, { protocol: 2 });
    assert.deepEqual(two, FAILED.map(([, , error]) => error));
    assert.deepEqual(await askAll(kit, asked), FAILED.map(([, , { message }]) => ({ error: message })));
  });

  test("by elicitation are errors in revision 2, and actions in 1", async () => {
    await using kit = await startSenders();
    const params = { message: "Name?", requestedSchema: { type: "object", properties: {} } };
    const call = {
      client: clientWith({ elicitation: {} }),
      elicit: () => Promise.reject(new ToolError("gone", { data: { a: 1 } })),
    };
    assert.deepEqual(await ask(kit, "elicitation/create", params, { protocol: 2 }), {
      code: -32000,
      message: "Cannot ask the user: the client has not declared that capability",
    });
    assert.deepEqual(await ask(kit, "elicitation/create", params, { call, protocol: 2 }), {
      code: -32000,
      message: "gone",
      data: { a: 1 },
    });
    assert.deepEqual(await ask(kit, "elicitation/create", {}, { call, protocol: 2 }), {
      code: ErrorCode.invalidParams,
      message: '"message" is missing, or no text',
    });
    assert.deepEqual(await ask(kit, "elicitation/create", params, { call }), { action: "error", error: "gone" });
  });

  test("since there is no such method are error -32601 in both, and nothing without an id", async () => {
    await using kit = await startSenders();
    for (const protocol of [1, 2] as const) {
      assert.deepEqual(await send(kit, [{ method: "no/such" }, { method: "constructor", id: 7 }], { protocol }), [
        { jsonrpc: "2.0", id: 7, error: { code: -32601, message: "Method not found: constructor" } },
      ]);
    }
  });

  test("since the answer is no JSON are told so, and the script goes on", async () => {
    await using kit = await startSenders([failing]);
    for (const protocol of [1, 2] as const) {
      const [failed, said] = await askAll(
        kit,
        [["tools/call", { name: "unspeakable" }], ["tools/call", { name: "say" }]],
        { protocol },
      );
      assert.match(JSON.stringify(failed), /BigInt/);
      assert.deepEqual(said, { output: "said" });
    }
    kit.log.take("error");
  });
});
