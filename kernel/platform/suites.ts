/**
 * Contract suites: what any provider of `Fetch`, `Files`, `Processes` or `Workers` must pass. They run with `node:test`, which is loaded
 * when a suite is called.
 *
 * @module
 */
export { testFetch } from "./fetch_suite.ts";
export { testFiles } from "./files_suite.ts";
export { testProcesses } from "./processes_suite.ts";
export type { Provided } from "./suite_tools.ts";
export { testWorkers } from "./workers_suite.ts";
