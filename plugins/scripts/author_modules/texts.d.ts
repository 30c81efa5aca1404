/**
 * Says to TypeScript what an import of a source file in another language gives: `with { type: "text" }`, its text.
 *
 * @module
 */

declare module "*/collet_tool.py" {
  const text: string;
  export default text;
}

declare module "*/collet_skill.py" {
  const text: string;
  export default text;
}

declare module "*/dcc_mcp_core/__init__.py" {
  const text: string;
  export default text;
}

declare module "*/dcc_mcp_core/skill.py" {
  const text: string;
  export default text;
}

declare module "*/collet_tool.rb" {
  const text: string;
  export default text;
}

declare module "*/collet_tool.sh" {
  const text: string;
  export default text;
}

declare module "*/collet_tool.mjs" {
  const text: string;
  export default text;
}

declare module "*/node_hook.mjs" {
  const text: string;
  export default text;
}
