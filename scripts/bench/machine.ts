/**
 * Where and with what was measured.
 *
 * @module
 */
import { cpus, loadavg, release, totalmem, type as systemType } from "node:os";
import process from "node:process";
import { readPackageManifest } from "../lib/repository.ts";
import { run } from "../lib/run.ts";

/** What a reader has to know to judge the numbers. */
export interface Circumstances {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  /** Mean number of processes that wanted a processor in the minute before. */
  readonly loadBefore: number;
  /** By name: the runtimes, Collet and its commit, and the packages of the other servers. */
  readonly versions: Readonly<Record<string, string>>;
}

const PACKAGES: readonly string[] = ["@modelcontextprotocol/server", "hono", "@hono/node-server"];

/**
 * Describes the machine and what runs on it.
 *
 * @param runtimes Names and versions of the runtimes that are measured.
 */
export async function describeCircumstances(runtimes: Readonly<Record<string, string>>): Promise<Circumstances> {
  const { version, dependencies, devDependencies } = readPackageManifest();
  const packages: Readonly<Record<string, string>> = { ...dependencies, ...devDependencies };
  const [processor] = cpus();
  return {
    processor: processor?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${systemType()} ${release()}, ${process.arch}`,
    loadBefore: loadavg()[0] ?? NaN,
    versions: {
      Collet: `${version}, ${await describeCommit()}`,
      ...runtimes,
      ...Object.fromEntries(PACKAGES.map((name) => [name, packages[name] ?? "absent"])),
    },
  };
}

async function describeCommit(): Promise<string> {
  const commit = await run(["git", "rev-parse", "--short", "HEAD"]);
  if (commit.code !== 0) return "no commit";
  const changes = await run(["git", "--no-optional-locks", "status", "--porcelain"]);
  return `commit ${commit.stdout.trim()}${changes.stdout.trim() === "" ? "" : " with changes"}`;
}
