/**
 * The checks of the conformance suite, each of which throws an assertion error that says what is wrong.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Tool } from "@modelcontextprotocol/client";
import { isObject } from "../content.ts";
import { isKernelError, messageOf } from "../errors.ts";
import { isItemName } from "../items.ts";
import { Kernel } from "../kernel.ts";
import { definePlugin, type Interceptor, type Plugin } from "../plugin.ts";
import { type FakeLog, fakeLog } from "./fakes.ts";
import { sampleOf } from "./sample.ts";
import { makeSurroundings, type Surroundings, usePlugin } from "./surroundings.ts";
import { type TestEra, type TestOptions, testPlugin } from "./test_plugin.ts";

/** What the suite needs to know of a plugin. */
export interface ConformanceOptions extends TestOptions {
  /** Arguments to call tools with, by tool name; without them a sample is made from the input schema. */
  readonly calls?: Readonly<Record<string, unknown>>;
}

/** A plugin under test, with all that its kernel needs. */
export interface Subject {
  readonly plugin: Plugin;
  readonly config: unknown;
  readonly options: ConformanceOptions;
}

const PLUGIN_NAME_REGEXP = /^[a-z][a-z0-9_]*$/;
const VERSION_REGEXP = /^\d+\.\d+\.\d+(-[\w.-]+)?(\+[\w.-]+)?$/;
const CONTRACT_ID_REGEXP = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
// a tool may finish a step after its signal aborts; longer than this its client has waited in vain
const SOON_MS = 3_000;

/** Checks names, version and contract ids. */
export function checkIdentity({ name, version, provides = [], requires = {} }: Plugin): void {
  assert.match(name, PLUGIN_NAME_REGEXP, "a plugin's name is lower_snake_case");
  assert.match(version, VERSION_REGEXP, "a plugin's version is a semantic version");
  for (const { id } of [...provides, ...Object.values(requires)]) {
    assert.match(id, CONTRACT_ID_REGEXP, "a contract's id is lower case, words joined by -");
  }
}

/** Loads and unloads twice, and looks whether the kernel is as it was before. */
export async function checkLifetimes({ plugin, config, options }: Subject): Promise<void> {
  const { kernel, surroundings, log } = makeKernel(options, plugin);
  await kernel.start();
  try {
    const before = stateOf(kernel);
    for (const time of ["first", "second"]) {
      await kernel.load<unknown>(plugin, config);
      await kernel.unload(plugin.name);
      assert.deepEqual(surroundings.findLeaks(kernel), [], `left behind the ${time} time`);
      assert.deepEqual(stateOf(kernel), before, `the kernel is as it was before, the ${time} time`);
    }
  } finally {
    await kernel.stop();
  }
  assert.deepEqual(log.take("error"), [], "no errors are logged");
}

function stateOf(kernel: Kernel): unknown {
  return {
    tools: kernel.tools.entries().map((it) => it.key),
    resources: kernel.resources.entries().map((it) => it.key),
    prompts: kernel.prompts.entries().map((it) => it.key),
    plugins: kernel.inspect().map(({ name, owns }) => ({ name, owns })),
    listeners: kernel.listenerCount,
  };
}

/** Loads with a key that no configuration has. */
export async function checkBadConfig({ plugin, config, options }: Subject): Promise<void> {
  const { kernel } = makeKernel(options, plugin);
  await kernel.start();
  try {
    const bad = { ...(isObject(config) ? config : {}), no_such_key: true };
    await assert.rejects(kernel.load<unknown>(plugin, bad), (thrown) => {
      assert.ok(isKernelError(thrown), `expected a KernelError, found ${messageOf(thrown)}`);
      assert.equal(thrown.code, "CONFIG_INVALID");
      if (plugin.config !== undefined) {
        assert.match(thrown.message, /no_such_key/, "the key that is not known is named");
      }
      return true;
    });
    assert.equal(kernel.inspect().some((it) => it.name === plugin.name), false);
  } finally {
    await kernel.stop();
  }
}

