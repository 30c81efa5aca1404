/**
 * The one list of what ships.
 *
 * @module
 */
import type { Plugin } from "../kernel/mod.ts";

import code from "./code/mod.ts";
import dependencies from "./dependencies/mod.ts";
import grants from "./grants/mod.ts";
import guide from "./guide/mod.ts";
import library from "./library/mod.ts";
import memory from "./memory/mod.ts";
import pipelines from "./pipelines/mod.ts";
import repos from "./repos/mod.ts";
import resourceTools from "./resource_tools/mod.ts";
import results from "./results/mod.ts";
import sandbox from "./sandbox/mod.ts";
import scripts from "./scripts/mod.ts";
import secrets from "./secrets/mod.ts";
import services from "./services/mod.ts";
import sharing from "./sharing/mod.ts";
import skills from "./skills/mod.ts";
import store from "./store/mod.ts";
import tasks from "./tasks/mod.ts";
import trust from "./trust/mod.ts";
import upstream from "./upstream/mod.ts";
import wasm from "./wasm/mod.ts";

export { default as exposure } from "./exposure/mod.ts";

/** Plugins that are used unless the configuration leaves them out. */
export const shipped: readonly Plugin[] = [
  store,
  // what is too long is cut after secrets have been taken out of it
  results,
  secrets,
  grants,
  memory,
  library,
  sandbox,
  dependencies,
  scripts,
  wasm,
  code,
  pipelines,
  services,
  sharing,
  trust,
  upstream,
  skills,
  repos,
  guide,
  resourceTools,
  tasks,
];
