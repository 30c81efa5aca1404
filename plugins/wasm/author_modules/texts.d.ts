/**
 * Says to TypeScript what an import of a source file in another language gives: `with { type: "text" }`, its text.
 *
 * @module
 */

declare module "*/collet_tool.rs" {
  const text: string;
  export default text;
}

declare module "*/collet_tool.go" {
  const text: string;
  export default text;
}

declare module "*/collet_tool.h" {
  const text: string;
  export default text;
}

declare module "*/collet_tool.as" {
  const text: string;
  export default text;
}
