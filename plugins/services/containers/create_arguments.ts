/**
 * The command line that makes a container.
 *
 * @module
 */
import type { HealthCheck, ServiceDefinition } from "../definition/definition.ts";
import { publishArgument, readPort } from "../definition/ports.ts";
import { type Mount, volumeName } from "../definition/volumes.ts";
import type { EngineKind } from "../engine/engine.ts";
import { containerName, labelArguments } from "./naming.ts";
import type { Permitted } from "./permissions.ts";

/** What a container is made of. */
export interface CreateOptions {
  readonly kind: EngineKind;
  readonly permitted: Permitted;
  readonly labels: Readonly<Record<string, string>>;
}

/** Keeps what a container writes from filling the disk; the drivers are those whose logs can be read again. */
const LOG_ARGUMENTS: Readonly<Record<EngineKind, readonly string[]>> = {
  docker: ["--log-driver", "json-file", "--log-opt", "max-size=10m", "--log-opt", "max-file=2"],
  podman: ["--log-driver", "k8s-file", "--log-opt", "max-size=20mb"],
};
/** Networks that have no names of containers. */
const NAMELESS_NETWORKS: ReadonlySet<string> = new Set(["bridge", "none", "podman"]);

/** Tells whether a network is one that the engine itself brings. */
export function isBuiltInNetwork(network: string): boolean {
  return NAMELESS_NETWORKS.has(network);
}

/** Writes the arguments of `create`. */
export function createArguments(definition: ServiceDefinition, options: CreateOptions): readonly string[] {
  const { name, image, ports, network, restart, healthcheck, memory, cpus, command = [] } = definition;
  const { kind, permitted: { mounts, plain, secret }, labels } = options;
  return [
    ...["create", "--name", containerName(name), ...labelArguments(labels)],
    ...["--network", network, ...(isBuiltInNetwork(network) ? [] : ["--network-alias", name])],
    ...["--restart", restart, "--security-opt", "no-new-privileges", ...LOG_ARGUMENTS[kind]],
    ...ports.flatMap((port) => ["--publish", publishArgument(readPort(port))]),
    ...Object.entries(plain).flatMap(([variable, value]) => ["--env", `${variable}=${value}`]),
    // the engine's program takes their values out of its own environment
    ...Object.keys(secret).flatMap((variable) => ["--env", variable]),
    ...mounts.flatMap((mount) => ["--volume", volumeArgument(mount)]),
    ...(healthcheck === undefined ? [] : healthArguments(healthcheck)),
    ...(memory === undefined ? [] : ["--memory", memoryArgument(memory)]),
    ...(cpus === undefined ? [] : ["--cpus", String(cpus)]),
    ...[image, ...command],
  ];
}

function volumeArgument({ kind, source, target, mode }: Mount): string {
  const from = kind === "volume" ? volumeName(source) : source;
  return `${from}:${target}${mode === "" ? "" : `:${mode}`}`;
}

function healthArguments({ cmd, interval, retries, timeout, start_period: start }: HealthCheck): readonly string[] {
  return [
    ...["--health-cmd", cmd, "--health-interval", interval, "--health-retries", String(retries)],
    ...["--health-timeout", timeout, ...(start === undefined ? [] : ["--health-start-period", start])],
  ];
}

/** Writes an amount of memory as engines read it: `512MiB` is `512m`. */
function memoryArgument(memory: string): string {
  return memory.replace(/\s+/g, "").toLowerCase().replace(/([kmg])i?b$/, "$1");
}
