/**
 * The questions that `doctor` asks on every machine.
 *
 * @module
 */
import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Environment, Finding, Probe, Processes } from "../contracts.ts";
import { messageOf } from "../errors.ts";
import { isAbsent } from "../platform/real_path.ts";
import type { Sql } from "../sql.ts";
import { limitsInForce } from "./limits.ts";
import { programProbes } from "./program_probes.ts";
import type { Setup } from "./setup.ts";
import { findToken } from "./token.ts";

/** The area of what the server itself needs; what fails there fails `doctor`. */
export const OWN_AREA = "collet";

/** What the probes look at. */
export interface ProbeOptions {
  readonly setup: Setup;
  readonly processes: Processes;
  readonly sql: Sql | undefined;
}

/** Makes the probes of every machine. */
export function ownProbes({ setup, processes, sql }: ProbeOptions): readonly Probe[] {
  const { environment, settings } = setup;
  return [
    { area: OWN_AREA, name: "runtime", check: () => checkRuntime(environment) },
    { area: OWN_AREA, name: "home", check: () => checkHome(environment.home) },
    { area: OWN_AREA, name: "configuration", check: () => checkConfig(setup) },
    { area: OWN_AREA, name: "token", check: () => checkToken(setup) },
    { area: OWN_AREA, name: "SQLite", check: () => checkSqlite(sql) },
    ...programProbes(processes, environment),
    { area: "found here", name: "tools of skillz", check: () => findToolFolders(environment) },
    ...limitsInForce(settings.limits).map(([key, value]): Probe => ({
      area: "limits",
      name: key,
      check: () => ({ ok: true, detail: String(value) }),
    })),
  ];
}

const LEAST_NODE = [20, 3] as const;

function checkRuntime({ runtime, runtimeVersion, os, executable }: Environment): Finding {
  const detail = `${runtime} ${runtimeVersion} at ${executable}, on ${os}`;
  const [major = 0, minor = 0] = runtimeVersion.split(".").map(Number);
  const isOld = runtime === "node" && (major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]));
  return isOld
    ? { ok: false, detail, remedy: `update Node to ${LEAST_NODE.join(".")} or later` }
    : { ok: true, detail };
}

async function checkHome(home: string): Promise<Finding> {
  const remedy = "make the folder writable, or choose another with --home";
  try {
    const found = await stat(home);
    if (!found.isDirectory()) return { ok: false, detail: `${home} is not a folder`, remedy };
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
    return { ok: true, detail: `${home}, writable` };
  } catch (thrown) {
    if (!isAbsent(thrown)) return { ok: false, detail: `${home} is not writable: ${messageOf(thrown)}`, remedy };
    return { ok: true, detail: `${home} is not there yet; it is made at the first start` };
  }
}

function checkConfig({ configPath, environment }: Setup): Finding {
  return { ok: true, detail: configPath ?? `none; it would be ${join(environment.home, "collet.json")}` };
}

async function checkToken({ settings, environment }: Setup): Promise<Finding> {
  if (settings.transport !== "http") return { ok: true, detail: "not needed over stdio" };
  try {
    const found = await findToken({ settings, home: environment.home, variable: environment.variable, isDryRun: true });
    return found.warning === undefined
      ? { ok: true, detail: found.source }
      : { ok: false, detail: found.source, remedy: found.warning };
  } catch (thrown) {
    return { ok: false, detail: messageOf(thrown), remedy: (thrown as { fix?: string }).fix ?? "correct it" };
  }
}

async function checkSqlite(sql: Sql | undefined): Promise<Finding> {
  if (sql === undefined) return { ok: false, detail: "no SQLite", remedy: "run on Node or Deno" };
  const database = await sql.open(":memory:");
  try {
    const row = database.prepare("SELECT sqlite_version() AS version").get();
    return { ok: true, detail: `SQLite ${row?.["version"]} by ${sql.engine}` };
  } finally {
    database.close();
  }
}

async function findToolFolders({ home, userHome, variable }: Environment): Promise<Finding> {
  const named = variable("TOOLS_DIR");
  const folders = [join(userHome, "tools"), join(userHome, ".skillz", "tools")];
  const found = await describeFolders(folders, (folder) => countWith(folder, "manifest.json"));
  if (named !== undefined) return { ok: true, detail: `TOOLS_DIR is ${named}` };
  if (found.length === 0) return { ok: true, detail: `none; tools are kept in ${join(home, "tools")}` };
  return { ok: true, detail: `${found.join(", ")}; to use them, set TOOLS_DIR to the folder` };
}

async function describeFolders(
  folders: readonly string[],
  count: (folder: string) => Promise<number>,
): Promise<readonly string[]> {
  const counts = await Promise.all(folders.map(async (folder) => [folder, await count(folder)] as const));
  return counts.filter(([, number]) => number > 0).map(([folder, number]) => `${folder} (${number})`);
}

async function countWith(folder: string, file: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const isThere = await Promise.all(
    names.map((name) => access(join(folder, name, file)).then(() => true, () => false)),
  );
  return isThere.filter(Boolean).length;
}
