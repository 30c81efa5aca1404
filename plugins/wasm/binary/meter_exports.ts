/**
 * What a module exports that counts its work; apart from what makes it so, which is not needed where it runs.
 *
 * @module
 */

/** Name of the exported global, of type `i64`, that says how much is left; below zero it is used up. */
export const FUEL_EXPORT = "collet_fuel";
/** Name of the exported table whose one function is called when the fuel is used up, if the module was metered so. */
export const SPENT_EXPORT = "collet_spent";
