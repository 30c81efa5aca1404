/**
 * Says to TypeScript what an import of a boot gives: `with { type: "text" }`, its text.
 *
 * @module
 */

declare module "*/boot.py" {
  const text: string;
  export default text;
}

declare module "*/boot.cjs" {
  const text: string;
  export default text;
}

declare module "*/boot.deno.mjs" {
  const text: string;
  export default text;
}
