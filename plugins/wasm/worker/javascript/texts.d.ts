/**
 * Says to TypeScript what an import of a script for the engine gives: `with { type: "text" }`, its text.
 *
 * @module
 */

declare module "*/prelude/bridge.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/console.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/encoding.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/url.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/events.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/globals.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/structured_clone.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/tool.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/memory.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/code.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/code_api.js" {
  const text: string;
  export default text;
}

declare module "*/prelude/no_clock.js" {
  const text: string;
  export default text;
}
