/**
 * Says to TypeScript what an import of a program gives: `with { type: "text" }`, its text.
 *
 * @module
 */

declare module "*/bridge.mjs" {
  const text: string;
  export default text;
}

declare module "*/node_proxy.cjs" {
  const text: string;
  export default text;
}
