import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Client } from "@modelcontextprotocol/client";
import type { TestEra } from "../../../../kernel/testing.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { ALL_CAPABILITIES, answering, EVERYTHING, type Program, startWith, untilListed } from "./program.ts";

// deno-lint-ignore no-explicit-any -- results of the client are compared as they are
type Wire = any;

describe("the program behind the program, before the reference server", () => {
  let inner: Program | undefined;
  let outer: Program | undefined;
  const clients = new Map<TestEra, Client>();

  before(async () => {
    inner = await startWith({ ev: EVERYTHING });
    const era = "2026";
    await untilListed(await inner.connect({ name: "waiting", era }), "ev_echo");
    outer = await startWith({ inner: { url: inner.url } });
    for (const era of ["2025", "2026"] as const) {
      const wish = { name: era, era, capabilities: ALL_CAPABILITIES, prepare: answering(era) };
      clients.set(era, await outer.connect(wish));
    }
    await untilListed(clients.get("2025")!, "inner_ev_echo");
  });

  after(async () => {
    await outer?.[Symbol.asyncDispose]();
    await inner?.[Symbol.asyncDispose]();
    await removeBundle();
  });

  for (const era of ["2025", "2026"] as const) {
    it(`passes on results, progress and questions (${era})`, async () => {
      const client = clients.get(era)!;
      const { structuredContent } = await client.callTool({
        name: "inner_ev_get-structured-content",
        arguments: { location: "Chicago" },
      }) as Wire;
      assert.equal(typeof structuredContent.temperature, "number");
      const heard: number[] = [];
      const args = { duration: 0.1, steps: 2 };
      await client.callTool({ name: "inner_ev_trigger-long-running-operation", arguments: args }, {
        onprogress: ({ progress }) => void heard.push(progress),
      });
      assert.deepEqual(heard, [1, 2]);
      const elicited = await client.callTool({ name: "inner_ev_trigger-elicitation-request", arguments: {} }) as Wire;
      assert.match(JSON.stringify(elicited.content), new RegExp(`Name: ${era}`));
      const { contents } = await client.readResource({ uri: "demo://resource/dynamic/text/1" }) as Wire;
      assert.equal(contents[0].mimeType, "text/plain");
    });
  }
});
