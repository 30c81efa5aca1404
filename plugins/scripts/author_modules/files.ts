/// <reference path="./texts.d.ts" />
/**
 * The files that scripts find: the sources beside this one, in the layout that each language looks for.
 *
 * @module
 */
// @ts-ignore: TypeScript sees a declaration file imported, and not that it is for its text
import declarations from "./types.d.mts" with { type: "text" };
import javascript from "./collet_tool.mjs" with { type: "text" };
import pythonSkill from "./collet_skill.py" with { type: "text" };
import python from "./collet_tool.py" with { type: "text" };
import ruby from "./collet_tool.rb" with { type: "text" };
import shell from "./collet_tool.sh" with { type: "text" };
import dccPackage from "./dcc_mcp_core/__init__.py" with { type: "text" };
import dccSkill from "./dcc_mcp_core/skill.py" with { type: "text" };
import nodeHook from "./node_hook.mjs" with { type: "text" };
import { PLACES } from "./places.ts";

const EXPORTS_REGEXP = /^export \{([^}]*)\};$/m;
const SELF_TYPES_REGEXP = /^\/\/ @ts-self-types.*\n/;

const PACKAGE = `${PLACES.node}/collet_tool`;

/** The files, by path. */
export const FILES: Readonly<Record<string, string>> = {
  [`${PLACES.python}/collet_tool.py`]: python,
  [`${PLACES.python}/collet_skill.py`]: pythonSkill,
  [`${PLACES.python}/dcc_mcp_core/__init__.py`]: dccPackage,
  [`${PLACES.python}/dcc_mcp_core/skill.py`]: dccSkill,
  [`${PLACES.ruby}/collet_tool.rb`]: ruby,
  [`${PLACES.shell}/collet_tool.sh`]: shell,
  [PLACES.module]: javascript,
  [`${PACKAGE}/collet_tool.cjs`]: toCommonJs(javascript),
  [`${PACKAGE}/types.d.mts`]: declarations,
  [`${PACKAGE}/package.json`]: json({
    name: "collet_tool",
    type: "module",
    exports: {
      types: "./types.d.mts",
      import: "./collet_tool.mjs",
      require: "./collet_tool.cjs",
    },
  }),
  [PLACES.nodeHook]: nodeHook,
};

/** Writes the ES module as CommonJS: it imports nothing, and exports by its last statement. */
function toCommonJs(source: string): string {
  return source.replace(SELF_TYPES_REGEXP, "").replace(EXPORTS_REGEXP, "module.exports = {$1};");
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
