/**
 * Starts kernels with services for tests, with a real client in front of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { CallToolResult } from "@modelcontextprotocol/client";
import { collectDiagnostics, type JsonObject, type Plugin } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { type PluginUse, type TestClientOptions, type TestKit, testPlugin } from "../../../kernel/testing.ts";
import grants, { type GrantsConfig } from "../../../plugins/grants/mod.ts";
import services, { type ServicesConfig } from "../../../plugins/services/mod.ts";
import type { ServicesAnswer } from "../../../plugins/services/tool/input.ts";
import secrets from "../../../plugins/secrets/mod.ts";
import { temporaryHome } from "../library/kit.ts";
import { startDocker, type TestDocker } from "./docker.ts";

/** What a kernel is started with. */
export interface ServicesOptions extends TestClientOptions {
  /** Its daemon; an address where nobody listens by default. */
  readonly docker?: TestDocker;
  /** A home that is there already; a temporary one by default. */
  readonly home?: string;
  readonly config?: ServicesConfig;
  readonly ceiling?: GrantsConfig["ceiling"];
  readonly plugins?: readonly PluginUse[];
}

/** What the tool answered. */
export interface Answer {
  readonly text: string;
  readonly data: ServicesAnswer;
  readonly isError: boolean;
}

/** A kernel with services. */
export interface ServicesKit extends AsyncDisposable {
  readonly home: string;
  readonly test: TestKit;
  /** Calls the tool `services` as a client does. */
  call(args: JsonObject, options?: Parameters<TestKit["client"]["callTool"]>[1]): Promise<Answer>;
  /** Calls it, and fails when that fails. */
  ok(args: JsonObject): Promise<Answer>;
  /** Calls it, fails when that succeeds, and gives the text. */
  fail(args: JsonObject): Promise<string>;
}

/** Starts a kernel. */
export async function startServices(options: ServicesOptions = {}): Promise<ServicesKit> {
  const { docker, home, config = {}, ceiling, plugins = [], ...client } = options;
  const temporary = home === undefined ? await temporaryHome() : undefined;
  const path = home ?? temporary!.path;
  const host = docker?.host ?? "unix:///nowhere/docker.sock";
  const test = await testPlugin(services, { engine: "docker", host, ...config }, {
    platform: await detectPlatform({ home: path }),
    with: [
      collectDiagnostics().plugin,
      [grants as Plugin<unknown>, ceiling === undefined ? {} : { ceiling }],
      secrets as Plugin<unknown>,
      ...plugins,
    ],
    ...client,
  });
  const call: ServicesKit["call"] = async (args, more) => {
    const result = await test.client.callTool({ name: "services", arguments: args }, more) as CallToolResult;
    const [block] = result.content;
    assert.equal(block?.type, "text");
    const data = (result.structuredContent ?? {}) as unknown as ServicesAnswer;
    return { text: block.text, data, isError: result.isError === true };
  };
  return {
    home: path,
    test,
    call,
    async ok(args) {
      const answer = await call(args);
      assert.equal(answer.isError, false, answer.text);
      return answer;
    },
    async fail(args) {
      const { text, isError } = await call(args);
      assert.equal(isError, true, text);
      return text;
    },
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]();
      await temporary?.[Symbol.asyncDispose]();
    },
  };
}

/** Starts a daemon for a test, which is skipped with the reason where there can be none. */
export async function dockerFor(t: TestContext): Promise<TestDocker | undefined> {
  const docker = await startDocker();
  if (typeof docker !== "string") return docker;
  t.skip(docker);
  return undefined;
}

/** Gives the address of a service's first port. */
export function addressOf({ data: { services = [] } }: Answer, name: string): string {
  const [port] = services.find((it) => it.name === name)?.ports ?? [];
  assert.ok(port !== undefined, `service ${name} has no port`);
  return `http://${port.address}:${port.host}`;
}
