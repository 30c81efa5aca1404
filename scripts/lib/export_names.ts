/**
 * The names that a module of the repository exports, types included, read from its text: our modules export by lists
 * and by declarations at the start of a line.
 *
 * @module
 */
import { posix } from "node:path";
import { readText } from "./repository.ts";

const ALL_REGEXP = /^export \* from "(\.[^"]+)";/gm;
const LIST_REGEXP = /^export (type )?\{([^}]*)\}/gm;
const DECLARATION_REGEXP =
  /^export (?:declare )?(?:(type|interface) |(?:async function\*?|function\*?|const|let|(?:abstract )?class) )(\w+)/gm;

/**
 * Lists what a module exports, sorted; a type is listed as `type Name`.
 *
 * @param path Path from the repository's root.
 */
export function listExportNames(path: string): string[] {
  const text = readText(path);
  const names = new Set<string>();
  for (const [, address = ""] of text.matchAll(ALL_REGEXP)) {
    for (const name of listExportNames(posix.join(posix.dirname(path), address))) names.add(name);
  }
  for (const [, isType, list = ""] of text.matchAll(LIST_REGEXP)) {
    for (const item of list.replace(/\/\/.*$/gm, "").split(",").map((part) => part.trim()).filter(Boolean)) {
      const [, typed, name = ""] = /^(type )?(?:\w+ as )?(\w+)$/.exec(item) ?? [];
      if (name === "") throw new Error(`Cannot read the exports of ${path}: "${item}" is no name`);
      names.add(isType !== undefined || typed !== undefined ? `type ${name}` : name);
    }
  }
  for (const [, isType, name = ""] of text.matchAll(DECLARATION_REGEXP)) {
    names.add(isType === undefined ? name : `type ${name}`);
  }
  // an interface and the token of the same name are one name, and it has a value
  return [...names].filter((name) => !name.startsWith("type ") || !names.has(name.slice(5))).sort();
}
