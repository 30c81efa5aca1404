/**
 * What of a schema that has been read cannot be used: found when it is handed in, without the library that validates.
 *
 * @module
 */
import { isObject } from "../content.ts";
import { messageOf } from "../errors.ts";
import { show } from "../issue.ts";
import type { SchemaDocument, SchemaObject } from "./document.ts";
import { assertKeyPattern, assertPattern } from "./pattern_rules.ts";

/**
 * Checks references and patterns of a document.
 *
 * @throws {KernelError} `SCHEMA_INVALID` naming the place.
 */
export function assertUsable(document: SchemaDocument): void {
  // following a reference may add subschemas, which this loop reaches as well
  for (const schema of document.subschemas()) {
    assertReferences(schema, document);
    assertPatterns(schema, document);
  }
}

function assertReferences(schema: SchemaObject, document: SchemaDocument): void {
  for (const keyword of ["$ref", "$dynamicRef"]) {
    const reference = schema[keyword];
    if (typeof reference !== "string") continue;
    document.resolve(schema, keyword);
    if (keyword === "$dynamicRef" && !document.isStatic(reference)) {
      document.fail(schema, [keyword], `${show(reference)} has several targets, expected one`);
    }
  }
}

function assertPatterns(schema: SchemaObject, document: SchemaDocument): void {
  const { pattern, patternProperties } = schema;
  const check = (keyword: string, assert: () => void): void => {
    try {
      assert();
    } catch (thrown) {
      document.fail(schema, [keyword], `cannot use the pattern: ${messageOf(thrown)}`);
    }
  };
  if (typeof pattern === "string") check("pattern", () => assertPattern(pattern));
  if (!isObject(patternProperties)) return;
  for (const source of Object.keys(patternProperties)) check("patternProperties", () => assertKeyPattern(source));
}
