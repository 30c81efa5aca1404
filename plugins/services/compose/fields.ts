/**
 * The fields of a service in Compose files, as those of a definition.
 *
 * Source: https://github.com/compose-spec/compose-spec/blob/main/05-services.md
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";

/** Notes what is in a file and cannot be kept. */
export type Note = (key: string, why: string) => void;

/** Where a file is, and how what it cannot say is noted. */
export interface FieldContext {
  readonly note: Note;
  /** Folder that relative paths begin at; absolute. `undefined` where there is none. */
  readonly folder: string | undefined;
}

/** Gives one field of a definition; `undefined` to leave it out. */
type Field = (value: unknown, context: FieldContext) => JsonObject | undefined;

/** The fields that are understood, by their names in Compose files. */
export const COMPOSE_FIELDS: Readonly<Record<string, Field>> = {
  image: (image) => ({ image }),
  command: (command) => command === null ? undefined : { command },
  restart: (restart) => ({ restart: restart === false ? "no" : restart }),
  ports: (ports, { note }) => ({ ports: listOf(ports).flatMap((it) => portOf(it, note)) }),
  environment: (environment, { note }) => ({ env: variablesOf(environment, note) }),
  volumes: (volumes, context) => ({ volumes: listOf(volumes).flatMap((it) => volumeOf(it, context)) }),
  healthcheck: (check, { note }) => healthOf(check, note),
  depends_on: (on, { note }) => ({ depends_on: dependenciesOf(on, note) }),
  networks: (networks, { note }) => networkOf(networks, note),
  network_mode: (network) => ({ network }),
  mem_limit: (memory) => ({ memory }),
  cpus: (cpus) => ({ cpus }),
  deploy: (deploy, { note }) => limitsOf(deploy, note),
};

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
}

function portOf(port: unknown, note: Note): readonly string[] {
  if (!isObject(port)) return expandRange(String(port));
  const { target, published = "", host_ip: address, protocol = "tcp", ...rest } = port;
  for (const key of Object.keys(rest)) if (key !== "name" && key !== "mode") note(`ports.${key}`, "is not kept");
  return expandRange(`${address === undefined ? "" : `${address}:`}${published}:${target}/${protocol}`);
}

const RANGE_REGEXP = /^(.*?)(?:(\d+)-(\d+):)?(\d+)-(\d+)(\/\w+)?$/;
const MOST_RANGE = 100;
const LONGEST_PORT = 100;

/** Writes a range of ports as single ones; what is none stays as it is, and is refused later where it is wrong. */
function expandRange(port: string): readonly string[] {
  // a port is short, and what is long takes long to be read
  if (port.length > LONGEST_PORT) return [port];
  const [, address = "", hostFrom, hostTo, from, to, protocol = ""] = RANGE_REGEXP.exec(port) ?? [];
  const length = Number(to) - Number(from) + 1;
  if (from === undefined || !(length >= 1 && length <= MOST_RANGE)) return [port];
  if (hostFrom !== undefined && Number(hostTo) - Number(hostFrom) + 1 !== length) return [port];
  return Array.from({ length }, (_, i) => {
    const host = hostFrom === undefined ? "" : `${Number(hostFrom) + i}:`;
    return `${address}${host}${Number(from) + i}${protocol}`;
  });
}

function variablesOf(environment: unknown, note: Note): JsonObject {
  const entries = isObject(environment) ? Object.entries(environment) : listOf(environment).map((it) => {
    const [name = "", ...value] = String(it).split("=");
    return [name, value.length === 0 ? null : value.join("=")] as const;
  });
  return Object.fromEntries(entries.filter(([name, value]) => {
    if (value === null) {
      note(
        `environment.${name}`,
        'has no value; variables of the server are not passed on: give it in "env" and write ${…}',
      );
    }
    return value !== null;
  }));
}

function volumeOf(volume: unknown, { note, folder }: FieldContext): readonly string[] {
  const place = (source: string) =>
    /^\.{1,2}(?:\/|$)/.test(source) && folder !== undefined ? joined(folder, source) : source;
  if (!isObject(volume)) {
    const text = String(volume);
    if (text.startsWith("/") && !text.includes(":")) {
      note("volumes", `${text} is a volume without a name, which is not kept: write name:${text}`);
      return [];
    }
    const [source = "", ...rest] = text.split(":");
    return [[place(source), ...rest].join(":")];
  }
  const { type = "volume", source, target, read_only: isReadOnly, ...rest } = volume;
  if (type !== "volume" && type !== "bind" || typeof source !== "string") {
    note(
      "volumes",
      `a mount of the type ${String(type)}${source === undefined ? " without a source" : ""} is not kept`,
    );
    return [];
  }
  for (const key of Object.keys(rest)) note(`volumes.${key}`, "is not kept");
  return [`${place(source)}:${target}${isReadOnly === true ? ":ro" : ""}`];
}

function joined(folder: string, path: string): string {
  const parts = folder.split(/[/\\]/);
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/") || "/";
}

function healthOf(check: unknown, note: Note): JsonObject | undefined {
  if (!isObject(check)) return undefined;
  const { test, interval, retries, timeout, start_period, disable, ...rest } = check;
  for (const key of Object.keys(rest)) note(`healthcheck.${key}`, "is not kept");
  const isOff = disable === true || test === "NONE" || (Array.isArray(test) && test[0] === "NONE");
  if (isOff) {
    note("healthcheck", "a check of the image itself cannot be turned off");
    return undefined;
  }
  const cmd = Array.isArray(test) ? commandLine(test) : test;
  return { healthcheck: { cmd, interval, retries, timeout, start_period } };
}

function commandLine([kind, ...words]: readonly unknown[]): string {
  return kind === "CMD-SHELL" ? words.join(" ") : words.map((it) => quoted(String(it))).join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function dependenciesOf(on: unknown, note: Note): readonly string[] {
  if (!isObject(on)) return listOf(on).map(String);
  for (const [name, { condition } = {} as JsonObject] of Object.entries(on) as [string, JsonObject | undefined][]) {
    if (condition === "service_completed_successfully") {
      note(`depends_on.${name}`, "services are waited for until they run, not until they have ended");
    }
  }
  return Object.keys(on);
}

function networkOf(networks: unknown, note: Note): JsonObject | undefined {
  const names = isObject(networks) ? Object.keys(networks) : listOf(networks).map(String);
  const [first, ...others] = names;
  if (others.length > 0) note("networks", `a service is in one network: ${first}, and not ${others.join(", ")}`);
  if (isObject(networks) && Object.values(networks).some(isObject)) {
    note("networks", "aliases and addresses are not kept; a service is called by its name there");
  }
  return first === undefined || first === "default" ? undefined : { network: first };
}

function limitsOf(deploy: unknown, note: Note): JsonObject | undefined {
  const { resources, ...rest } = isObject(deploy) ? deploy : {};
  for (const key of Object.keys(rest)) note(`deploy.${key}`, "is not kept");
  const { limits, ...other } = isObject(resources) ? resources : {};
  for (const key of Object.keys(other)) note(`deploy.resources.${key}`, "is not kept");
  const { memory, cpus, ...more } = isObject(limits) ? limits : {};
  for (const key of Object.keys(more)) note(`deploy.resources.limits.${key}`, "is not kept");
  return { ...(memory !== undefined && { memory }), ...(cpus !== undefined && { cpus }) };
}
