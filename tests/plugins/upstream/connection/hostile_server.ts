/**
 * A server over stdin and stdout that does what none should; its first argument says what.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";

const [mode = ""] = process.argv.slice(2);
const send = (message: unknown) => void process.stdout.write(`${JSON.stringify(message)}\n`);
const answer = (id: unknown, result: unknown) => send({ jsonrpc: "2.0", id, result });
const text = (said: string) => ({ content: [{ type: "text", text: said }] });

const GREETING = {
  protocolVersion: "2025-06-18",
  capabilities: { tools: { listChanged: true } },
  serverInfo: { name: "hostile", version: "1" },
};

if (mode === "silent") process.stdin.resume();
else if (mode === "dies") process.exit(3);
else createInterface({ input: process.stdin }).on("line", (line) => take(JSON.parse(line)));

function take({ id, method, params }: { id?: unknown; method?: string; params?: Record<string, unknown> }): void {
  if (method === "server/discover") {
    // as some libraries do with whatever comes before `initialize`
    if (mode === "exits") process.exit(1);
    return send({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } });
  }
  if (method === "initialize") {
    return answer(id, mode === "future" ? { ...GREETING, protocolVersion: "2031-01-01" } : GREETING);
  }
  if (method === "tools/list") return list(id, params ?? {});
  if (method === "tools/call") call(id, String(params?.["name"]), params?.["arguments"] as Record<string, unknown>);
}

function list(id: unknown, { cursor }: Record<string, unknown>): void {
  if (mode === "endless") {
    return answer(id, { tools: [{ name: `t${cursor ?? 0}` }], nextCursor: `${Number(cursor ?? 0) + 1}` });
  }
  if (mode === "no-list") return answer(id, { tools: "none" });
  const page = Number(cursor ?? 0);
  const tools = Array.from(
    { length: 2_000 },
    (_, i) => ({ name: `tool_${page * 2_000 + i}`, inputSchema: { type: "object" } }),
  );
  answer(id, { tools, ...(page < 4 && { nextCursor: String(page + 1) }) });
}

const held: unknown[] = [];

function call(id: unknown, name: string, args: Record<string, unknown> = {}): void {
  switch (name) {
    case "echo":
      return answer(id, { ...text(String(args["text"])), unknown: { kept: [1, null] }, _meta: { "a/b": 1 } });
    case "twice":
      answer(id, text("first"));
      return answer(id, text("second"));
    case "foreign":
      for (const other of [999_999, "1", null, -1, { a: 1 }, String(id)]) answer(other, text("not yours"));
      return answer(id, text("yours"));
    case "swap":
      // answers in the other order
      held.push(id);
      if (held.length < 2) return;
      for (const each of held.splice(0).reverse()) answer(each, text(`for ${each}`));
      return;
    case "garbage":
      process.stdout.write('Debugger listening\n\n{"half": \n[]\n[1,2]\n"text"\n42\nnull\n{}\n{"jsonrpc":"2.0"}\n');
      process.stderr.write("a warning\n");
      return answer(id, text("after garbage"));
    case "huge":
      process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"`);
      for (let i = 0; i < 18; i++) process.stdout.write("x".repeat(1024 * 1024));
      process.stdout.write('"}]}}\n');
      return;
    case "flood":
      for (let i = 0; i < 50_000; i++) {
        send({
          jsonrpc: "2.0",
          method: "notifications/message",
          params: { level: "info", data: `line ${i} ${"y".repeat(100)}` },
        });
        if (i % 100 === 0) process.stderr.write(`${"z".repeat(1_000)}\n`);
      }
      return answer(id, text("flooded"));
    case "ask-flood":
      for (let i = 0; i < 500; i++) send({ jsonrpc: "2.0", id: `q${i}`, method: "roots/list" });
      return answer(id, text("asked"));
    case "ping-flood":
      for (let i = 0; i < 5_000; i++) send({ jsonrpc: "2.0", id: `p${i}`, method: "ping" });
      return answer(id, text("pinged"));
    case "ask-withdraw":
      send({ jsonrpc: "2.0", id: "w", method: "roots/list" });
      send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "none" } });
      send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "w" } });
      for (const elicitationId of ["page", 7]) {
        send({ jsonrpc: "2.0", method: "notifications/elicitation/complete", params: { elicitationId } });
      }
      return answer(id, text("asked no more"));
    case "no-result":
      return send({ jsonrpc: "2.0", id });
    case "odd-result":
      return answer(id, [1, 2]);
    case "error":
      return send({
        jsonrpc: "2.0",
        id,
        error: { code: -32042, message: "open it", data: { url: "https://a.example" } },
      });
    case "crash":
      process.stderr.write("out of luck\n");
      process.exit(7);
  }
}
