/**
 * Says to TypeScript what an import of a source file in another language gives: `with { type: "text" }`, its text.
 *
 * @module
 */

declare module "*/run_code.py" {
  const text: string;
  export default text;
}

declare module "*/collet_code/__init__.py" {
  const text: string;
  export default text;
}

declare module "*/collet_code/failures.py" {
  const text: string;
  export default text;
}

declare module "*/collet_code/remedies.py" {
  const text: string;
  export default text;
}

declare module "*/collet_code/requests.py" {
  const text: string;
  export default text;
}

declare module "*/collet_code/surroundings.py" {
  const text: string;
  export default text;
}

declare module "*/collet_code/tools.py" {
  const text: string;
  export default text;
}

declare module "*/collet_code/top_level.py" {
  const text: string;
  export default text;
}

declare module "*/collet_code/values.py" {
  const text: string;
  export default text;
}
