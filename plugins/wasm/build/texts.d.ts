/**
 * Says to TypeScript what an import of a program gives: `with { type: "text" }`, its text.
 *
 * @module
 */

declare module "*/compile.mjs" {
  const text: string;
  export default text;
}

declare module "*/translate.mjs" {
  const text: string;
  export default text;
}

declare module "*/run.mjs" {
  const text: string;
  export default text;
}

declare module "*/console.as" {
  const text: string;
  export default text;
}
