/**
 * What a service is: an image, and how a container of it is run.
 *
 * @module
 */
import * as v from "valibot";
import { sha256 } from "../../../kernel/mod.ts";
import { splitWords } from "./words.ts";

const NAME_REGEXP = /^[A-Za-z0-9_-]{1,64}$/;
// letters and digits first: what begins with a hyphen would be an option of the engine
const IMAGE_REGEXP = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,499}$/;
const NETWORK_REGEXP = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const VARIABLE_REGEXP = /^[A-Za-z_][A-Za-z0-9_.-]{0,254}$/;
const MEMORY_REGEXP = /^\d{1,15}(?:\.\d{1,3})?\s*(?:[bkmg]|[kmg]i?b)?$/i;
const RESTART_REGEXP = /^(?:no|always|unless-stopped|on-failure(?::\d{1,4})?)$/;
const DURATION_REGEXP = /^(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|ns))+$/;

/** The network of services that name none; skillz calls it so too. */
export const SERVICES_NETWORK = "skillz_services";

/** How it is found out whether a service is ready. */
export interface HealthCheck {
  /** A command line that a shell in the container runs; 0 means healthy. */
  readonly cmd: string;
  /** Time between two checks, such as `2s`. */
  readonly interval: string;
  /** Checks that fail in a row before the service is unhealthy. */
  readonly retries: number;
  /** Time of one check, such as `5s`. */
  readonly timeout: string;
  /** Time in which failed checks do not count, such as `30s`; none by default. */
  readonly start_period?: string;
}

/** A service, as its file has it. */
export interface ServiceDefinition {
  readonly name: string;
  readonly image: string;
  /** `80`, `8080:80`, `127.0.0.1:8080:80`, each with `/tcp` or `/udp` at the end if need be. */
  readonly ports: readonly string[];
  /** `${secret:NAME}` in a value stands for a secret. */
  readonly env: Readonly<Record<string, string>>;
  /** `name:/path` or `/folder:/path`, with `:ro` at the end if need be. */
  readonly volumes: readonly string[];
  readonly healthcheck?: HealthCheck;
  readonly description: string;
  readonly network: string;
  /** Words in place of the image's own command. */
  readonly command?: readonly string[];
  /** Most memory, such as `512m`. */
  readonly memory?: string;
  /** Most processors, such as 0.5. */
  readonly cpus?: number;
  /** Names of services that have to run before. */
  readonly depends_on: readonly string[];
  /** `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`. */
  readonly restart: string;
}

/** Tells whether a name is one that a service may have; only such a name becomes a path or a container's name. */
export function isServiceName(name: unknown): name is string {
  return typeof name === "string" && NAME_REGEXP.test(name);
}

const text = v.string();
const matching = (pattern: RegExp, expected: string) =>
  v.pipe(text, v.trim(), v.regex(pattern, ({ received }) => `found ${received}, expected ${expected}`));
// what comes from YAML and from hand may be a number
const scalar = v.pipe(v.union([text, v.number(), v.boolean()]), v.transform(String));
const list = <S extends v.GenericSchema>(item: S) => v.nullish(v.pipe(v.array(item), v.maxLength(200)), []);

/** The names of services that have to run before. */
const DependsOn = v.pipe(
  v.array(matching(NAME_REGEXP, "1 to 64 letters, digits, _ and -")),
  v.maxLength(50),
);

/** A command: words, or a line that is split into words as a shell does it, and never given to one. */
const CommandWords = v.union([
  v.pipe(v.array(text), v.minLength(1), v.maxLength(1_000)),
  v.pipe(
    text,
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const words = splitWords(dataset.value);
      if (words !== undefined && words.length > 0) return words;
      addIssue({ message: "has no words, or a quote that is not closed" });
      return NEVER;
    }),
  ),
]);

/** The schema of a health check. */
const HealthCheckInput = v.object({
  cmd: v.pipe(text, v.trim(), v.minLength(1)),
  interval: v.nullish(matching(DURATION_REGEXP, "a time such as 2s"), "2s"),
  retries: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)), 15),
  timeout: v.nullish(matching(DURATION_REGEXP, "a time such as 5s"), "5s"),
  start_period: v.nullish(matching(DURATION_REGEXP, "a time such as 30s")),
});

/** The schemas of all fields but the name. Those that a file may leave out may be `null` in it as well. */
export const FIELDS = {
  image: matching(IMAGE_REGEXP, "the name of an image, such as postgres:16"),
  ports: list(scalar),
  env: v.nullish(v.record(matching(VARIABLE_REGEXP, "the name of a variable"), scalar), {}),
  volumes: list(text),
  healthcheck: v.nullish(HealthCheckInput),
  description: v.nullish(text, ""),
  network: v.nullish(matching(NETWORK_REGEXP, "the name of a network"), SERVICES_NETWORK),
  command: v.nullish(CommandWords),
  memory: v.nullish(v.pipe(scalar, v.regex(MEMORY_REGEXP, ({ received }) => `found ${received}, expected 512m`))),
  cpus: v.nullish(v.pipe(scalar, v.transform(Number), v.number(), v.minValue(0.01), v.maxValue(1_024))),
  depends_on: v.nullish(DependsOn, []),
  restart: v.nullish(
    matching(RESTART_REGEXP, "no, always, unless-stopped, on-failure or on-failure:3"),
    "unless-stopped",
  ),
};

/** The schema of a definition file: what is unknown is left out, what may be missing gets its default. */
export const DefinitionFile = v.object({
  name: matching(NAME_REGEXP, "1 to 64 letters, digits, _ and -"),
  ...FIELDS,
});

/** Makes a definition of what {@linkcode DefinitionFile} has read: what is `null` is left out. */
export function definitionOf(read: v.InferOutput<typeof DefinitionFile>): ServiceDefinition {
  const { healthcheck, ...rest } = read;
  const check = healthcheck && Object.fromEntries(Object.entries(healthcheck).filter(([, it]) => it != null));
  const entries = Object.entries({ ...rest, healthcheck: check }).filter(([, it]) => it !== null && it !== undefined);
  return Object.fromEntries(entries) as unknown as ServiceDefinition;
}

/**
 * Gives the digest of what a container is made of: another digest means that the container has to be made anew. What it
 * is called by people, and what has to run before it, is no part of it.
 *
 * @returns 64 hex digits.
 */
export async function digestOfDefinition(definition: ServiceDefinition): Promise<string> {
  const { description: _said, depends_on: _before, env, ...made } = definition;
  const variables = Object.entries(env).sort(([a], [b]) => a < b ? -1 : 1);
  return await sha256(JSON.stringify({ ...made, env: variables }));
}
