/**
 * The parameters and the answer of the tool `services`.
 *
 * @module
 */
import * as v from "valibot";

/** What the tool can do. */
export const ACTIONS = [
  "define",
  "list",
  "start",
  "stop",
  "remove",
  "logs",
  "status",
  "exec",
  "prune",
  "import_compose",
] as const;

/** Most lines of a log in one answer. */
const MOST_LINES = 10_000;

function described<S extends v.GenericSchema>(schema: S, text: string) {
  return v.pipe(schema, v.description(text));
}

const Texts = v.array(v.string());
const Values = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));
const whole = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));

/** The parameters. What fields of a definition may hold is checked, and told, when it is defined. */
export const ServicesInput = v.strictObject({
  action: described(v.picklist(ACTIONS), "What to do"),
  name: v.optional(described(v.string(), "Of the service; required but for list, status, prune and import_compose")),
  image: v.optional(described(v.string(), "define: the image, such as postgres:16")),
  ports: v.optional(described(
    v.array(v.union([v.string(), v.number()])),
    'define: ports, reached on 127.0.0.1: "5432" on any free port, "15432:5432" on 15432; "/udp" at the end if need be',
  )),
  env: v.optional(described(
    Values,
    "define: variables of the container, ${secret:NAME} stands for a secret; import_compose: values of ${VARIABLES}",
  )),
  volumes: v.optional(described(
    Texts,
    'define: "data:/path" for a volume that is kept, "/folder:/path" for an allowed folder; ":ro" for reading alone',
  )),
  healthcheck: v.optional(described(
    v.strictObject({
      cmd: described(v.string(), "Command line that a shell in the container runs; 0 means ready"),
      interval: v.optional(described(v.string(), "Between two checks; 2s by default")),
      retries: v.optional(described(whole(10_000), "Failures in a row; 15 by default")),
      timeout: v.optional(described(v.string(), "Of one check; 5s by default")),
      start_period: v.optional(described(v.string(), "In which failures do not count; none by default")),
    }),
    "define: how it is found out whether the service is ready",
  )),
  description: v.optional(described(v.string(), "define: what it is for")),
  network: v.optional(described(v.string(), "define: network in which services reach each other by name")),
  command: v.optional(described(
    v.union([Texts, v.string()]),
    'define: words in place of the command of the image; exec: what to run. No shell: ["sh", "-c", "…"] is one',
  )),
  memory: v.optional(described(v.string(), "define: most memory, such as 512m")),
  cpus: v.optional(described(v.number(), "define: most processors, such as 0.5")),
  depends_on: v.optional(described(Texts, "define: services that are started before it")),
  restart: v.optional(described(v.string(), "define: no, always, unless-stopped (default), on-failure:3")),
  overwrite: v.optional(described(v.boolean(), "define, import_compose: replace what has the name"), false),
  tail: v.optional(described(whole(MOST_LINES), "logs: how many of the last lines"), 200),
  remove_volumes: v.optional(described(v.boolean(), "remove: its volumes as well, with all data"), false),
  include_volumes: v.optional(described(v.boolean(), "prune: unused volumes as well, with all data"), false),
  timeout_ms: v.optional(described(whole(3_600_000), "exec: ends the command after this time"), 30_000),
  path: v.optional(described(v.string(), "import_compose: the file; or give its content")),
  content: v.optional(described(v.string(), "import_compose: the text of the file")),
  services: v.optional(described(Texts, "import_compose: only these")),
});
/** What the tool was given. */
export type ServicesRequest = v.InferOutput<typeof ServicesInput>;

const Port = v.object({ container: v.number(), protocol: v.string(), address: v.string(), host: v.number() });

const Service = v.object({
  name: v.string(),
  /** One of a container, or `unknown`, or `invalid` where its file cannot be read. */
  status: v.string(),
  outcome: v.optional(v.string()),
  image: v.optional(v.string()),
  description: v.optional(v.string()),
  depends_on: v.optional(Texts),
  container: v.optional(v.string()),
  id: v.optional(v.string()),
  ports: v.optional(v.array(Port)),
  health: v.optional(v.string()),
  health_output: v.optional(v.string()),
  started_at: v.optional(v.string()),
  exit_code: v.optional(v.number()),
  is_out_of_memory: v.optional(v.boolean()),
  restarts: v.optional(v.number()),
  /** Whether the definition has changed since the container was made. */
  is_changed: v.optional(v.boolean()),
  problem: v.optional(v.string()),
});
/** A service, as the tool tells of it. */
export type ServiceReport = v.InferInput<typeof Service>;

/** The answer. */
export const ServicesOutput = v.object({
  action: v.picklist(ACTIONS),
  services: v.optional(v.array(Service)),
  /** Such as `Docker 28.2.2`; absent where none was asked, or none answers. */
  engine: v.optional(v.string()),
  /** Why no engine answers. */
  engine_problem: v.optional(v.string()),
  replaced: v.optional(v.boolean()),
  log: v.optional(v.string()),
  exit_code: v.optional(v.nullable(v.number())),
  stdout: v.optional(v.string()),
  stderr: v.optional(v.string()),
  truncated: v.optional(v.boolean()),
  removed: v.optional(v.object({ containers: Texts, volumes: Texts, networks: Texts })),
  /** Volumes that other services use as well, and so are kept. */
  kept_volumes: v.optional(Texts),
  unsupported: v.optional(v.array(v.object({ service: v.optional(v.string()), key: v.string(), why: v.string() }))),
});
/** An answer. */
export type ServicesAnswer = v.InferInput<typeof ServicesOutput>;
