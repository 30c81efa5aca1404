/**
 * What a bundle and who runs it have agreed on.
 *
 * @module
 */

/** The global that a bundle makes: what its main file exports. */
export const BUNDLE_GLOBAL = "__collet_bundle";
