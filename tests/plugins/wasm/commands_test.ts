import assert from "node:assert/strict";
import { test } from "node:test";
import { startNative } from "./native_kit.ts";

test("CompilerCommands shows no credentials of what reaches the network, and quotes sources as they are", async () => {
  await using kit = await startNative();
  for (const [network, shown] of [[true, "https://***@host/"], [false, "https://user:word@host/"]] as const) {
    const lines: string[] = [];
    const options = { signal: new AbortController().signal, report: (line: string) => void lines.push(line) };
    const finished = await kit.commands.inWorkFolder(async (work) =>
      await kit.commands.run({
        ...{ name: "say", program: "/bin/sh", work, network },
        args: ["-c", "echo https://user:word@host/; echo https://user:word@host/ >&2"],
      }, options)
    );
    assert.deepEqual(finished, { code: 0, stdout: `${shown}\n`, stderr: `${shown}\n` });
    assert.deepEqual(lines, ["https://***@host/"]);
  }
});
