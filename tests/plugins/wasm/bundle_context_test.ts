/**
 * Tests what a tool in JavaScript finds: the globals, and `ctx`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ROOT } from "../../../scripts/lib/repository.ts";
import { RequestFailure } from "../../../plugins/wasm/worker/hosts.ts";
import { runTool, valueOf } from "./bundle_kit.ts";

describe("globals of a bundle", () => {
  it("has a console that logs at the levels of MCP", async () => {
    const { notices } = await runTool(`() => {
      console.log("%s is %d of %o", "a", 1, { b: [2] }, "rest");
      console.info({ a: 1, list: [1, "x", null], map: new Map([["k", new Set([1])]]), f() {}, big: 1n });
      console.warn("careful"); console.error(new RangeError("bad")); console.debug(undefined, -0, Symbol("s"));
      const loop = { name: "l" }; loop.self = loop; console.log(loop); console.log("\\ud800\\0ü");
      console.group("g"); console.log("in"); console.groupEnd(); console.assert(1 === 2, "no"); console.count();
    }`);
    assert.ok(notices.every(({ method }) => method === "log"));
    const said = notices.map(({ params }) => `${params["level"]}: ${params["message"]}`);
    assert.match(said[3]!, /^error: RangeError: bad\n\s+at .*sample\.js:\d+/);
    said.splice(3, 1);
    assert.deepEqual(said, [
      "info: a is 1 of { b: [ 2 ] } rest",
      'info: { a: 1, list: [ 1, "x", null ], map: Map { "k" => Set { 1 } }, f: [function f], big: 1n }',
      "warning: careful",
      "debug: undefined -0 Symbol(s)",
      'info: { name: "l", self: [circular] }',
      "info: \ud800\0ü",
      "info: g",
      "info:   in",
      "error: Assertion failed: no",
      "info: default: 1",
    ]);
  });

  it("has encodings", async () => {
    const value = await valueOf(`() => {
      const bytes = new TextEncoder().encode("a\\0ü🦊\\ud800");
      const stream = new TextDecoder();
      const pieces = Array.from(bytes, (byte) => stream.decode(new Uint8Array([byte]), { stream: true })).join("");
      let fatal; try { new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff])); } catch (e) { fatal = e.name; }
      let label; try { new TextDecoder("klingon"); } catch (e) { label = e.name; }
      let base64; try { atob("%"); } catch (e) { base64 = true; }
      const target = new Uint8Array(4);
      return {
        bytes: Array.from(bytes), back: new TextDecoder().decode(bytes), pieces: pieces + stream.decode(),
        bom: new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 65])), fatal, label, base64,
        latin: new TextDecoder("latin1").decode(new Uint8Array([0xe4])), view: new TextDecoder().decode(bytes.subarray(0, 1)),
        into: new TextEncoder().encodeInto("aü🦊", target), target: Array.from(target),
        btoa: btoa("hällo"), atob: atob("aORsbG8="),
      };
    }`);
    const bytes = [...new TextEncoder().encode("a\0ü🦊\ud800")];
    assert.deepEqual(value, {
      ...{ bytes, back: "a\0ü🦊\ufffd", pieces: "a\0ü🦊\ufffd", bom: "A", fatal: "TypeError", label: "RangeError" },
      ...{ base64: true, latin: "ä", view: "a", into: { read: 2, written: 3 }, target: [97, 0xc3, 0xbc, 0] },
      ...{ btoa: "aORsbG8=", atob: "hällo" },
    });
  });

  it("has addresses and their parameters", async () => {
    const value = await valueOf(`() => {
      const url = new URL("../b?x=1&x=2#top", "https://user@example.com:8443/a/c/d");
      url.searchParams.append("y", "ä &"); url.searchParams.delete("x", "1"); url.hash = ""; url.port = "";
      const copy = new URL(url); copy.search = "?z=9";
      const params = new URLSearchParams({ b: "2", a: "1 1" }); params.sort(); params.set("b", "3");
      let bad; try { new URL("no address"); } catch (error) { bad = error.name; }
      return [url, url.host, url.searchParams.getAll("x"), url.searchParams.get("y"), copy.searchParams.get("z"),
        [...params], params.toString(), params.size, bad, URL.canParse("x:y"), \`\${new URLSearchParams("?q=a+b%20c")}\`];
    }`);
    const href = "https://user@example.com/a/b?x=2&y=%C3%A4+%26";
    assert.deepEqual(value, [
      ...[href, "example.com", ["2"], "ä &", "9", [["a", "1 1"], ["b", "3"]], "a=1+1&b=3", 2, "TypeError", true],
      "q=a+b+c",
    ]);
  });

  it("has random values and clocks", async () => {
    const { ids, same, zero, now, grows, bad } = await valueOf(`() => {
      const [a, b] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(16))];
      const words = new Uint32Array(4); crypto.getRandomValues(words.subarray(1, 3));
      let bad = 0;
      try { crypto.getRandomValues(new Uint8Array(70000)); } catch { bad++; }
      try { crypto.getRandomValues(new Float32Array(1)); } catch { bad++; }
      const start = performance.now(); for (let i = 0; i < 1e5; i++);
      return { ids: [crypto.randomUUID(), crypto.randomUUID(), Math.random(), Math.random()], same: String(a) === String(b),
        zero: [words[0], words[3]], now: Date.now(), grows: performance.now() > start, bad };
    }`);
    assert.match(ids[0], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    assert.equal(new Set(ids).size, 4);
    assert.deepEqual([same, zero, grows, bad], [false, [0, 0], true, 2]);
    assert.ok(Math.abs(now - Date.now()) < 60_000);
  });

  it("has timers in order, repeated and cleared, and a bound of them", async () => {
    const value = await valueOf(`async () => {
      const seen = [];
      setTimeout(() => seen.push("late"), 30); setTimeout((a, b) => seen.push(a + b), 1, "so", "on");
      const never = setTimeout(() => seen.push("never"), 5); clearTimeout(never);
      queueMicrotask(() => seen.push("micro")); seen.push("now");
      let ticks = 0;
      await new Promise((resolve) => { const id = setInterval(() => { if (++ticks === 3) { clearInterval(id); resolve(); } }, 2); });
      await new Promise((resolve) => setTimeout(resolve, 40));
      let bound; try { for (let i = 0; i < 2000; i++) setTimeout(() => {}, 1e6); } catch (error) { bound = error.message; }
      return { seen, ticks, bound };
    }`);
    assert.deepEqual(value.seen, ["now", "micro", "soon", "late"]);
    assert.equal(value.ticks, 3);
    assert.match(value.bound, /1000 are running/);
  });

  it("tells of an error in a timer", async () => {
    const { outcome } = await runTool(
      "() => new Promise(() => setTimeout(() => { throw new Error('in a timer'); }, 1))",
    );
    assert.equal(outcome.kind === "thrown" && outcome.message, "in a timer");
  });

  it("has events and abort signals", async () => {
    const value = await valueOf(`async () => {
      const controller = new AbortController(); const seen = [];
      controller.signal.addEventListener("abort", (event) => seen.push(event.type), { once: true });
      const any = AbortSignal.any([controller.signal, AbortSignal.timeout(60000)]);
      controller.abort(new Error("enough")); controller.abort();
      let thrown; try { any.throwIfAborted(); } catch (error) { thrown = error.message; }
      const late = AbortSignal.timeout(1); await new Promise((resolve) => late.onabort = resolve);
      const target = new EventTarget();
      const listener = { handleEvent: (event) => { seen.push(event.detail); event.preventDefault(); } };
      target.addEventListener("x", listener); target.addEventListener("x", listener);
      const went = target.dispatchEvent(new CustomEvent("x", { detail: 7, cancelable: true }));
      return { seen, thrown, aborted: any.aborted, late: late.reason.name, went };
    }`);
    assert.deepEqual(value, { seen: ["abort", 7], thrown: "enough", aborted: true, late: "TimeoutError", went: false });
  });

  it("clones structures", async () => {
    const value = await valueOf(`() => {
      const source = { date: new Date(5), map: new Map([[1, { a: [1] }]]), set: new Set(["x"]), bytes: new Uint8Array([1, 2]), re: /a/gi };
      source.self = source;
      const copy = structuredClone(source);
      let refused; try { structuredClone({ f() {} }); } catch (error) { refused = error.name; }
      return [copy !== source, copy.self === copy, copy.map.get(1).a, copy.map.get(1) !== source.map.get(1), [...copy.set],
        Array.from(copy.bytes), copy.date.getTime(), String(copy.re), refused, structuredClone(new TypeError("t")) instanceof TypeError];
    }`);
    assert.deepEqual(value, [true, true, [1], true, ["x"], [1, 2], 5, "/a/gi", "DataCloneError", true]);
  });

  it("lets a tool replace them", async () => {
    const tool =
      "() => { globalThis.URL = 1; globalThis.fetch = () => 2; console = { log: () => 3 }; return [URL, fetch(), console.log(), typeof URLSearchParams]; }";
    assert.deepEqual(await valueOf(tool), [1, 2, 3, "function"]);
  });
});

describe("ctx of a bundle", () => {
  it("has what its types say, and no more", async () => {
    const source = await readFile(join(ROOT, "plugins/wasm/author_modules/javascript/types.d.mts"), "utf8");
    const declared = (name: string) => {
      const [, body = ""] = new RegExp(`interface ${name} \\{\\n([^]*?)\\n\\}`).exec(source) ?? [];
      return [...new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, member]) => member))].sort();
    };
    const found = await valueOf(
      "(_, ctx) => [ctx, ctx.memory, ctx.files].map((it) => Object.keys(it).sort())",
    );
    assert.deepEqual(found, ["ToolContext", "Memory", "Files"].map(declared));
  });

  it("tells the tool's name and what it was granted, and cannot be changed", async () => {
    const value = await valueOf(
      "(_, ctx) => { try { ctx.env.KEY = 'x'; ctx.tool = 'y'; } catch {} return { tool: ctx.tool, env: ctx.env }; }",
      {},
      { name: "weather", env: { KEY: "geheim ü" } },
    );
    assert.deepEqual(value, { tool: "weather", env: { KEY: "geheim ü" } });
  });

  it("logs, reports progress and streams", async () => {
    const { notices } = await runTool(`(_, ctx) => {
      ctx.log("hello"); ctx.log("warning", "careful", { a: 1 }); ctx.progress(1, 3, "one"); ctx.progress(2);
      ctx.stream("piece"); ctx.stream({ last: true }, { isFinal: true });
    }`);
    assert.deepEqual(notices, [
      { method: "log", params: { level: "info", message: "hello" } },
      { method: "log", params: { level: "warning", message: "careful", data: { a: 1 } } },
      { method: "progress", params: { current: 1, total: 3, message: "one" } },
      { method: "progress", params: { current: 2 } },
      { method: "stream", params: { data: "piece" } },
      { method: "stream", params: { data: { last: true }, is_final: true } },
    ]);
  });

  it("sends each request of the script protocol, and gives what is in the reply", async () => {
    const sent: [string, unknown][] = [];
    const replies: Readonly<Record<string, unknown>> = {
      "tools/call": { output: { sum: 3 } },
      "tools/list": { tools: [{ name: "a" }] },
      "resources/read": { contents: [{ uri: "x:y", text: "t" }] },
      "roots/list": { roots: [{ uri: "file:///r" }] },
      "elicitation/create": { action: "accept", content: { a: 1 } },
      "sampling/createMessage": { role: "assistant", model: "m", content: { type: "text", text: "hi" } },
      "memory/get": { value: null },
      "memory/set": { success: true },
      "memory/list": { keys: ["k"] },
      "memory/increment": { value: 5 },
      "memory/entries": { entries: [{ key: "k", value: 1, version: 1 }] },
      "custom/method": { own: true },
    };
    const value = await valueOf(
      `async (_, ctx) => {
        const entries = [];
        for await (const entry of ctx.memory.entries("k")) entries.push(entry.key);
        return {
          call: await ctx.callTool("add", { a: 1, b: 2 }), tools: await ctx.listTools(), read: await ctx.readResource("x:y"),
          roots: await ctx.listRoots(), elicit: await ctx.elicit("Sure?", { type: "object" }),
          sample: (await ctx.sample("Say hi", 10, { temperature: 0 })).content.text,
          get: await ctx.memory.get("k", "otherwise"), set: await ctx.memory.set("k", undefined, { ttl: 5 }) === undefined,
          list: await ctx.memory.list(), increment: await ctx.memory.increment("n", 2), entries,
          custom: await ctx.request("custom/method", { a: 1 }),
        };
      }`,
      {},
      {
        host: {
          request(method, params) {
            sent.push([method, params]);
            return Promise.resolve(replies[method]);
          },
        },
      },
    );
    assert.deepEqual(value, {
      ...{ call: { sum: 3 }, tools: [{ name: "a" }], read: [{ uri: "x:y", text: "t" }], roots: [{ uri: "file:///r" }] },
      ...{ elicit: { action: "accept", content: { a: 1 } }, sample: "hi", get: "otherwise", set: true, list: ["k"] },
      ...{ increment: 5, entries: ["k"], custom: { own: true } },
    });
    const sentBy = Object.fromEntries(sent);
    assert.deepEqual(sentBy["tools/call"], { name: "add", arguments: { a: 1, b: 2 } });
    assert.deepEqual(sentBy["memory/set"], { key: "k", value: null, ttl: 5 });
    assert.deepEqual(sentBy["sampling/createMessage"], {
      ...{ temperature: 0, messages: [{ role: "user", content: { type: "text", text: "Say hi" } }], maxTokens: 10 },
    });
  });

  it("waits for many requests at the same time", async () => {
    let [running, most] = [0, 0];
    const value = await valueOf(
      "async (_, ctx) => await Promise.all(Array.from({ length: 50 }, (_, i) => ctx.callTool('t', { i })))",
      {},
      {
        host: {
          async request(_method, { arguments: args }) {
            most = Math.max(most, ++running);
            await new Promise((resolve) => setTimeout(resolve, 50 - (args as { i: number }).i));
            running--;
            return { output: (args as { i: number }).i };
          },
        },
      },
    );
    assert.deepEqual(value, Array.from({ length: 50 }, (_, i) => i));
    assert.equal(most, 50);
  });

  it("throws what the server answered, with code and data", async () => {
    const request = () => Promise.reject(new RequestFailure(-32602, 'unknown tool "x"', { near: ["y"] }));
    const tool =
      "async (_, ctx) => { try { await ctx.callTool('x'); } catch (error) { return { ...error, name: error.name, message: error.message }; } }";
    assert.deepEqual(await valueOf(tool, {}, { host: { request } }), {
      ...{ code: -32602, data: { near: ["y"] }, name: "HostError", message: 'unknown tool "x"' },
    });
    const { outcome } = await runTool("(_, ctx) => ctx.callTool('x')", {}, { host: { request } });
    assert.deepEqual(outcome.kind === "thrown" && [outcome.message, outcome.data], ['HostError: unknown tool "x"', {
      near: ["y"],
    }]);
  });
});
