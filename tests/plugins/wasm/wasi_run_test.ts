/**
 * One run of a module: its streams, its end, its limits, and what it asks of the server.
 *
 * @module
 */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";
import { NOTICES } from "../../../plugins/scripts/messages.ts";
import { NOTICE_METHODS } from "../../../plugins/wasm/worker/collet_imports.ts";
import { RequestFailure } from "../../../plugins/wasm/worker/hosts.ts";
import type { RunOutcome } from "../../../plugins/wasm/worker/messages.ts";
import { runModule } from "../../../plugins/wasm/worker/module_run.ts";
import { EMPTY_RUN, listeningHost, runBody, runText, WASI_IMPORTS } from "./wasi_kit.ts";
import { assemble } from "./wat_text.ts";

/** Reads stdin to its end, and writes it to stdout. */
const ECHO = `(func (export "_start") (local $n i32)
  (loop $again
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 65536))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (local.set $n (i32.load (i32.const 8)))
    (if (local.get $n) (then
      (i32.store (i32.const 4) (local.get $n))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br $again)))))`;

/** Sends what is on stdin as a request, and writes the reply to stdout. */
const ASK = `(func (export "_start")
  (i32.store (i32.const 0) (i32.const 1024))
  (i32.store (i32.const 4) (i32.const 65536))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (i32.store (i32.const 4) (call $request (i32.const 1024) (i32.load (i32.const 8))))
  (call $reply (i32.const 1024))
  (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))`;

/** Writes a text to a descriptor, byte by byte, as often as asked. */
function writeBytes(fd: number, text: string, times = 1): string {
  const { length } = new TextEncoder().encode(text);
  return `(data (i32.const 1024) ${JSON.stringify(text)})
    (func (export "_start") (local $i i32)
      (i32.store (i32.const 4) (i32.const 1))
      (loop $again
        (i32.store (i32.const 0) (i32.add (i32.const 1024) (i32.rem_u (local.get $i) (i32.const ${length}))))
        (drop (call $fd_write (i32.const ${fd}) (i32.const 0) (i32.const 1) (i32.const 8)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const ${length * times})))))`;
}

function start(body: string): string {
  return `(func (export "_start") ${body})`;
}