/** Lists tools, prompts, resources and templates by a real client. */
export async function checkLists({ plugin, config, options }: Subject, era: TestEra): Promise<void> {
  await using kit = await testPlugin<unknown>(plugin, config, { ...options, era });
  const { client } = kit;
  const { tools } = await client.listTools();
  for (const tool of tools) checkTool(tool);
  const { prompts } = await client.listPrompts();
  for (const { name, description } of prompts) {
    assert.ok(isItemName(name), `prompt "${name}": a name has 1 to 64 of A-Z a-z 0-9 _ -`);
    assert.ok(description?.trim(), `prompt "${name}" has a description`);
  }
  const { resources } = await client.listResources();
  for (const { uri, name } of resources) {
    assert.ok(URL.canParse(uri), `resource "${uri}": its URI is absolute`);
    assert.ok(name.trim(), `resource "${uri}" has a name`);
  }
  const { resourceTemplates } = await client.listResourceTemplates();
  for (const { uriTemplate, name } of resourceTemplates) {
    assert.match(uriTemplate, /^[A-Za-z][A-Za-z0-9+.-]*:/, `template "${uriTemplate}" begins with a scheme`);
    assert.ok(name.trim(), `template "${uriTemplate}" has a name`);
  }
}

function checkTool({ name, description, inputSchema, outputSchema }: Tool): void {
  assert.ok(isItemName(name), `tool "${name}": a name has 1 to 64 of A-Z a-z 0-9 _ -`);
  assert.ok(description?.trim(), `tool "${name}" has a description`);
  assert.equal(inputSchema.type, "object", `the input schema of tool "${name}" has an object at its root`);
  for (const [property, schema] of Object.entries(inputSchema.properties ?? {})) {
    assert.ok(isObject(schema), `property "${property}" of tool "${name}" is an object: clients of 2025 want that`);
  }
  if (outputSchema !== undefined) assert.ok(isObject(outputSchema), `the output schema of tool "${name}" is an object`);
}

/** Starts a call of each tool, ends it from outside, and looks whether its handler ended as well. */
export async function checkCallsEnd(subject: Subject, how: "unload" | "abort"): Promise<void> {
  const { plugin, config, options } = subject;
  const watch = watchHandlers();
  const { kernel } = makeKernel({ ...options, with: [watch.plugin, ...options.with ?? []] }, plugin);
  await kernel.start();
  try {
    await kernel.load<unknown>(plugin, config);
    const controller = new AbortController();
    const owned = kernel.tools.entries().filter((it) => it.owner === plugin.name);
    const calls = owned.map(async ({ key, compiled }) => {
      const args = options.calls?.[key] ?? sampleOf(compiled.input.jsonSchema);
      // how a call ends is the tool's affair, that it ends is ours
      await kernel.call(key, args, { signal: controller.signal }).catch(() => {});
    });
    await turn();
    if (how === "abort") controller.abort();
    await within<unknown>(how === "abort" ? Promise.all(calls) : Promise.all([...calls, kernel.unload(plugin.name)]));
    await within(watch.settled()).catch(() => {
      assert.fail(
        `still running after ${SOON_MS} ms: ${watch.running().join(", ")}; let the handler end at call.signal`,
      );
    });
  } finally {
    await kernel.stop();
  }
}

function watchHandlers(): { plugin: Plugin<void>; running(): string[]; settled(): Promise<unknown> } {
  const running = new Map<Promise<unknown>, string>();
  const intercept: Interceptor = (invocation, next) => {
    const handled = next();
    const settled = handled.then(() => {}, () => {});
    running.set(settled, `${invocation.kind} "${invocation.name}"`);
    settled.then(() => running.delete(settled));
    return handled;
  };
  return {
    plugin: definePlugin({
      name: "conformance_watch",
      version: "1.0.0",
      setup: (ctx) => void ctx.intercept(intercept),
    }),
    running: () => [...running.values()],
    settled: () => Promise.all(running.keys()),
  };
}

function makeKernel(
  options: TestOptions,
  plugin: Plugin,
): { kernel: Kernel; surroundings: Surroundings; log: FakeLog } {
  const log = fakeLog();
  const given = [...(options.platform === undefined ? [] : [options.platform]), ...options.with ?? []];
  const surroundings = makeSurroundings(given, plugin);
  const kernel = new Kernel({ log, exposeErrors: true, graceMs: SOON_MS });
  for (const use of surroundings.plugins) usePlugin(kernel, use);
  return { kernel, surroundings, log };
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not ended within ${SOON_MS} ms`)), SOON_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
