/**
 * The actions of the tool `services` that need no engine: define, list, import_compose.
 *
 * @module
 */
import { type Call, LOCAL_PRINCIPAL, messageOf, sha256, ToolError, type ToolResult } from "../../../kernel/mod.ts";
import type { Unsupported } from "../compose/compose.ts";
import { isServiceName, type ServiceDefinition } from "../definition/definition.ts";
import { readDefinition } from "../definition/definitions.ts";
import type { ServicesContext } from "./context.ts";
import type { ServicesRequest } from "./input.ts";
import { answer, lineOf, reportOf, reportWithoutState } from "./reports.ts";

const MOST_FILE_BYTES = 1024 * 1024;

/** Writes a definition. */
export async function define(request: ServicesRequest, { definitions }: ServicesContext): Promise<ToolResult> {
  const { name, image, overwrite } = request;
  if (name === undefined || image === undefined) {
    throw new ToolError(
      `Cannot define a service: "${name === undefined ? "name" : "image"}" is missing; give both, such as ` +
        '"name": "db", "image": "postgres:16"',
    );
  }
  const definition = await readDefinition(fieldsOf(request));
  const isThere = await definitions.has(name);
  if (isThere && !overwrite) {
    throw new ToolError(
      `Cannot define service "${name}": there is one of that name; give "overwrite": true to replace it, or another name`,
    );
  }
  await definitions.save(definition);
  const known = (await definitions.list()).map((it) => it.name);
  const missing = definition.depends_on.filter((it) => !known.includes(it));
  const notes = [
    ...(isThere ? ["A container that was made before is made anew when it is started next."] : []),
    ...(missing.length > 0 ? [`It depends on ${missing.join(", ")}, which has to be defined before it starts.`] : []),
  ];
  const text = `${isThere ? "Replaced" : "Defined"} service "${name}". ${notes.map((it) => `${it} `).join("")}` +
    `Start it with {"action": "start", "name": "${name}"}.`;
  const services = [reportWithoutState({ name, definition })];
  return answer(text, { action: "define", services, replaced: isThere });
}

function fieldsOf({ name, ...request }: ServicesRequest): object {
  const { image, ports, env, volumes, healthcheck, description, network } = request;
  const { command, memory, cpus, depends_on, restart } = request;
  return {
    ...{ name, image, ports, env, volumes, healthcheck, description, network },
    ...{ command, memory, cpus, depends_on, restart },
  };
}

/** Lists what is defined, with its state where an engine answers. */
export async function list(call: Call, { definitions, containers }: ServicesContext): Promise<ToolResult> {
  const stored = await definitions.list();
  const names = stored.filter((it) => "definition" in it).map((it) => it.name);
  let engine: string | undefined;
  let problem: string | undefined;
  let states: Awaited<ReturnType<typeof containers.states>> = [];
  try {
    [engine, states] = await Promise.all([containers.engine(call), containers.states(names, call)]);
  } catch (thrown) {
    call.signal.throwIfAborted();
    problem = messageOf(thrown);
  }
  const services = await Promise.all(stored.map(async (it) => {
    const state = states.find(({ name }) => name === it.name);
    return "definition" in it && state !== undefined ? await reportOf(it.definition, state) : reportWithoutState(it);
  }));
  const headline = services.length === 0
    ? "There are no services yet. Make one with the action define."
    : `Services (${services.length}):\n\n${services.map(lineOf).join("\n")}`;
  return answer(problem === undefined ? headline : `${headline}\n\n${problem}`, {
    action: "list",
    services,
    ...(engine !== undefined && { engine }),
    ...(problem !== undefined && { engine_problem: problem }),
  });
}

/** Defines the services of a Compose file. */
export async function importCompose(
  request: ServicesRequest,
  call: Call,
  context: ServicesContext,
): Promise<ToolResult> {
  const { definitions } = context;
  const { env = {}, services: only, overwrite } = request;
  const { text, folder } = await composeText(request, call, context);
  const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
  const { readCompose } = await import("../compose/compose.ts");
  const { definitions: made, unsupported } = await readCompose(text, { variables, folder, only });
  const taken: string[] = [];
  for (const { name } of made) if (await definitions.has(name)) taken.push(name);
  if (taken.length > 0 && !overwrite) {
    throw new ToolError(
      `Cannot import the Compose file: there are services of the names ${
        taken.join(", ")
      }; give "overwrite": true to ` +
        'replace them, or name the others in "services"',
    );
  }
  for (const definition of made) await definitions.save(definition);
  return answer(describeImport(made, unsupported), {
    action: "import_compose",
    services: made.map((definition) => reportWithoutState({ name: definition.name, definition })),
    unsupported: unsupported.map((it) => ({ ...it })),
    replaced: taken.length > 0,
  });
}

async function composeText(
  { path, content }: ServicesRequest,
  call: Call,
  { files, environment, policy }: ServicesContext,
): Promise<{ readonly text: string; readonly folder: string | undefined }> {
  if ((path === undefined) === (content === undefined)) {
    throw new ToolError('Cannot import a Compose file: give either "path" or "content"');
  }
  if (path === undefined) return { text: content!, folder: undefined };
  if ((call.principal?.id ?? LOCAL_PRINCIPAL.id) !== LOCAL_PRINCIPAL.id) {
    throw new ToolError(
      'Cannot import a Compose file by its path: only the user of this machine names files of it; give "content"',
    );
  }
  const absolute = environment.expand(path).replaceAll("\\", "/");
  const end = absolute.lastIndexOf("/");
  const folder = files.open(absolute.slice(0, end) || "/");
  const file = absolute.slice(end + 1);
  if (policy === undefined) {
    throw new ToolError(
      'Cannot import a Compose file by its path: nothing here decides which files may be read; the plugin "grants" does, ' +
        'or give "content"',
    );
  }
  const real = `${folder.path}/${file}`;
  const grants = policy.read({ read: [real] });
  await policy.authorize({ tool: "services:import_compose", digest: () => sha256(`read\n${real}`), grants }, call);
  const stat = await folder.stat(file);
  if (stat === undefined) {
    throw new ToolError(`Cannot import Compose file ${JSON.stringify(path)}: there is no such file`);
  }
  if (stat.size > MOST_FILE_BYTES) {
    throw new ToolError(
      `Cannot import Compose file ${JSON.stringify(path)}: it has more than ${MOST_FILE_BYTES} bytes`,
    );
  }
  return { text: await folder.readText(file) ?? "", folder: folder.path };
}

function describeImport(made: readonly ServiceDefinition[], unsupported: readonly Unsupported[]): string {
  const names = made.map((it) => it.name).join(", ");
  const headline = `Defined ${made.length === 1 ? "service" : `${made.length} services:`} ${names || "none"}.`;
  if (unsupported.length === 0) return headline;
  const lines = unsupported.map(({ service, key, why }) =>
    `- ${service === undefined ? "" : `${service}: `}${key}: ${why}`
  );
  return `${headline}\n\nNot kept:\n${lines.join("\n")}`;
}

/**
 * Gives the name of a request.
 *
 * @throws {ToolError} when it is missing, or none that a service may have.
 */
export function nameOf({ action, name }: ServicesRequest): string {
  if (name === undefined || name === "") {
    throw new ToolError(`Cannot ${action} a service: "name" is missing; the action list tells the names`);
  }
  if (isServiceName(name)) return name;
  throw new ToolError(`Cannot ${action} service ${JSON.stringify(name)}: a name has 1 to 64 letters, digits, _ and -`);
}
