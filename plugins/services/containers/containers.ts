/**
 * What can be done with the containers of services, whichever engine runs them.
 *
 * @module
 */
import type { Call } from "../../../kernel/mod.ts";
import type { ServiceDefinition } from "../definition/definition.ts";

/** A port of a container, as it is reached from this machine. */
export interface PublishedPort {
  /** Within the container. */
  readonly container: number;
  readonly protocol: string;
  /** Address of this machine, such as `127.0.0.1`. */
  readonly address: string;
  /** Of this machine. */
  readonly host: number;
}

/** `absent`: there is no container; `foreign`: there is one of that name that is not ours. */
export type ContainerStatus =
  | "absent"
  | "foreign"
  | "created"
  | "running"
  | "restarting"
  | "paused"
  | "exited"
  | "dead";

/** How a container is. */
export interface ContainerState {
  /** Of the service. */
  readonly name: string;
  /** Name of the container: `skillz_svc_<name>`. */
  readonly container: string;
  readonly status: ContainerStatus;
  /** The first 12 digits; absent where there is no container. */
  readonly id?: string;
  /** Sorted as the definition has them; empty unless it runs. */
  readonly ports: readonly PublishedPort[];
  /** Absent without a health check, and unless it runs. */
  readonly health?: "starting" | "healthy" | "unhealthy";
  /** What the last check said, cut to 2,000 characters. */
  readonly healthOutput?: string;
  /** When the last check ended, in the words of the engine; absent before the first. */
  readonly checkedAt?: string;
  /** ISO 8601. */
  readonly startedAt?: string;
  /** How it ended, where it has. */
  readonly exitCode?: number;
  /** Whether it was ended for want of memory. */
  readonly isOutOfMemory?: boolean;
  /** What the engine says is wrong. */
  readonly error?: string;
  /** How often the engine has started it again. */
  readonly restarts?: number;
  /** Digest of the definition that it was made of. */
  readonly digest?: string;
}

/** What starting one container came to. */
export interface StartedContainer {
  readonly state: ContainerState;
  /** `running`: it ran already; `started`: it was there; `created`: it is new; `recreated`: its definition has changed. */
  readonly outcome: "running" | "started" | "created" | "recreated";
}

/** What a command in a container left. */
export interface ExecResult {
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** What was removed. */
export interface Pruned {
  /** Names of containers. */
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
}

/**
 * The containers of services. Each method finds the engine first, and throws a ToolError that says what to do when there
 * is none, or its daemon has gone away. Changes of one service wait for each other, other servers of this home included.
 */
export interface Containers {
  /**
   * Starts the container of one service, and nothing else: neither what it depends on, nor does it wait for health. The
   * image is pulled when it is not there, the container made anew when its definition has changed.
   *
   * @throws {ToolError} saying what is refused, taken or not there, and what to do.
   */
  start(definition: ServiceDefinition, call: Call): Promise<StartedContainer>;
  /** Tells how the container of a service is. */
  state(name: string, call: Pick<Call, "signal">): Promise<ContainerState>;
  /** Tells how many are, in the order of the names, by one question. */
  states(names: readonly string[], call: Pick<Call, "signal">): Promise<readonly ContainerState[]>;
  /** Has the health of a service checked now; tells `false` where the engine makes the checks by itself. */
  check(name: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<boolean>;
  /** Stops a container; gives its state from before. */
  stop(name: string, call: Pick<Call, "signal">): Promise<ContainerState>;
  /** Removes a container; gives its state from before. */
  remove(name: string, call: Pick<Call, "signal">): Promise<ContainerState>;
  /** Finds those volumes that are there, by their names within definitions; gives the engine's names. */
  presentVolumes(volumes: readonly string[], call: Pick<Call, "signal">): Promise<readonly string[]>;
  /** Removes volumes by their names within definitions; gives the engine's names of those that were there. */
  removeVolumes(volumes: readonly string[], call: Pick<Call, "signal">): Promise<readonly string[]>;
  /** Gives the last lines of what a container wrote, both streams in the order of time. */
  logs(name: string, options: { readonly tail: number; readonly signal: AbortSignal }): Promise<string>;
  /** Runs a command in a container that runs. When it is cut off, what it started in the container is ended as well. */
  exec(
    name: string,
    options: { readonly command: readonly string[]; readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<ExecResult>;
  /** Removes stopped containers of ours and networks that nothing uses, and volumes when asked to; nothing else. */
  prune(options: { readonly withVolumes: boolean; readonly signal: AbortSignal }): Promise<Pruned>;
  /** Names the engine that is used, such as `Docker 28.2.2`. */
  engine(call: Pick<Call, "signal">): Promise<string>;
}
