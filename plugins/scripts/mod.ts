/**
 * The plugin `scripts`: tools that are scripts in any language. It adds the kind `script` to the library, registers
 * `register_script`, and provides the contract `ScriptRunner`.
 *
 * @example Make a tool and call it
 * ```ts
 * import { detectPlatform, Kernel } from "collet";
 * import library from "../library/mod.ts";
 * import scripts from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * const kernel = new Kernel().use(await detectPlatform({ home })).use(library).use(scripts);
 * await kernel.start();
 * await kernel.call("register_script", {
 *   name: "hello",
 *   description: "Greet someone",
 *   interpreter: "sh",
 *   code: 'read -r request; echo "hello"',
 * });
 * const { content } = await kernel.call("hello", {});
 * await kernel.stop();
 * if (JSON.stringify(content) !== '[{"type":"text","text":"hello"}]') throw new Error(JSON.stringify(content));
 * ```
 *
 * @module
 */
import * as v from "valibot";
import { definePlugin, Environment, Files, optional, type Plugin, Processes, Toolbox } from "../../kernel/mod.ts";
import { ToolLibrary } from "../library/contract.ts";
import { Memory } from "../memory/contract.ts";
import { ScriptRunner } from "./contract.ts";
import { scriptKind } from "./kind.ts";
import { registerRegisterScript } from "./register_script.ts";
import { Runner } from "./runner.ts";

const Config = v.strictObject({
  timeout_ms: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 300_000),
});

/** Settings of the plugin, as a caller writes them. */
export interface ScriptsConfig {
  /** Time limit of a call, in milliseconds, for scripts that have none of their own; 300,000 by default. */
  readonly timeout_ms?: number | undefined;
}

const scripts: Plugin<ScriptsConfig> = definePlugin({
  name: "scripts",
  version: "1.0.0",
  description: "Tools that are scripts in any language",
  config: Config,
  requires: {
    files: Files,
    processes: Processes,
    environment: Environment,
    toolbox: Toolbox,
    library: ToolLibrary,
    memory: optional(Memory),
  },
  provides: [ScriptRunner],
  async setup(ctx) {
    const { files, processes, environment, toolbox, library, memory } = ctx.deps;
    const runner = new Runner({
      home: files,
      processes,
      environment,
      toolbox,
      memory,
      toolsFolder: library.path,
      signal: ctx.signal,
      timeoutMs: ctx.config.timeout_ms,
    });
    ctx.own("running scripts", () => runner.close());
    await runner.cleanUp();
    ctx.provide(ScriptRunner, runner);
    const kind = await library.addKind(scriptKind({ runner, environment }));
    ctx.own('kind "script"', () => kind.dispose());
    registerRegisterScript({ tool: ctx.tool, log: ctx.log, library, machine: { processes, environment } });
  },
});

export default scripts;
