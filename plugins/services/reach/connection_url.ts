/**
 * Addresses by which client libraries connect to a service.
 *
 * @module
 */
import type { ServiceDefinition } from "../definition/definition.ts";
import { fillSecrets, secretsOf } from "../definition/secret_references.ts";
import type { ReachedPort } from "./published.ts";

/** Schemes by the port of the container. */
const SCHEMES: Readonly<Record<string, readonly number[]>> = {
  postgresql: [5432, 26257],
  mysql: [3306],
  mongodb: [27017],
  redis: [6379],
  memcached: [11211],
  amqp: [5672],
  nats: [4222],
  kafka: [9092],
  mqtt: [1883],
  bolt: [7687],
  ldap: [389],
  smtp: [25, 587, 1025],
  sqlserver: [1433],
  http: [
    ...[80, 2379, 3000, 4566, 5000, 5601, 5984, 6333, 7474, 7700, 8000, 8080, 8081, 8086, 8088, 8108, 8123, 8200, 8222],
    ...[8500, 8529, 8888, 8983, 9000, 9090, 9200, 15672],
  ],
  https: [443, 8443],
};

/** Variables by which images are told their users: in each list the first that is there counts. */
interface Convention {
  readonly user: readonly string[];
  readonly password: readonly string[];
  readonly database: readonly string[];
  /** Whom the image makes where no user is named. */
  readonly usualUser?: string;
  /** Follows the database. */
  readonly query?: string;
}

const CONVENTIONS: Readonly<Record<string, readonly Convention[]>> = {
  postgresql: [{
    user: ["POSTGRES_USER", "POSTGRESQL_USERNAME", "POSTGRESQL_USER"],
    password: ["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"],
    database: ["POSTGRES_DB", "POSTGRESQL_DATABASE"],
    usualUser: "postgres",
  }],
  mysql: [
    {
      user: ["MYSQL_USER", "MARIADB_USER"],
      password: ["MYSQL_PASSWORD", "MARIADB_PASSWORD"],
      database: ["MYSQL_DATABASE", "MARIADB_DATABASE"],
    },
    {
      user: [],
      password: ["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"],
      database: ["MYSQL_DATABASE", "MARIADB_DATABASE"],
      usualUser: "root",
    },
  ],
  mongodb: [{
    user: ["MONGO_INITDB_ROOT_USERNAME"],
    password: ["MONGO_INITDB_ROOT_PASSWORD"],
    database: ["MONGO_INITDB_DATABASE"],
    query: "?authSource=admin",
  }],
  redis: [{ user: [], password: ["REDIS_PASSWORD"], database: [], usualUser: "" }],
  amqp: [{
    user: ["RABBITMQ_DEFAULT_USER"],
    password: ["RABBITMQ_DEFAULT_PASS"],
    database: ["RABBITMQ_DEFAULT_VHOST"],
  }],
};

/**
 * Gives the address of a service, such as `postgresql://127.0.0.1:49153`: with user and password where its definition names
 * them as its image expects it, and with those that are secrets only where these are given.
 *
 * @param secrets Values by name.
 */
export function connectionUrl(
  { env }: Pick<ServiceDefinition, "env">,
  { host, port, container, protocol }: ReachedPort,
  secrets: Readonly<Record<string, string>>,
): string {
  const scheme = protocol === "tcp" ? schemeOf(container) : protocol;
  const place = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const values = valuesOf(env, secrets);
  const conventions = CONVENTIONS[scheme] ?? [];
  // one of several users, as MySQL has them: whose name and password are both known
  const known = conventions.find((it) => userOf(it, values) !== undefined && first(it.password, values) !== undefined);
  const used = known ?? conventions[0];
  if (used === undefined) return `${scheme}://${place}`;
  const credentials = known === undefined
    ? ""
    : `${encodeURIComponent(userOf(known, values)!)}:${encodeURIComponent(first(known.password, values)!)}@`;
  // PostgreSQL calls the first database as its user
  const database = first(used.database, values) ??
    (scheme === "postgresql" && known ? userOf(known, values) : undefined);
  const path = database === undefined ? "" : `/${encodeURIComponent(database)}`;
  return `${scheme}://${credentials}${place}${path}${known && path !== "" ? known.query ?? "" : ""}`;
}

function schemeOf(port: number): string {
  return Object.entries(SCHEMES).find(([, ports]) => ports.includes(port))?.[0] ?? "tcp";
}

/** Fills secrets in; what has one in it that is not given is left out. */
function valuesOf(
  env: ServiceDefinition["env"],
  secrets: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const isKnown = (value: string) => secretsOf(value).every((name) => Object.hasOwn(secrets, name));
  const entries = Object.entries(env).filter(([, value]) => isKnown(value));
  return new Map(entries.map(([name, value]) => [name, fillSecrets(value, secrets)]));
}

function userOf({ user, usualUser }: Convention, values: ReadonlyMap<string, string>): string | undefined {
  return first(user, values) ?? usualUser;
}

function first(names: readonly string[], values: ReadonlyMap<string, string>): string | undefined {
  return names.map((name) => values.get(name)).find((value) => value !== undefined);
}
