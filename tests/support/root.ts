/**
 * The repository's root, found whether a test runs from its source or from a bundle in `.build`.
 *
 * @module
 */
export { inRepository, ROOT } from "../../scripts/lib/repository.ts";
