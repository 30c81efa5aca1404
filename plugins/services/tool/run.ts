/**
 * The actions of the tool `services` on containers: start, stop, remove, logs, status, exec, prune.
 *
 * @module
 */
import { type Call, ToolError, type ToolResult } from "../../../kernel/mod.ts";
import { readVolume } from "../definition/volumes.ts";
import { splitWords } from "../definition/words.ts";
import type { ServicesContext } from "./context.ts";
import { nameOf } from "./define.ts";
import type { ServicesRequest } from "./input.ts";
import { answer, lineOf, reportOf, reportOfStart } from "./reports.ts";

/** Starts a service, and what it depends on. */
export async function start(request: ServicesRequest, call: Call, context: ServicesContext): Promise<ToolResult> {
  const { definitions, starter } = context;
  const name = nameOf(request);
  // a client that knows tasks need not wait while an image is pulled
  if (call.path.length === 1) await call.detach();
  const started = await starter.start([name], call);
  const services = [];
  for (const it of started) services.push(await reportOfStart(await definitions.get(it.state.name), it));
  const own = services.find((it) => it.name === name);
  const headline = own?.outcome === "running" ? `Service "${name}" runs already.` : `Started service "${name}".`;
  return answer(`${headline}\n\n${services.map(lineOf).join("\n")}`, { action: "start", services });
}

/** Stops a service. */
export async function stop(request: ServicesRequest, call: Call, { definitions, containers }: ServicesContext) {
  const name = nameOf(request);
  await mustBeKnown(name, call, { definitions, containers });
  const before = await containers.stop(name, call);
  const wasRunning = ["running", "restarting", "paused"].includes(before.status);
  const services = [await reportOf(undefined, wasRunning ? await containers.state(name, call) : before)];
  const text = wasRunning ? `Stopped service "${name}".` : `Service "${name}" was not running.`;
  return answer(text, { action: "stop", services });
}

/** Removes a service: its container, its definition, and its volumes when asked to. */
export async function remove(request: ServicesRequest, call: Call, context: ServicesContext): Promise<ToolResult> {
  const { definitions, containers } = context;
  const name = nameOf(request);
  const others = await definitions.list();
  const stored = others.find((it) => it.name === name);
  await mustBeKnown(name, call, context);
  const before = await containers.remove(name, call);
  const volumes = stored !== undefined && "definition" in stored ? volumesOf(stored.definition) : [];
  const shared = new Set(
    others.flatMap((it) => it.name !== name && "definition" in it ? volumesOf(it.definition) : []),
  );
  const gone = request.remove_volumes
    ? await containers.removeVolumes(volumes.filter((it) => !shared.has(it)), call)
    : [];
  const kept = await containers.presentVolumes(volumes, call);
  await definitions.remove(name);
  const removed = {
    containers: before.status === "absent" ? [] : [before.container],
    volumes: [...gone],
    networks: [],
  };
  const parts = [
    `Removed service "${name}"${gone.length === 0 ? "" : ` with ${gone.join(", ")}`}.`,
    ...(kept.length === 0 ? [] : [`Kept: ${kept.join(", ")}.`]),
  ];
  return answer(parts.join(" "), { action: "remove", removed, kept_volumes: [...kept] });
}

function volumesOf({ volumes }: { readonly volumes: readonly string[] }): readonly string[] {
  return [...new Set(volumes.map(readVolume).filter((it) => it.kind === "volume").map((it) => it.source))];
}

/** Refuses a name that stands for nothing: neither a file, nor a container of a file that is gone. */
async function mustBeKnown(
  name: string,
  call: Call,
  { definitions, containers }: Pick<ServicesContext, "definitions" | "containers">,
): Promise<void> {
  if (await definitions.has(name)) return;
  const { status } = await containers.state(name, call);
  if (status === "absent" || status === "foreign") await definitions.get(name);
}

/** Gives the end of a log. */
export async function logs(request: ServicesRequest, call: Call, { definitions, containers }: ServicesContext) {
  const name = nameOf(request);
  await mustBeKnown(name, call, { definitions, containers });
  const log = await containers.logs(name, { tail: request.tail, signal: call.signal });
  return answer(log === "" ? `Service "${name}" has written nothing.` : log, { action: "logs", log });
}

/** Tells how one service is, or all. */
export async function status(request: ServicesRequest, call: Call, { definitions, containers }: ServicesContext) {
  const engine = await containers.engine(call);
  const all = (await definitions.list()).flatMap((it) => "definition" in it ? [it.definition] : []);
  const wanted = request.name === undefined ? all : [await definitions.get(nameOf(request))];
  const states = await containers.states(wanted.map((it) => it.name), call);
  const services = await Promise.all(wanted.map((it, i) => reportOf(it, states[i]!)));
  const text = services.length === 0 ? "There are no services yet." : services.map(lineOf).join("\n");
  return answer(text, { action: "status", services, engine });
}

/** Runs a command in a service. */
export async function exec(request: ServicesRequest, call: Call, { definitions, containers }: ServicesContext) {
  const name = nameOf(request);
  const { command, timeout_ms: timeoutMs } = request;
  const words = typeof command === "string" ? splitWords(command) : command;
  if (words === undefined || words.length === 0 || words[0] === "") {
    throw new ToolError(
      `Cannot run a command in service "${name}": "command" is missing, or has a quote that is not closed; give words, ` +
        'such as ["psql", "-c", "select 1"]',
    );
  }
  await mustBeKnown(name, call, { definitions, containers });
  const { exitCode, stdout, stderr, truncated } = await containers.exec(name, {
    ...{ command: words, timeoutMs, signal: call.signal },
  });
  const parts = [
    ...(exitCode === 0 ? [] : [`The command ended with exit code ${exitCode ?? "none"}.`]),
    ...(stdout === "" ? [] : [stdout.trimEnd()]),
    ...(stderr === "" ? [] : [`stderr:\n${stderr.trimEnd()}`]),
    ...(truncated ? ["That is not all that it wrote."] : []),
  ];
  const data = { action: "exec" as const, exit_code: exitCode ?? null, stdout, stderr, truncated };
  return answer(parts.join("\n\n") || "The command wrote nothing.", data, { isError: exitCode !== 0 });
}

/** Removes what is ours and not used. */
export async function prune(request: ServicesRequest, call: Call, { containers }: ServicesContext) {
  const pruned = await containers.prune({ withVolumes: request.include_volumes, signal: call.signal });
  const removed = {
    containers: [...pruned.containers],
    volumes: [...pruned.volumes],
    networks: [...pruned.networks],
  };
  const names = [...removed.containers, ...removed.networks, ...removed.volumes];
  const text = names.length === 0 ? "There was nothing to remove." : `Removed ${names.join(", ")}.`;
  return answer(text, { action: "prune", removed });
}
