/**
 * The conformance suite of plugins: what every plugin keeps to, whatever it does.
 *
 * @module
 */
import { describe, test } from "node:test";
import type { Plugin } from "../plugin.ts";
import {
  checkBadConfig,
  checkCallsEnd,
  checkIdentity,
  checkLifetimes,
  checkLists,
  type ConformanceOptions,
  type Subject,
} from "./checks.ts";

/**
 * Registers the conformance suite of a plugin with `node:test`.
 *
 * @param plugin The plugin under test.
 * @param config A configuration that it accepts.
 */
export function conformance<C>(plugin: Plugin<C>, config?: C, options: ConformanceOptions = {}): void {
  const subject: Subject = { plugin, config, options };
  describe(`conformance of plugin "${plugin.name}"`, () => {
    test("its name, version and contracts are well formed", () => checkIdentity(plugin));
    test("it loads and unloads twice and leaves nothing", () => checkLifetimes(subject));
    test("a bad configuration is refused and its path is named", () => checkBadConfig(subject));
    for (const era of ["2025", "2026"] as const) {
      test(`clients of ${era} see well-formed tools, prompts and resources`, () => checkLists(subject, era));
    }
    test("unloading it ends its calls", () => checkCallsEnd(subject, "unload"));
    test("aborting a call ends it soon", () => checkCallsEnd(subject, "abort"));
  });
}
