/**
 * Runs bundles with a host of the test.
 *
 * @module
 */
import assert from "node:assert/strict";
import { runBundle } from "../../../plugins/wasm/worker/bundle_run.ts";
import type { BundleHost } from "../../../plugins/wasm/worker/hosts.ts";
import type { BundleRun, RunOutcome } from "../../../plugins/wasm/worker/messages.ts";

/** What a run is given beside the bundle and its input. */
export interface BundleOptions extends Partial<Omit<BundleRun, "bundle" | "input" | "kind" | "deadline">> {
  /** Milliseconds; 10 s by default. */
  readonly timeoutMs?: number;
  /** Input as JSON, instead of the value. */
  readonly inputJson?: string;
  readonly host?: Partial<BundleHost>;
}

/** How a run ended, and what it said. */
export interface BundleResult {
  readonly outcome: RunOutcome;
  /** The value; `undefined` when there is none. */
  // deno-lint-ignore no-explicit-any -- whatever the tool gave
  readonly json: any;
  readonly notices: readonly { readonly method: string; readonly params: Readonly<Record<string, unknown>> }[];
}

/** Runs the text of a bundle. */
export async function runText(bundle: string, input: unknown = {}, options: BundleOptions = {}): Promise<BundleResult> {
  const { timeoutMs = 10_000, inputJson, host = {}, ...run } = options;
  const notices: { method: string; params: Record<string, unknown> }[] = [];
  const outcome = await runBundle({
    ...{ kind: "bundle", name: "sample", digest: "0", env: {}, folders: [] },
    ...{ outputBytes: 16 * 2 ** 20, memoryBytes: 64 * 2 ** 20 },
    ...run,
    bundle,
    input: inputJson ?? JSON.stringify(input),
    deadline: Date.now() + timeoutMs,
  }, {
    isEnded: () => false,
    notify: (method, params) => void notices.push({ method, params }),
    request: (method) => Promise.reject(new Error(`nobody serves ${method}`)),
    openFolder: () => assert.fail("no folder was granted"),
    ...host,
  });
  const json = outcome.kind === "value" && outcome.json !== undefined ? JSON.parse(outcome.json) : undefined;
  return { outcome, json, notices };
}

/** Runs a tool, written as an expression that is its function. */
export async function runTool(tool: string, input: unknown = {}, options: BundleOptions = {}): Promise<BundleResult> {
  return await runText(`var __collet_bundle = (() => {\nreturn { default: ${tool} };\n})();`, input, options);
}

/** Gives the value of a tool that has to succeed. */
// deno-lint-ignore no-explicit-any -- whatever the tool gave
export async function valueOf(tool: string, input: unknown = {}, options: BundleOptions = {}): Promise<any> {
  const { outcome, json } = await runTool(tool, input, options);
  assert.equal(outcome.kind, "value", JSON.stringify(outcome));
  return json;
}
