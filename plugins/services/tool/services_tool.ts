/**
 * The tool `services`.
 *
 * @module
 */
import { type Call, Lazy, type PluginContext, rankCompletions, type ToolResult } from "../../../kernel/mod.ts";
import type { ServicesContext } from "./context.ts";
import { ACTIONS, ServicesInput, ServicesOutput, type ServicesRequest } from "./input.ts";

const DESCRIPTION = `Run databases and other servers in containers, by Docker or Podman:
- define: name an image, with ports, env, volumes, healthcheck and limits; list: what is defined
- start: with what it depends on, and wait until it is healthy; stop; status; logs
- exec: run a command in it
- remove: the service, with remove_volumes its data as well; prune: what is stopped and unused
- import_compose: define the services of a Compose file

Tools whose requires_services names a service have it started, and find it by NAME_HOST, NAME_PORT and NAME_URL.

Example: {"action": "define", "name": "db", "image": "postgres:16", "ports": ["5432"], "env": {"POSTGRES_PASSWORD": \
"\${secret:DB_PASSWORD}"}, "volumes": ["pgdata:/var/lib/postgresql/data"], "healthcheck": {"cmd": "pg_isready"}}`;

/** Registers the tool. */
export function registerServicesTool(context: ServicesContext & Pick<PluginContext, "tool">): void {
  // most servers start and run no service
  const defining = new Lazy(() => import("./define.ts"));
  const running = new Lazy(() => import("./run.ts"));
  const act = async (request: ServicesRequest, call: Call): Promise<ToolResult> => {
    switch (request.action) {
      case "define":
        return await (await defining.get()).define(request, context);
      case "list":
        return await (await defining.get()).list(call, context);
      case "import_compose":
        return await (await defining.get()).importCompose(request, call, context);
      default:
        return await (await running.get())[request.action](request, call, context);
    }
  };
  context.tool({
    name: "services",
    description: DESCRIPTION,
    input: ServicesInput,
    output: ServicesOutput,
    annotations: { title: "Services", readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    async complete(argument, value) {
      if (argument === "action") return rankCompletions(value, ACTIONS);
      if (argument !== "name") return [];
      return rankCompletions(value, (await context.definitions.list()).map((it) => it.name));
    },
    run: act,
  });
}
