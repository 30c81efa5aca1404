/**
 * The tools of this server, as checks of pipelines see them.
 *
 * @module
 */
import type { Toolbox } from "../../kernel/mod.ts";
import type { ToolLibrary } from "../library/contract.ts";
import type { KnownTool, KnownTools } from "./check/tools.ts";
import { KIND } from "./stored.ts";

/** Where tools are looked up. */
export interface ToolSources {
  readonly toolbox: Pick<Toolbox, "get" | "list">;
  readonly library: Pick<ToolLibrary, "get">;
}

/** Makes the view of the tools that there are. */
export function knownTools({ toolbox, library }: ToolSources): KnownTools {
  return {
    get: (name) => toolbox.get(name),
    names: () => toolbox.list().map((it) => it.name),
    stepsOf(name) {
      const manifest = library.get(name)?.manifest;
      return manifest?.tool_type === KIND ? manifest.pipeline_steps : undefined;
    },
  };
}

const UNKNOWN: KnownTool = {};

/** Makes the view of somebody who expects tools to come later, as when pipelines are imported along with theirs. */
export function knownOrComing(tools: KnownTools): KnownTools {
  return {
    get: (name) => tools.get(name) ?? UNKNOWN,
    names: () => tools.names(),
    stepsOf: (name) => tools.stepsOf(name),
  };
}
