/**
 * Node binaries by version: the one on the path, else the npm package that ships it.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { inRepository } from "./repository.ts";
import { run } from "./run.ts";

/** The versions that the tests run on; the first is the oldest supported. */
export const NODE_VERSIONS: readonly string[] = ["20", "22", "24"];

async function versionOf(binary: string): Promise<string | undefined> {
  const { code, output } = await run([binary, "--version"], { timeoutMs: 60_000 });
  return code === 0 ? /^v(\d+)/m.exec(output)?.[1] : undefined;
}

/** Tells which npm package has a Node for this machine. */
function packageName(): string {
  const system = process.platform === "win32" ? "win" : process.platform;
  return `node-${system}-${process.arch}`;
}

/**
 * Finds the Node of a major version, and installs it below `.build/nodes` when the one on the path is another.
 *
 * @param version Major version, or `path` for the one on the path whatever it is.
 * @returns the path of the binary, or why there is none.
 */
export async function findNode(version: string): Promise<{ binary: string } | { missing: string }> {
  const onPath = await versionOf("node");
  if (onPath === version || (version === "path" && onPath !== undefined)) return { binary: "node" };
  if (version === "path") return { missing: "There is no Node on the path" };
  const folder = inRepository(".build", "nodes", version);
  const name = packageName();
  const binary = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(binary)) {
    await mkdir(folder, { recursive: true });
    const { code, output } = await run(
      ["npm", "install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", `${name}@${version}`],
      { timeoutMs: 5 * 60_000 },
    );
    if (code !== 0) return { missing: `Node ${version} could not be installed: ${output.trim().split("\n").at(-1)}` };
  }
  if (await versionOf(binary) !== version) return { missing: `"${name}@${version}" does not start here` };
  return { binary };
}
