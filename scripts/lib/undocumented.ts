/**
 * What has no description.
 *
 * A public symbol needs one, as do the methods of a class or an interface. An interface and the token of the same name
 * are one symbol. Properties may speak for themselves. Private members and those named by a symbol need none.
 *
 * @module
 */
import { readText, ROOT } from "./repository.ts";

const MODULE_DOC_REGEXP = /^(#!.*\n)?(\/\/.*\n)*\/\*\*(?:(?!\*\/)[^])*@module/;

/** What the check uses of `deno doc --json`. */
interface Documented {
  readonly name: string;
  readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly { readonly kind: string }[] };
  readonly location?: { readonly filename: string; readonly line: number };
  readonly accessibility?: string;
}

interface Declaration extends Documented {
  readonly kind: string;
  readonly def?: { readonly methods?: readonly Documented[] };
}

interface DocNodes {
  readonly nodes: Readonly<
    Record<string, { readonly symbols: readonly { name: string; declarations: Declaration[] }[] }>
  >;
}

function isDocumented({ jsDoc }: Documented): boolean {
  return (jsDoc?.doc ?? "").trim() !== "" || (jsDoc?.tags ?? []).some(({ kind }) => kind === "inheritDoc");
}

/** Gives the place of a declaration as `path:line` from the repository's root. */
function placeOf({ location }: Documented): string {
  const path = location?.filename.replace(/^file:\/\//, "").replace(`${ROOT}/`, "") ?? "?";
  return `${path}:${location?.line ?? "?"}`;
}

/** Lists the public symbols and methods that have no description, each as `path:line name`. */
export function findUndocumented(documentation: DocNodes): string[] {
  const found: string[] = [];
  for (const { name, declarations } of Object.values(documentation.nodes).flatMap(({ symbols }) => symbols)) {
    const [first] = declarations;
    if (first === undefined || name === "default") continue; // the module's own description is that of its default
    if (!declarations.some(isDocumented)) found.push(`${placeOf(first)} ${name}`);
    const methods = new Map<string, Documented[]>();
    for (const method of declarations.flatMap(({ def }) => def?.methods ?? [])) {
      if (method.accessibility === "private" || method.name.startsWith("[")) continue;
      methods.set(method.name, [...methods.get(method.name) ?? [], method]); // overloads are one method
    }
    for (const [method, overloads] of methods) {
      if (overloads[0] !== undefined && !overloads.some(isDocumented)) {
        found.push(`${placeOf(overloads[0])} ${name}.${method}()`);
      }
    }
  }
  return found;
}

/** Lists the product's files that do not begin with a `@module` description. */
export function findUndescribed(files: readonly string[]): string[] {
  return files.filter((file) => !MODULE_DOC_REGEXP.test(readText(file))).map((file) => `${file} has no @module`);
}
