/**
 * Containers by the command line of Docker or Podman.
 *
 * @module
 */
import { type Call, type Folder, ToolError } from "../../../kernel/mod.ts";
import { digestOfDefinition, type ServiceDefinition, SERVICES_NETWORK } from "../definition/definition.ts";
import { readVolume, volumeName } from "../definition/volumes.ts";
import type { Engine } from "../engine/engine.ts";
import type { Engines } from "../engine/engines.ts";
import type { Containers, ContainerState, ExecResult, Pruned, StartedContainer } from "./containers.ts";
import { createArguments, isBuiltInNetwork } from "./create_arguments.ts";
import { execute } from "./execution.ts";
import { ensureImage } from "./images.ts";
import { absent, readInspection } from "./inspection.ts";
import { joinStreams } from "./logs.ts";
import { containerName, DIGEST_LABEL, HOME_LABEL, labelArguments, SERVICE_LABEL } from "./naming.ts";
import type { Permissions, Permitted } from "./permissions.ts";
import { prune } from "./pruning.ts";

/** What {@linkcode EngineContainers} work with. */
export interface EngineContainersOptions {
  readonly engines: Engines;
  readonly permissions: Permissions;
  /** Stands for the home of this server in labels. */
  readonly home: string;
  /** Where servers of this home take locks. */
  readonly folder: Folder;
  /** Networks made by others that services may join. */
  readonly networks: readonly string[];
  /** Most milliseconds of one pull. */
  readonly pullMs: number;
}

type Signalled = Pick<Call, "signal">;

/** Time in which a container may end by itself, in seconds, and of the commands that wait for that. */
const GRACE_SECONDS = 10;
const STOP_MS = 60_000;
const CREATE_MS = 120_000;
/** What the engine's program needs around a health check. */
const CHECK_GRACE_MS = 5_000;
const MOST_LOG_BYTES = 8 * 1024 * 1024;

/** Runs containers by the engine that is found when it is first needed. */
export class EngineContainers implements Containers {
  readonly #options: EngineContainersOptions;

  constructor(options: EngineContainersOptions) {
    this.#options = options;
  }

