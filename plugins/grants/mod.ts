/**
 * The plugin `grants`: what tools may have beyond their code. It provides the contract `GrantPolicy`, which knows the
 * operator's ceiling and asks the user about what exceeds it, and registers the tool `grants` and the resource
 * `collet://grants`.
 *
 * @example A ceiling, a request within it and one beyond
 * ```ts
 * import { createCall, Kernel, messageOf } from "collet";
 * import { createEdgePlatform } from "collet/edge";
 * import { GrantPolicy } from "./contract.ts";
 * import grants from "./mod.ts";
 *
 * const ceiling = { network: ["*.example.com:443"], read: ["/data"] };
 * await using kernel = await new Kernel().use(createEdgePlatform()).use(grants, { ceiling }).start();
 * const policy = kernel.get(GrantPolicy)!;
 * const ask = (request: object) =>
 *   policy.authorize({ tool: "news", digest: "6b86b273", grants: policy.read(request) }, createCall());
 *
 * const granted = await ask({ network: ["api.example.com:443"], read: ["/data/news"], timeout_ms: 60_000 });
 * if (granted.read?.[0] !== "/data/news" || granted.memory_mb !== 1024) throw new Error("unexpected");
 * const refused = await ask({ read: ["/etc"] }).catch(messageOf);
 * if (!String(refused).endsWith('"ceiling": {"read":["/data","/etc"]}')) throw new Error(String(refused));
 * ```
 *
 * @module
 */
import * as v from "valibot";
import { definePlugin, Environment, Files, optional, type Plugin } from "../../kernel/mod.ts";
import { Store } from "../store/contract.ts";
import { type CeilingConfig, CeilingSchema, makeCeiling } from "./ceiling.ts";
import { GrantPolicy } from "./grants.ts";
import { Decisions } from "./decisions.ts";
import { pathResolver, Policy } from "./policy.ts";
import { GRANTS_URI, registerGrants } from "./tool.ts";

/** Settings of the plugin, as a caller writes them. */
export interface GrantsConfig {
  /** What tools may have without a question; `ceiling` of `collet.json`. What is left out is that of the default ceiling. */
  readonly ceiling?: CeilingConfig | undefined;
}

const grants: Plugin<GrantsConfig> = definePlugin({
  name: "grants",
  version: "1.0.0",
  description: "What tools may have beyond their code",
  config: v.strictObject({ ceiling: v.optional(CeilingSchema, {}) }),
  requires: { environment: Environment, files: Files, store: optional(Store) },
  provides: [GrantPolicy],
  setup(ctx) {
    const { environment, files, store } = ctx.deps;
    const config = ctx.config.ceiling;
    const resolve = pathResolver({ environment, files });
    const ceiling = makeCeiling(config, resolve);
    const decisions = new Decisions(store);
    ctx.provide(
      GrantPolicy,
      new Policy({ ceiling, config, decisions, resolve, onAllowed: () => ctx.updated(GRANTS_URI) }),
    );
    registerGrants({ tool: ctx.tool, resource: ctx.resource, updated: ctx.updated, decisions, ceiling });
  },
});

export default grants;
