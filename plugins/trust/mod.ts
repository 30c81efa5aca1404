/**
 * The plugin `trust`: what a person said to trust, such as a project whose skills may be loaded. It provides the contract
 * `Trust`.
 *
 * @example A project is trusted once somebody says so
 * ```ts
 * import { createCall, Kernel } from "collet";
 * import { createEdgePlatform } from "collet/edge";
 * import { Trust } from "./contract.ts";
 * import trust from "./mod.ts";
 *
 * await using kernel = await new Kernel().use(createEdgePlatform()).use(trust).start();
 * const keeper = kernel.get(Trust)!;
 * const project = { kind: "project", id: "/home/ada/engine" };
 * // a client that cannot ask
 * if (await keeper.ask(project, createCall())) throw new Error("unexpected");
 * await keeper.trust(project);
 * if (!await keeper.isTrusted(project)) throw new Error("unexpected");
 * ```
 *
 * @module
 */
import { definePlugin, Diagnostics, Files, type Finding, messageOf, optional, type Plugin } from "../../kernel/mod.ts";
import { Trust } from "./contract.ts";
import { TrustKeeper } from "./keeper.ts";

const trust: Plugin<void> = definePlugin({
  name: "trust",
  version: "1.0.0",
  description: "What a person said to trust, such as the skills of a project",
  requires: { files: Files, diagnostics: optional(Diagnostics) },
  provides: [Trust],
  setup(ctx) {
    const { files, diagnostics } = ctx.deps;
    const keeper = new TrustKeeper({ home: files, log: ctx.log });
    ctx.own("watcher", () => keeper.close());
    ctx.provide(Trust, keeper);
    if (diagnostics !== undefined) {
      ctx.own("probe", diagnostics.add({ area: "trust", name: "record", check: () => checkRecord(keeper) }));
    }
  },
});

export default trust;

async function checkRecord(keeper: TrustKeeper): Promise<Finding> {
  try {
    const entries = await keeper.list();
    const shown = entries.map(({ kind, id }) => `${kind} ${id}`).join(", ");
    return { ok: true, detail: entries.length === 0 ? "nothing is trusted" : shown };
  } catch (thrown) {
    return { ok: false, detail: messageOf(thrown), remedy: `Mend "${keeper.path}", or remove it and trust again` };
  }
}
