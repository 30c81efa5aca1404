/**
 * The testing kit: a started kernel with one plugin and a real MCP client, the conformance suite of plugins, and fakes
 * of what plugins require.
 *
 * @example Call a tool of a plugin as a client does
 * ```ts
 * import { definePlugin } from "collet";
 * import { testPlugin } from "collet/testing";
 * import assert from "node:assert/strict";
 * import * as v from "valibot";
 *
 * const shout = definePlugin({
 *   name: "shout",
 *   version: "1.0.0",
 *   setup: ({ tool }) =>
 *     void tool({
 *       name: "shout",
 *       description: "Say it loudly",
 *       input: v.object({ text: v.string() }),
 *       run: ({ text }) => text.toUpperCase(),
 *     }),
 * });
 * await using kit = await testPlugin(shout);
 * const result = await kit.client.callTool({ name: "shout", arguments: { text: "hi" } });
 * assert.deepEqual(result.content, [{ type: "text", text: "HI" }]);
 * ```
 *
 * @module
 */
export { type FileTree, memoryFiles } from "./platform/memory_files.ts";
export { type Provided, testFetch, testFiles, testProcesses, testWorkers } from "./platform/suites.ts";
export type { ConformanceOptions } from "./testing/checks.ts";
export { conformance } from "./testing/conformance.ts";
export {
  fakeFetch,
  type FakeLog,
  fakeLog,
  type FakeProcesses,
  fakeProcesses,
  type LogEntry,
  type ProcessReply,
  type ProcessScript,
  provide,
} from "./testing/fakes.ts";
export type { PluginUse } from "./testing/surroundings.ts";
export {
  type TestClientOptions,
  type TestEra,
  type TestKit,
  type TestOptions,
  testPlugin,
} from "./testing/test_plugin.ts";
