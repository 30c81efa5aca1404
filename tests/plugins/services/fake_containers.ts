/**
 * A fake of an engine's containers, for what a real one does too slowly or by chance: each service goes through states
 * that a test names. What real containers do is tested with a real daemon.
 *
 * @module
 */
import type { Call } from "../../../kernel/mod.ts";
import { ToolError } from "../../../kernel/mod.ts";
import type { Containers, ContainerState, StartedContainer } from "../../../plugins/services/containers/containers.ts";
import type { ServiceDefinition } from "../../../plugins/services/definition/definition.ts";
import { readDefinition } from "../../../plugins/services/definition/definitions.ts";

/** A service, as tests write it. */
export type Written = Partial<Omit<ServiceDefinition, "healthcheck">> & { readonly healthcheck?: object };

/** How one service behaves. */
export interface Behaviour {
  readonly outcome?: StartedContainer["outcome"];
  /** States after the start, one for each look; the last one stays. */
  readonly states?: readonly Partial<ContainerState>[];
  readonly log?: string;
  /** Whether the engine leaves health checks to others. */
  readonly isCheckedByHand?: boolean;
  /** Runs within the start. */
  onStart?(call: Call): Promise<void>;
}

/** Definitions and containers that are told of. */
export interface FakeContainers {
  readonly definitions: {
    get(name: string): Promise<ServiceDefinition>;
    has(name: string): Promise<boolean>;
  };
  readonly containers: Pick<Containers, "start" | "state" | "logs" | "check">;
  /** What happened: `start db`, `look db`, `check db`. */
  readonly events: string[];
}

/** Makes containers. */
export function fakeContainers(
  written: Readonly<Record<string, Written>>,
  behaviours: Readonly<Record<string, Behaviour>> = {},
): FakeContainers {
  const events: string[] = [];
  const looks = new Map<string, number>();
  const stateOf = (name: string): ContainerState => {
    const { states = [{}] } = behaviours[name] ?? {};
    const look = looks.get(name) ?? 0;
    looks.set(name, look + 1);
    return {
      name,
      container: `skillz_svc_${name}`,
      status: "running",
      id: name,
      ports: [],
      ...states[look] ?? states.at(-1),
    };
  };
  return {
    events,
    definitions: {
      has: (name) => Promise.resolve(Object.hasOwn(written, name)),
      get(name) {
        const found = written[name];
        if (found !== undefined) return readDefinition({ image: "x", ...found, name });
        return Promise.reject(new ToolError(`Cannot find service "${name}"`));
      },
    },
    containers: {
      async start({ name }, call) {
        events.push(`start ${name}`);
        call.signal.throwIfAborted();
        await behaviours[name]?.onStart?.(call);
        return { state: stateOf(name), outcome: behaviours[name]?.outcome ?? "started" };
      },
      state(name, { signal }) {
        signal.throwIfAborted();
        events.push(`look ${name}`);
        return Promise.resolve(stateOf(name));
      },
      check(name) {
        const { isCheckedByHand = false } = behaviours[name] ?? {};
        if (isCheckedByHand) events.push(`check ${name}`);
        return Promise.resolve(isCheckedByHand);
      },
      logs: (name) => Promise.resolve(behaviours[name]?.log ?? ""),
    },
  };
}

/** Sockets to ports at which nobody listens. */
export const NO_SOCKETS = { connect: () => Promise.reject(new Error("nobody listens")) };
