/**
 * Servers of skills, in one call.
 *
 * @module
 */
import type { McpHttpConfig, SkillServerOptions } from "./config.ts";
import type { McpHttpServer } from "./skill_server.ts";

export type { McpHttpConfig, SkillServerOptions } from "./config.ts";
export { McpHttpServer, type McpServerHandle } from "./skill_server.ts";

/**
 * Makes a server of skills for one application. Its skills are those of `DCC_MCP_{APP}_SKILL_PATHS`,
 * `DCC_MCP_SKILL_PATHS` and the folders of this machine, after `extraPaths`; none is loaded. `start()` opens the port.
 *
 * Whoever reaches the address may call the tools, as the principal `local`. By default that is every program of this
 * machine, without a token: the server offers what its skills do and nothing that makes tools, and refuses requests of
 * pages and under names that are not of this machine. `config.token` asks for one, `authenticate` names users of your
 * own; on an address that other machines reach, one of the two is required.
 *
 * @param appName The application, such as `maya`: names the variables, and the server.
 * @param config Settings.
 * @param options Folders, users and log.
 * @throws {SkillValueError} `CONFIG_INVALID` naming the setting that is wrong, `ARGUMENT_INVALID` for an impossible
 * name.
 *
 * @example Serve the skills of an application
 * ```ts ignore
 * import { createSkillServer } from "collet/skills";
 *
 * const server = await createSkillServer("maya", { port: 8765 });
 * const handle = await server.start();
 * console.log(`Serving at ${handle.mcpUrl()}`);
 * ```
 */
export async function createSkillServer(
  appName: string,
  config: McpHttpConfig = {},
  options: SkillServerOptions = {},
): Promise<McpHttpServer> {
  // loaded here, since who reads skills needs neither a kernel nor a port
  const { composeServer } = await import("./host.ts");
  return await composeServer(appName, config, options);
}