  async engine({ signal }: Signalled): Promise<string> {
    return (await this.#options.engines.get(signal)).title;
  }

  async state(name: string, call: Signalled): Promise<ContainerState> {
    return (await this.states([name], call))[0]!;
  }

  async states(names: readonly string[], { signal }: Signalled): Promise<readonly ContainerState[]> {
    if (names.length === 0) return [];
    const { engines, home } = this.#options;
    const engine = await engines.get(signal);
    const what = "look at containers";
    const args = ["inspect", "--type", "container", ...names.map(containerName)];
    const result = await engine.attempt(what, { args, signal });
    // one that is not there makes it fail, and the others are told all the same
    if (result.code !== 0 && !/no such (?:container|object)|no container with name/i.test(result.stderr)) {
      throw engine.failure(what, result);
    }
    const found = readInspection(result.stdout, home);
    return names.map((name) => found.get(containerName(name)) ?? absent(name));
  }

  async start(definition: ServiceDefinition, call: Call): Promise<StartedContainer> {
    const { name } = definition;
    const { engines, permissions } = this.#options;
    const engine = await engines.get(call.signal);
    return await this.#changing(name, call.signal, async () => {
      const before = await this.#own(name, { verb: "start", signal: call.signal });
      const digest = await digestOfDefinition(definition);
      const isSame = before.digest === digest;
      if (isSame && (before.status === "running" || before.status === "restarting")) {
        return { state: before, outcome: "running" };
      }
      const permitted = await permissions.give(definition, digest, call);
      if (!isSame) await this.#make(engine, { definition, digest, permitted, before, call });
      const verb = isSame && before.status === "paused" ? "unpause" : "start";
      await this.#begin(engine, { name, verb, isNew: !isSame, signal: call.signal });
      const outcome = isSame ? "started" : before.status === "absent" ? "created" : "recreated";
      return { state: await this.state(name, call), outcome };
    });
  }

  async check(
    name: string,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const engine = await this.#options.engines.get(signal);
    if (engine.kind !== "podman") return false;
    const args = ["healthcheck", "run", containerName(name)];
    const command = { args, timeoutMs: timeoutMs + CHECK_GRACE_MS, signal };
    // the next look at the container tells how it went; a check that hangs is one that has not passed
    await engine.attempt(`check the health of service "${name}"`, command).catch(() => signal.throwIfAborted());
    return true;
  }

  async stop(name: string, { signal }: Signalled): Promise<ContainerState> {
    const { engines } = this.#options;
    const engine = await engines.get(signal);
    return await this.#changing(name, signal, async () => {
      const before = await this.#own(name, { verb: "stop", signal });
      if (["running", "restarting", "paused"].includes(before.status)) {
        const args = ["stop", "--time", String(GRACE_SECONDS), before.container];
        await engine.run(`stop service "${name}"`, { args, signal, timeoutMs: STOP_MS });
      }
      return before;
    });
  }

  async remove(name: string, { signal }: Signalled): Promise<ContainerState> {
    const { engines } = this.#options;
    const engine = await engines.get(signal);
    return await this.#changing(name, signal, async () => {
      const before = await this.#own(name, { verb: "remove", signal });
      if (before.status !== "absent") await this.#discard(engine, before, signal);
      return before;
    });
  }

  async presentVolumes(volumes: readonly string[], { signal }: Signalled): Promise<readonly string[]> {
    if (volumes.length === 0) return [];
    const engine = await this.#options.engines.get(signal);
    const present = new Set(await engine.list("list volumes", { args: ["volume", "ls", "--quiet"], signal }));
    return [...new Set(volumes.map(volumeName))].filter((it) => present.has(it));
  }

  async removeVolumes(volumes: readonly string[], { signal }: Signalled): Promise<readonly string[]> {
    const engine = await this.#options.engines.get(signal);
    const removed: string[] = [];
    for (const volume of new Set(volumes.map(volumeName))) {
      const what = `remove volume "${volume}"`;
      const result = await engine.attempt(what, { args: ["volume", "rm", volume], signal });
      if (result.code === 0) removed.push(volume);
      else if (!/no such volume|no volume with name/i.test(result.stderr)) throw engine.failure(what, result);
    }
    return removed;
  }

  async logs(name: string, { tail, signal }: { readonly tail: number; readonly signal: AbortSignal }): Promise<string> {
    const engine = await this.#options.engines.get(signal);
    const { container } = await this.#present(name, { verb: "read the log of", signal });
    const what = `read the log of service "${name}"`;
    const args = ["logs", "--timestamps", "--tail", String(tail), container];
    const result = await engine.attempt(what, { args, signal, outputLimit: MOST_LOG_BYTES });
    if (result.code !== 0) throw engine.failure(what, result);
    return joinStreams(result.stdout, result.stderr);
  }

  async exec(
    name: string,
    options: { readonly command: readonly string[]; readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<ExecResult> {
    const engine = await this.#options.engines.get(options.signal);
    const { container, status } = await this.#present(name, { verb: "run a command in", signal: options.signal });
    if (status !== "running") {
      throw new ToolError(`Cannot run a command in service "${name}": it is ${status}; start it first`);
    }
    return await execute(engine, { ...options, service: name, container });
  }

  async prune(
    { withVolumes, signal }: { readonly withVolumes: boolean; readonly signal: AbortSignal },
  ): Promise<Pruned> {
    const { engines, home } = this.#options;
    return await prune(await engines.get(signal), { home, withVolumes, signal });
  }

  /** Makes a container anew; all that may fail before the old one has to go is done before. */
  async #make(engine: Engine, made: {
    readonly definition: ServiceDefinition;
    readonly digest: string;
    readonly permitted: Permitted;
    readonly before: ContainerState;
    readonly call: Call;
  }): Promise<void> {
    const { definition, digest, permitted, before, call } = made;
    const { name, image, volumes } = definition;
    const { signal } = call;
    const what = `start service "${name}"`;
    await ensureImage(engine, { image, service: name, timeoutMs: this.#options.pullMs, call });
    await this.#ensureNetwork(engine, definition, signal);
    for (const { kind, source } of volumes.map(readVolume)) {
      if (kind === "volume") await this.#ensure(engine, ["volume", volumeName(source)], signal);
    }
    if (before.status !== "absent") await this.#discard(engine, before, signal);
    const labels = { ...this.#labels(name), [DIGEST_LABEL]: digest };
    const args = createArguments(definition, { kind: engine.kind, permitted, labels });
    await engine.run(what, { args, signal, timeoutMs: CREATE_MS, env: permitted.secret });
  }

  async #begin(engine: Engine, { name, verb, isNew, signal }: {
    readonly name: string;
    readonly verb: "start" | "unpause";
    readonly isNew: boolean;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const what = `start service "${name}"`;
    const container = containerName(name);
    try {
      await engine.run(what, { args: [verb, container], signal, timeoutMs: STOP_MS });
    } catch (thrown) {
      // one that never ran would look as if it had
      if (isNew) {
        const args = ["rm", "--force", container];
        await engine.attempt(what, { args, signal: AbortSignal.timeout(STOP_MS) }).catch(() => undefined);
      }
      throw thrown;
    }
  }

  /** @throws {ToolError} when containers of others are in it, which a model is not to reach or stand in for. */
  async #ensureNetwork(engine: Engine, { name, network }: ServiceDefinition, signal: AbortSignal): Promise<void> {
    if (isBuiltInNetwork(network)) return;
    await this.#ensure(engine, ["network", network], signal);
    if (network === SERVICES_NETWORK || this.#options.networks.includes(network)) return;
    const what = `look at network "${network}"`;
    const text = await engine.run(what, { args: ["network", "inspect", network], signal });
    if (text.includes(`"${HOME_LABEL}": "${this.#options.home}"`)) return;
    throw new ToolError(
      `Cannot start service "${name}": the network "${network}" is there and was not made by this server; give it ` +
        `another one, or the operator allows it by "plugins": {"services": {"networks": [${JSON.stringify(network)}]}}`,
    );
  }

  /** Makes a network or a volume unless it is there; one that is there is used as it is, whoever made it. */
  async #ensure(
    engine: Engine,
    [kind, name]: readonly [kind: string, name: string],
    signal: AbortSignal,
  ): Promise<void> {
    const what = `make ${kind} "${name}"`;
    const { code } = await engine.attempt(what, { args: [kind, "inspect", name], signal });
    if (code === 0) return;
    const args = [kind, "create", ...labelArguments(this.#labels("")), name];
    const result = await engine.attempt(what, { args, signal });
    if (result.code !== 0 && !/already exists/i.test(result.stderr)) throw engine.failure(what, result);
  }

  async #discard(engine: Engine, { name, container }: ContainerState, signal: AbortSignal): Promise<void> {
    const args = ["rm", "--force", container];
    await engine.run(`remove the container of service "${name}"`, { args, signal, timeoutMs: STOP_MS });
  }

  #labels(service: string): Readonly<Record<string, string>> {
    return { [SERVICE_LABEL]: service, [HOME_LABEL]: this.#options.home };
  }

  /** Gives the state of a container, and refuses one that is not ours. */
  async #own(name: string, { verb, signal }: { readonly verb: string } & Signalled): Promise<ContainerState> {
    const state = await this.state(name, { signal });
    if (state.status !== "foreign") return state;
    throw new ToolError(
      `Cannot ${verb} service "${name}": the container ${state.container} is there and was not made by this server, but ` +
        "by skillz, by a server with another home, or by hand; give the service another name, or remove that container " +
        "with the engine's own `rm` (its named volumes stay)",
    );
  }

  async #present(name: string, options: { readonly verb: string } & Signalled): Promise<ContainerState> {
    const state = await this.#own(name, options);
    if (state.status !== "absent") return state;
    throw new ToolError(`Cannot ${options.verb} service "${name}": it has no container; start it first`);
  }

  /** Changes one service at a time, whichever server of this home does it. */
  async #changing<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const release = await this.#options.folder.lock(`service-${name}`, { signal });
    try {
      return await work();
    } finally {
      await release();
    }
  }
}