describe("runModule", () => {
  test("passes 5 MB through stdin and stdout at once, and as single bytes without slowing down", async () => {
    const text = "é漢🎉 and more".repeat(260_000);
    const started = performance.now();
    const outcome = await runBody(ECHO, { stdin: text });
    assert.equal(outcome.kind === "exit" && outcome.stdout === text, true);
    const bytes = await runBody(writeBytes(1, "0123456789", 30_000));
    assert.equal(stdoutOf(bytes).length, 300_000);
    assert.equal(performance.now() - started < 10_000, true);
  });

  test("gives the exit code, 0 when the module returns", async () => {
    const codes = ["", "(call $proc_exit (i32.const 0))", "(call $proc_exit (i32.const 33))"];
    const outcomes = await Promise.all([...codes, "(call $proc_exit (i32.const -1))"].map((it) => runBody(start(it))));
    assert.deepEqual(outcomes.map((it) => it.kind === "exit" ? it.code : it), [0, 0, 33, -1]);
  });

  test("says in lower case why a module stopped, and which limit it was", async () => {
    assert.deepEqual(await trapOf("unreachable"), ["unreachable", undefined]);
    assert.deepEqual(await trapOf("(drop (i32.load (i32.const -1)))"), ["memory access out of bounds", undefined]);
    assert.deepEqual(await trapOf("(drop (i32.div_s (i32.const 1) (i32.const 0)))"), ["divide by zero", undefined]);
    assert.deepEqual(await trapOf("(drop (call $proc_raise (i32.const 6)))"), ["signal 6 raised", undefined]);
    const endless = "(func $deep (result i32) (i32.add (call $deep) (i32.const 1)))";
    const deep = await runBody(`${endless} ${start("(drop (call $deep))")}`);
    assert.deepEqual(reasonOf(deep), ["call stack exhausted", "stack"]);
  });

  test("says what a module lacks", async () => {
    const memory = '(memory (export "memory") 1)';
    assert.deepEqual(reasonOf(await runText(memory)), [
      'the module exports no function "_start": it is no program',
      undefined,
    ]);
    assert.deepEqual(reasonOf(await runText(start(""))), ['the module exports no memory named "memory"', undefined]);
    const foreign = await runText(`(import "env" "now" (func)) ${memory} ${start("")}`);
    assert.deepEqual(reasonOf(foreign), ['import "env.now" is not provided', undefined]);
    const early = `${WASI_IMPORTS} ${memory} (func $s (call $proc_exit (i32.const 0))) (start $s) ${start("")}`;
    assert.deepEqual(reasonOf(await runText(early)), ["a WASI call was made by the start function", undefined]);
  });

  test("ends a run that writes too much, also one that catches every exception", async () => {
    const outcome = await runBody(writeBytes(1, "0123456789", 3), { outputBytes: 20 });
    assert.deepEqual(reasonOf(outcome), ["stdout is over its limit of 20 bytes", "output"]);
    const within = await runBody(writeBytes(1, "0123456789", 2), { outputBytes: 20 });
    assert.equal(stdoutOf(within), "01234567890123456789");
    const catching = `(func $write ${writeBytes(1, "0123456789").split('(export "_start")')[1]!.slice(0, -1)})
      ${start("(try (do (call $write)) (catch_all))")} (data (i32.const 1024) "0123456789")`;
    assert.deepEqual(reasonOf(await runBody(catching, { outputBytes: 5 }))[1], "output");
  });

  test("ends a metered run whose fuel is spent", async () => {
    const burn = `(global $fuel (export "collet_fuel") (mut i64) (i64.const 1000))
      (func (export "_start") (loop $again
        (global.set $fuel (i64.sub (global.get $fuel) (i64.const 1)))
        (if (i64.lt_s (global.get $fuel) (i64.const 0)) (then unreachable))
        (br $again)))`;
    assert.deepEqual(reasonOf(await runBody(burn)), ["out of time", "time"]);
  });

  test("ends a run that sleeps, or does nothing but calls, once nobody waits for it", async () => {
    const until = performance.now() + 50;
    const host = listeningHost({ isEnded: () => performance.now() > until });
    // a clock that is the monotonic one, in 20 s
    const sleeping = `
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const 20000000000))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))`;
    assert.deepEqual(reasonOf(await runText(sleeping, { host })), ["out of time", "time"]);
    assert.equal(performance.now() < until + 10_000, true);
    const asking = `(func (export "_start") (loop $again
      (drop (call $fd_read (i32.const 0) (i32.const 64) (i32.const 0) (i32.const 0))) (br $again)))`;
    assert.deepEqual(reasonOf(await runBody(asking, { host })), ["out of time", "time"]);
  });

  test("leaves nothing of a run to the next one, nor to one inside of it", async () => {
    const outer = `(import "collet" "request" (func $request (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $variables (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 1024) "{\\22method\\22:\\22inner\\22}")
      (func $digit (param $at i32) (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.load8_u (local.get $at)))))
      (func (export "_start")
        (drop (call $request (i32.const 1024) (i32.const 18)))
        (drop (call $sizes (i32.const 0) (i32.const 16)))
        (drop (call $variables (i32.const 1) (i32.const 16)))
        (i32.store8 (i32.const 2) (i32.eqz (call $stat (i32.const 3) (i32.const 512))))
        (call $digit (i32.const 0)) (call $digit (i32.const 1)) (call $digit (i32.const 2))
        (i32.store (i32.const 32) (i32.const 0)) (i32.store (i32.const 36) (i32.const 3))
        (drop (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40))))`;
    const module = await WebAssembly.compile(await assemble(`(module ${outer})`));
    const seen: string[] = [];
    const run = (more: object, host = listeningHost({ request: () => null })) =>
      void seen.push(stdoutOf(runModule({ ...EMPTY_RUN, module, ...more }, host)));
    const nesting = listeningHost({ request: () => run({ args: ["a", "b"] }) ?? null });
    run({ args: ["a"], env: { A: "1" }, folders: [{ path: tmpdir(), kind: "folder", writable: false }] }, nesting);
    run({});
    // the inner one first: arguments with the name, variables, whether a folder is open
    assert.deepEqual(seen, ["300", "211", "100"]);
    await runText(`(memory (export "memory") 1) (func (export "_start") unreachable)`, { env: { A: "1" } });
    run({});
    assert.equal(seen.at(-1), "100");
  });

  test("passes stderr on by lines, with characters whole, and cuts it at 1 MiB", async () => {
    const host = listeningHost();
    await runBody(writeBytes(2, "one é\ntwo 🎉\nrest"), { host });
    assert.deepEqual(host.heard.stderr, ["one é\n", "two 🎉\n", "rest"]);
    const flooded = listeningHost();
    await runBody(ECHO.replace("(call $fd_write (i32.const 1)", "(call $fd_write (i32.const 2)"), {
      host: flooded,
      stdin: "x".repeat(2_000_000),
    });
    const text = flooded.heard.stderr.join("");
    assert.equal(text, `${"x".repeat(2 ** 20)}\n[stderr is cut after 1048576 bytes]\n`);
  });

  test("sends stdout of an interactive run by lines, and waits for more on stdin", async () => {
    const inputs = ["second\n", "third", undefined];
    const host = listeningHost({ readStdin: () => inputs.shift() });
    const outcome = await runBody(ECHO, { host, stdin: "first\n", isInteractive: true });
    assert.deepEqual(outcome, { kind: "exit", code: 0, stdout: "" });
    assert.deepEqual(host.heard.stdout, ["first\n", "second\n", "third"]);
  });

  test("waits for nothing when a read has got something", async () => {
    const host = listeningHost({
      readStdin: () => {
        throw new Error("the read was satisfied");
      },
    });
    const two = start(`
      (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 5))
      (i32.store (i32.const 8) (i32.const 2048)) (i32.store (i32.const 12) (i32.const 100))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 16)))
      (call $proc_exit (i32.load (i32.const 16)))`);
    const outcome = await runBody(two, { host, stdin: "12345", isInteractive: true });
    assert.deepEqual(outcome, { kind: "exit", code: 5, stdout: "" });
  });

  test("refuses a granted path that is gone", async () => {
    const folders = [{ path: "/no/such/folder", kind: "folder", writable: false } as const];
    const [reason] = reasonOf(await runBody(start(""), { folders }));
    assert.match(reason, /^a granted path cannot be opened: .*no\/such\/folder/);
  });
});

