/**
 * The contract `GrantPolicy`: what a tool asks for beyond its code, and what of it it gets; and what tools of every kind
 * that have grants share.
 *
 * @module
 */
export { type Given, Granting, type GrantingOptions } from "./granting.ts";
export { GrantPolicy, type GrantRequest, type Grants } from "./grants.ts";
