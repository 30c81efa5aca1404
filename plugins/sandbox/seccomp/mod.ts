/**
 * The system calls that confined programs may not make, as each mechanism takes them: a filter for bubblewrap, a policy
 * for nsjail, a list for firejail. One table says what is refused, and why: `rules.ts`.
 *
 * @module
 */
export { FIREJAIL_SYSCALLS } from "./firejail.ts";
export { seccompFilter } from "./filter.ts";
export { kafelPolicy } from "./kafel.ts";
export { type Architecture, ARCHITECTURES } from "./numbers.ts";
export { type Rule, RULES, type Test } from "./rules.ts";