describe("imports of collet", () => {
  test("know the notices of the script protocol", () => {
    assert.deepEqual([...NOTICE_METHODS].sort(), [...NOTICES.keys()].sort());
  });

  test("send notices on at once, and answer them", async () => {
    const host = listeningHost();
    const stdin = JSON.stringify({ method: "log", params: { level: "info", message: "é" } });
    assert.equal(stdoutOf(await runBody(ASK, { host, stdin })), '{"result":{}}');
    assert.deepEqual(host.heard.notices, [["log", { level: "info", message: "é" }]]);
  });

  test("wait for the reply to a request, and give its error", async () => {
    const host = listeningHost({
      request: (method, params) => {
        if (method === "echo") return params;
        if (method === "nothing") return undefined;
        throw new RequestFailure(-32601, `Method ${method} is not there`, { near: "echo" });
      },
    });
    const ask = async (message: object) =>
      JSON.parse(stdoutOf(await runBody(ASK, { host, stdin: JSON.stringify(message) })));
    assert.deepEqual(await ask({ method: "echo", params: { a: ["漢"] } }), { result: { a: ["漢"] } });
    assert.deepEqual(await ask({ method: "nothing" }), { result: null });
    const error = { code: -32601, message: "Method other is not there", data: { near: "echo" } };
    assert.deepEqual(await ask({ method: "other" }), { error });
  });

  test("refuse what is no message, and a reply that is too large", async () => {
    const ask = async (stdin: string) => JSON.parse(stdoutOf(await runBody(ASK, { stdin })));
    const codes = await Promise.all(["{", "[]", '{"params":{}}', '{"method":"x","params":[]}'].map(ask));
    assert.deepEqual(codes.map((it) => it.error.code), [-32700, -32600, -32600, -32600]);
    const host = listeningHost({ request: () => "x".repeat(17 * 2 ** 20) });
    const large = JSON.parse(stdoutOf(await runBody(ASK, { host, stdin: '{"method":"x"}' })));
    assert.match(large.error.message, /too large/);
  });

  test("trap on pointers that are out of bounds", async () => {
    for (const call of ["(drop (call $request (i32.const -1) (i32.const 5)))", "(call $reply (i32.const -1))"]) {
      assert.deepEqual(await trapOf(call), ["memory access out of bounds", undefined]);
    }
  });

  test("let a defect of the host be seen", async () => {
    await assert.rejects(runBody(ASK, { stdin: '{"method":"x"}' }), /No request is expected/);
  });
});

async function trapOf(body: string): Promise<readonly [string, string | undefined]> {
  return reasonOf(await runBody(start(body)));
}

function reasonOf(outcome: RunOutcome): readonly [string, string | undefined] {
  assert.equal(outcome.kind, "trap");
  return outcome.kind === "trap" ? [outcome.reason, outcome.limit] : ["", undefined];
}

function stdoutOf(outcome: RunOutcome): string {
  assert.equal(outcome.kind, "exit", JSON.stringify(outcome));
  return outcome.kind === "exit" ? outcome.stdout : "";
}
