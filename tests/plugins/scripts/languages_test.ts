import assert from "node:assert/strict";
import { chmod, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fail, missing, startScripts, succeed } from "./kit.ts";

interface Sample {
  readonly interpreter: string;
  readonly extension: string;
  readonly code: string;
}

const JS = `
const rl = require("readline").createInterface({ input: process.stdin });
rl.once("line", (line) => {
  const { id, params } = JSON.parse(line);
  console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { sum: params.arguments.a + params.arguments.b } }));
  rl.close();
});
`;
const TS = `
const decoder = new TextDecoder();
let text = "";
for await (const chunk of Deno.stdin.readable) {
  text += decoder.decode(chunk, { stream: true });
  if (text.includes("\\n")) break;
}
interface Request { id: number; params: { arguments: { a: number; b: number } } }
const { id, params }: Request = JSON.parse(text);
console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { sum: params.arguments.a + params.arguments.b } }));
`;
const PYTHON = `
import json, sys
request = json.loads(sys.stdin.readline())
a = request["params"]["arguments"]
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {"sum": a["a"] + a["b"]}}))
`;
const SHELL = `
read -r request
a=$(printf '%s' "$request" | sed 's/.*"a":\\([0-9]*\\).*/\\1/')
b=$(printf '%s' "$request" | sed 's/.*"b":\\([0-9]*\\).*/\\1/')
printf '{"jsonrpc":"2.0","id":1,"result":{"sum":%d}}\\n' $((a + b))
`;
const RUBY = `
require "json"
request = JSON.parse($stdin.readline)
a = request["params"]["arguments"]
puts JSON.generate(jsonrpc: "2.0", id: request["id"], result: { sum: a["a"] + a["b"] })
`;
const PERL = `
use JSON::PP;
$| = 1;
my $request = decode_json(scalar <STDIN>);
my $a = $request->{params}{arguments};
print encode_json({ jsonrpc => "2.0", id => $request->{id}, result => { sum => $a->{a} + $a->{b} } }), "\\n";
`;
const PHP = `<?php
$request = json_decode(fgets(STDIN), true);
$a = $request["params"]["arguments"];
echo json_encode(["jsonrpc" => "2.0", "id" => $request["id"], "result" => ["sum" => $a["a"] + $a["b"]]]), "\\n";
`;

const SAMPLES: readonly Sample[] = [
  { interpreter: "python3", extension: "py", code: PYTHON },
  { interpreter: "python", extension: "py", code: PYTHON },
  { interpreter: "node", extension: "js", code: JS },
  { interpreter: "nodejs", extension: "js", code: JS },
  { interpreter: "deno", extension: "ts", code: TS },
  { interpreter: "deno run -A", extension: "ts", code: TS },
  { interpreter: "bash", extension: "sh", code: SHELL },
  { interpreter: "sh", extension: "sh", code: SHELL },
  { interpreter: "ruby", extension: "rb", code: RUBY },
  { interpreter: "perl", extension: "pl", code: PERL },
  { interpreter: "php", extension: "php", code: PHP },
];

describe("languages", () => {
  for (const { interpreter, extension, code } of SAMPLES) {
    test(`a script runs under ${interpreter}`, async (t) => {
      await using kit = await startScripts();
      const aliases: Record<string, string> = { nodejs: "node", python: "python3" };
      const program = interpreter.split(" ")[0]!;
      const reason = await missing(kit, aliases[program] ?? program);
      // the server itself may be that program
      if (reason !== false && !("Deno" in globalThis && program === "deno")) return t.skip(reason);
      await kit.register({ name: "adder", interpreter, code });
      const result = await kit.call("adder", { a: 2, b: 40 });
      assert.deepEqual(result.structuredContent, { sum: 42 }, JSON.stringify(result));
      assert.equal(succeed(result), '{"sum":42}');
      const { structuredContent } = await kit.call("list_tools");
      const [entry] = (structuredContent as { tools: { interpreter: string }[] }).tools;
      assert.equal(entry?.interpreter, interpreter);
      assert.ok(await stat(join(kit.home, "tools/adder", `adder.${extension}`)));
    });
  }

  test("a script without an interpreter is run by its first line", async () => {
    await using kit = await startScripts();
    await kit.register({
      name: "shebang",
      code: "#!/usr/bin/env python3\nimport sys\nsys.stdin.readline()\nprint('hi')\n",
    });
    assert.equal(succeed(await kit.call("shebang")), "hi");
  });

  test("an interpreter may be a program by its path, with arguments", async () => {
    await using kit = await startScripts();
    const program = join(kit.home, "my interpreter");
    await writeFile(program, '#!/bin/sh\nread -r request\necho "ran with $# arguments"\n');
    await chmod(program, 0o755);
    await kit.register({ name: "own", interpreter: program, code: "anything" });
    assert.equal(succeed(await kit.call("own")), "ran with 1 arguments");
    await kit.register({ name: "more", interpreter: "/bin/sh -e -u", code: 'read -r x\necho "$undefined"' });
    assert.match(fail(await kit.call("more")), /exit code [12]/);
  });

  test("an interpreter that went away is named when the tool is called", async () => {
    await using kit = await startScripts();
    const program = join(kit.home, "gone");
    await writeFile(program, "#!/bin/sh\necho x\n");
    await chmod(program, 0o755);
    await kit.register({ name: "orphan", interpreter: program, code: "x" });
    await rm(program);
    assert.match(fail(await kit.call("orphan")), /Cannot find interpreter ".*gone" on this machine: installed are/);
  });

  test("Deno may read its own folder, and nothing else", async (t) => {
    await using kit = await startScripts();
    if (!("Deno" in globalThis)) {
      const reason = await missing(kit, "deno");
      if (reason) return t.skip(reason);
    }
    const read = (path: string) =>
      `try { Deno.readTextFileSync(${path}); console.log("read"); }
catch (error) { console.log((error as Error).name); }`;
    assert.equal(succeed(await kit.runCode("deno", read("import.meta.filename!"))), "read");
    assert.equal(succeed(await kit.runCode("deno", read('"/etc/hostname"'))), "NotCapable");
    assert.equal(succeed(await kit.runCode("deno run -A", read('"/etc/hostname"'))), "read");
  });
});
