import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Environment, Files, type Process, Processes } from "../../../kernel/mod.ts";
import { FILES } from "../../../plugins/scripts/author_modules/files.ts";
import { PLACES } from "../../../plugins/scripts/author_modules/places.ts";
import { startKernel, temporaryHome } from "../library/kit.ts";

/** A tool that counts its calls, says what it is told, asks once and fails when it is told to. */
interface Tool {
  readonly program: string;
  readonly args?: readonly string[];
  readonly file: string;
  readonly code: string;
}

const JAVASCRIPT = `
let count = 0;
run(async ({ n }) => {
  count++;
  if (n === "fail") fail("no");
  console.log("printed");
  return [n, count, context.workingDirectory, await memory.get("key")];
});`;

const TOOLS: readonly Tool[] = [
  {
    program: "/usr/bin/python3",
    file: "tool.py",
    code: `
from collet_tool import context, fail, memory, run
count = 0
def main(arguments):
    global count
    count += 1
    if arguments["n"] == "fail":
        fail("no")
    print("printed")
    return [arguments["n"], count, context.working_directory, memory.get("key")]
run(main)`,
  },
  {
    program: "node",
    file: "tool.cjs",
    code: `const { context, fail, memory, run } = require("collet_tool");${JAVASCRIPT}`,
  },
  {
    program: "ruby",
    file: "tool.rb",
    code: `
require "collet_tool"
count = 0
ColletTool.run do |arguments|
  count += 1
  ColletTool.fail("no") if arguments["n"] == "fail"
  puts "printed"
  [arguments["n"], count, ColletTool.context.working_directory, ColletTool.memory.get("key")]
end`,
  },
  ...["bash", "sh"].map((program) => ({
    program,
    file: `tool.${program}`,
    code: `
. collet_tool.sh
count=0
main() {
  [ "$(collet_argument n)" != fail ] || collet_fail no
  echo printed >&2
  printf '[%s,%s,%s,%s]' "$(collet_raw "$collet_request_line" params arguments n)" "$(collet_raw "$collet_request_line" id)" \\
    "$(collet_quote "$(collet_context working_directory)")" "$(collet_quote "$(collet_memory get key)")"
}
collet_run --json main`,
  })),
];

/** Reads messages, and answers requests with a value that tells them apart. */
class Talk {
  readonly #process: Process;
  readonly #messages: AsyncGenerator<Record<string, unknown>>;

  constructor(process: Process) {
    this.#process = process;
    this.#messages = messagesOf(process);
  }

  /** Sends a request, and gives the answer. */
  async ask(id: number, n: unknown): Promise<Record<string, unknown>> {
    const context = n === 3 ? {} : { working_directory: `/w${id}` };
    await this.#send({ jsonrpc: "2.0", method: "execute", id, params: { arguments: { n }, context } });
    for (;;) {
      const { value: message } = await this.#messages.next();
      if (message === undefined) return assert.fail("it ended");
      // a shell that fails says so twice
      if (message["method"] === undefined && message["id"] !== id) continue;
      if (message["method"] === undefined) return message;
      // the answer to what an earlier call asked comes first, too late
      await this.#send({ jsonrpc: "2.0", id: Number(message["id"]) - 1, result: { value: "late" } });
      await this.#send({ jsonrpc: "2.0", id: message["id"], result: { value: `v${id}` } });
    }
  }

  async #send(message: unknown): Promise<void> {
    await this.#process.write(`${JSON.stringify(message)}\n`);
  }
}

async function* messagesOf({ stdout }: Process): AsyncGenerator<Record<string, unknown>> {
  let rest = "";
  for await (const piece of stdout) {
    const lines = `${rest}${piece}`.split("\n");
    rest = lines.pop()!;
    yield* lines.map((line) => JSON.parse(line));
  }
}

describe("modules for authors in a persistent tool", () => {
  for (const { program, file, code } of TOOLS) {
    test(`${program} serves call after call, and ends with its stdin`, async (t) => {
      await using home = await temporaryHome();
      await using running = await startKernel({ home: home.path });
      const [processes, files, environment] = [Processes, Files, Environment].map((it) =>
        running.kernel.get(it as never)!
      ) as [
        Processes,
        Files,
        Environment,
      ];
      if (await processes.which(program) === undefined) return t.skip(`${program} is not installed`);
      for (const [path, text] of Object.entries(FILES)) await files.writeAtomic(path, text);
      await writeFile(join(home.path, file), code);
      const at = (path: string) => join(home.path, path);
      const start = (env: Record<string, string>) =>
        processes.spawn({
          program,
          args: [at(file)],
          cwd: home.path,
          env: {
            PYTHONPATH: at(PLACES.python),
            RUBYLIB: at(PLACES.ruby),
            NODE_PATH: at(PLACES.node),
            PATH: `${environment.variable("PATH")}:${at(PLACES.shell)}`,
            ...env,
          },
        });
      const process = await start({ COLLET_TOOL_PERSISTENT: "1" });
      const talk = new Talk(process);
      assert.deepEqual(await talk.ask(1, 1), { jsonrpc: "2.0", id: 1, result: [1, 1, "/w1", "v1"] });
      const { id, error } = await talk.ask(2, "fail") as { id: number; error: { message: string } };
      assert.deepEqual([id, error.message], [2, "no"]);
      // nothing is left of the context of the call before
      assert.deepEqual((await talk.ask(3, 3))["result"], [3, 3, "", "v3"]);
      await process.end();
      assert.equal((await process.exited).code, 0);

      const single = await start({});
      await new Talk(single).ask(1, 1);
      assert.equal((await single.exited).code, 0);
    });
  }
});
