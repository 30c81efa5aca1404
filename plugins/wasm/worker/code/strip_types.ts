/**
 * Takes the types out of TypeScript, and leaves every line where it was.
 *
 * @module
 */
// by name from a module of ours: where it is bundled for Node, what is imported while running has no names of CommonJS
import { transform } from "sucrase";

/**
 * Gives the JavaScript.
 *
 * @throws {Error} when the code cannot be read; its message ends with the place.
 */
export function stripTypes(code: string): string {
  return transform(code, { transforms: ["typescript"], disableESTransforms: true }).code;
}
