/**
 * Reads what engines tell of containers.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import type { ContainerState, ContainerStatus, PublishedPort } from "./containers.ts";
import { containerName, DIGEST_LABEL, HOME_LABEL, SERVICE_LABEL } from "./naming.ts";

/** Most characters of what a health check said. */
const MOST_HEALTH_OUTPUT = 2_000;

/** Docker's words and Podman's. */
const STATUSES: Readonly<Record<string, ContainerStatus>> = {
  created: "created",
  configured: "created",
  initialized: "created",
  running: "running",
  restarting: "restarting",
  paused: "paused",
  dead: "dead",
};

/** Reads the answer of `inspect`: containers by the names of their services, of which those that are not there are left out. */
export function readInspection(json: string, home: string): ReadonlyMap<string, ContainerState> {
  const content: unknown = json.trim() === "" ? [] : JSON.parse(json);
  const states = (Array.isArray(content) ? content : []).filter(isObject).map((it) => stateOf(it, home));
  return new Map(states.map((state) => [state.container, state]));
}

/** Tells of a container that is not there. */
export function absent(name: string): ContainerState {
  return { name, container: containerName(name), status: "absent", ports: [] };
}

function stateOf(inspected: JsonObject, home: string): ContainerState {
  const container = textOf(inspected["Name"]).replace(/^\//, "");
  const { Labels: labels } = objectOf(inspected["Config"]);
  const { [SERVICE_LABEL]: service, [HOME_LABEL]: owner, [DIGEST_LABEL]: digest } = objectOf(labels);
  const name = container.slice(containerName("").length);
  const id = textOf(inspected["Id"]).slice(0, 12);
  if (service !== name || owner !== home) return { name, container, status: "foreign", id, ports: [] };
  const state = objectOf(inspected["State"]);
  const status = STATUSES[textOf(state["Status"])] ?? "exited";
  const hasEnded = status === "exited" || status === "dead" || status === "restarting";
  const startedAt = textOf(state["StartedAt"]);
  const error = textOf(state["Error"]);
  return {
    ...{ name, container, status, id },
    ports: status === "running" ? portsOf(objectOf(inspected["NetworkSettings"])["Ports"]) : [],
    // what was said of one that has ended says nothing of how it is
    ...(status === "running" && healthOf(objectOf(state["Health"] ?? state["Healthcheck"]))),
    // the zero of Go's clock stands for never
    ...(startedAt !== "" && !startedAt.startsWith("0001-") && { startedAt }),
    ...(hasEnded && typeof state["ExitCode"] === "number" && { exitCode: state["ExitCode"] }),
    ...(hasEnded && state["OOMKilled"] === true && { isOutOfMemory: true }),
    ...(error !== "" && { error }),
    ...(typeof inspected["RestartCount"] === "number" && { restarts: inspected["RestartCount"] }),
    ...(typeof digest === "string" && { digest }),
  };
}

function portsOf(ports: unknown): readonly PublishedPort[] {
  const found = Object.entries(objectOf(ports)).flatMap(([port, bindings]) => {
    const [container, protocol = "tcp"] = port.split("/");
    return (Array.isArray(bindings) ? bindings : []).filter(isObject).map((binding) => ({
      container: Number(container),
      protocol,
      address: textOf(binding["HostIp"]),
      host: Number(binding["HostPort"]),
    }));
  });
  return found.sort((a, b) => a.container - b.container || a.host - b.host);
}

function healthOf(health: JsonObject): Pick<ContainerState, "health" | "healthOutput" | "checkedAt"> {
  const status = textOf(health["Status"]);
  if (status !== "starting" && status !== "healthy" && status !== "unhealthy") return {};
  const log = Array.isArray(health["Log"]) ? health["Log"] : [];
  const last = objectOf(log.at(-1));
  const [output, checkedAt] = [textOf(last["Output"]).trim(), textOf(last["End"])];
  return {
    health: status,
    ...(output !== "" && { healthOutput: output.slice(0, MOST_HEALTH_OUTPUT) }),
    ...(checkedAt !== "" && { checkedAt }),
  };
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
