/**
 * Interpreters that are already warm: processes that wait, each for one script, and processes that serve many calls.
 *
 * @module
 */
export { bootFiles } from "./boots.ts";
export { canWait, type WarmCommand, warmCommand, type WarmLanguage, type WarmStart } from "./command.ts";
export { encodeHeader, READY, type WarmFile, type WarmHeader } from "./header.ts";
export { type PersistentCall, type PersistentOptions, PersistentProcesses } from "./persistent.ts";
export { Pool, type PoolOptions, type StartWarm } from "./pool.ts";
