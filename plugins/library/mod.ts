/**
 * The plugin `library`: tools made at run time, their folders and versions, and the tools to list, find, call and
 * delete them. It provides the contract `ToolLibrary`, to which other plugins add kinds of tool.
 *
 * @example List the tools of a new server
 * ```ts
 * import { testPlugin } from "collet/testing";
 * import library from "./mod.ts";
 *
 * await using kit = await testPlugin(library);
 * const { structuredContent } = await kit.kernel.call("list_tools", {});
 * if (JSON.stringify(structuredContent) !== '{"tools":[]}') throw new Error("unexpected");
 * ```
 *
 * @module
 */
import * as v from "valibot";
import { definePlugin, Environment, Files, KernelStarted, optional, type Plugin, Toolbox } from "../../kernel/mod.ts";
import { Memory } from "../memory/contract.ts";
import { ToolCodeChanged, ToolLibrary, ToolRemoved } from "./contract.ts";
import { watchTools } from "./hot_reload.ts";
import { Library } from "./library.ts";
import { registerTestTool } from "./test_tool.ts";
import { registerTools } from "./tools.ts";

const Config = v.strictObject({
  tools_dir: v.optional(v.pipe(v.string(), v.minLength(1))),
  trash_days: v.optional(v.pipe(v.number(), v.minValue(0)), 30),
  hot_reload: v.optional(v.boolean(), false),
});

/** Settings of the plugin, as a caller writes them. */
export interface LibraryConfig {
  /** Folder of the tools; `TOOLS_DIR` by default, else `tools` in the home folder. `~` is expanded. */
  readonly tools_dir?: string | undefined;
  /** Days for which deleted tools are kept; 30 by default. */
  readonly trash_days?: number | undefined;
  /** Takes over what is changed in the folder of tools while the server runs; `false` by default. */
  readonly hot_reload?: boolean | undefined;
}

const library: Plugin<LibraryConfig> = definePlugin({
  name: "library",
  version: "1.0.0",
  description: "Tools made at run time: their folders, versions and names",
  config: Config,
  requires: { files: Files, environment: Environment, toolbox: Toolbox, memory: optional(Memory) },
  provides: [ToolLibrary],
  async setup(ctx) {
    const { files, environment, toolbox, memory } = ctx.deps;
    const { hot_reload: isHot } = ctx.config;
    const directory = ctx.config.tools_dir ?? environment.variable("TOOLS_DIR");
    const folder = directory ? files.open(environment.expand(directory)) : files.at("tools");
    const made = new Library({
      home: files,
      folder,
      toolbox,
      register: (definition) => ctx.tool(definition),
      log: ctx.log,
      memory,
      trashDays: ctx.config.trash_days,
      onRemoved: (tool) => ctx.emit(ToolRemoved, tool),
      isHot,
      onCodeChanged: (tool) => ctx.emit(ToolCodeChanged, tool),
    });
    ctx.own("tools", () => made.close());
    // watching comes before reading, so that nothing slips between
    if (isHot) ctx.own("watcher", watchTools(folder, { reload: (folders) => made.reload(folders), log: ctx.log }));
    await made.start();
    ctx.provide(ToolLibrary, made);
    registerTools({ tool: ctx.tool, library: made, toolbox });
    registerTestTool({ tool: ctx.tool, library: made, toolbox });

    // tools of plugins go first: one that was made must not take the name of one that ships, and stop the start
    ctx.on(KernelStarted, () => made.open());
  },
});

export default library;
