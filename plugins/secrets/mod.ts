/**
 * The plugin `secrets`: values that tools may be given by name, and that nothing else shows. It provides the contract
 * `Secrets`, and redacts results, resources, prompts, errors and log entries.
 *
 * @example A secret is given by name, and not shown
 * ```ts
 * import { definePlugin, Kernel, textOf } from "collet";
 * import { createEdgePlatform } from "collet/edge";
 * import { Secrets } from "./contract.ts";
 * import secrets from "./mod.ts";
 *
 * const careless = definePlugin({
 *   name: "careless",
 *   version: "1.0.0",
 *   requires: { secrets: Secrets },
 *   setup: ({ tool, deps }) =>
 *     void tool({
 *       name: "careless",
 *       description: "Show the key, in base64",
 *       input: {},
 *       run: () => `Authorization: Basic ${btoa(`user:${deps.secrets.reveal(["API_KEY"])["API_KEY"]}`)}`,
 *     }),
 * });
 * const platform = createEdgePlatform({ variables: { COLLET_SECRET_API_KEY: "key-1234567890ab" } });
 * await using kernel = await new Kernel().use(platform).use(secrets).use(careless).start();
 * const text = textOf(await kernel.call("careless", {}));
 * if (text !== "Authorization: Basic dXNlcjp[API_KEY]") throw new Error(text);
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  definePlugin,
  Diagnostics,
  Environment,
  Files,
  type Finding,
  type LogChange,
  LogFilter,
  optional,
  type Plugin,
} from "../../kernel/mod.ts";
import { Secrets } from "./contract.ts";
import { redactOutcomes } from "./outcome.ts";
import { SecretsFile, secretsOfEnvironment } from "./values.ts";
import { Vault } from "./vault.ts";

/** Settings of the plugin, as a caller writes them. */
export interface SecretsConfig {
  /** The file of secrets, `~` allowed; `secrets.json` in the home by default. */
  readonly file?: string | undefined;
}

const secrets: Plugin<SecretsConfig> = definePlugin({
  name: "secrets",
  version: "1.0.0",
  description: "Values that tools may be given by name, and that nothing else shows",
  config: v.strictObject({ file: v.optional(v.pipe(v.string(), v.nonEmpty())) }),
  requires: {
    environment: Environment,
    files: Files,
    logFilter: LogFilter,
    diagnostics: optional(Diagnostics),
  },
  provides: [Secrets],
  async setup(ctx) {
    const { environment, files, logFilter, diagnostics } = ctx.deps;
    const named = ctx.config.file;
    const file = new SecretsFile(files, named === undefined ? undefined : environment.expand(named));
    const vault = new Vault({
      environment: secretsOfEnvironment(environment),
      file,
      onChange({ problem, remedy }) {
        if (problem !== undefined) ctx.log.error(`Cannot use secrets of "${file.path}": ${problem}; ${remedy}`);
      },
    });
    await vault.refresh();
    const filter: LogChange = ({ message, data }) => ({
      message: vault.redact(message),
      data: vault.redactValue(data),
    });
    ctx.own("log filter", logFilter.add(filter));
    ctx.intercept(redactOutcomes(vault));
    ctx.provide(Secrets, vault);
    if (diagnostics !== undefined) {
      const check = () => checkFile(file, vault);
      ctx.own("probe", diagnostics.add({ area: "secrets", name: "secrets", check }));
    }
  },
});

export default secrets;

async function checkFile(file: SecretsFile, vault: Vault): Promise<Finding> {
  const { problem, remedy, isThere } = await file.check();
  if (problem !== undefined) {
    return { ok: false, detail: `${file.path}: ${problem}`, ...(remedy !== undefined && { remedy }) };
  }
  const names = vault.names();
  const known = names.length === 0 ? "none" : names.join(", ");
  return { ok: true, detail: isThere ? `${known}; ${file.path} is its owner's alone` : `${known}; no ${file.path}` };
}
