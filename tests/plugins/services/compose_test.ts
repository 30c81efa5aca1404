import assert from "node:assert/strict";
import { mkdir, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readCompose } from "../../../plugins/services/compose/compose.ts";
import { temporaryHome } from "../library/kit.ts";
import { startServices } from "./kit.ts";

const FILE = `
version: "3.9"
x-common: &common
  restart: always
services:
  db:
    <<: *common
    image: postgres:\${TAG:-16}
    environment:
      POSTGRES_PASSWORD: \${PASSWORD}
      DOLLAR: $$5
      EMPTY:
    ports:
      - "127.0.0.1:15432:5432"
      - "8000-8001:80-81"
      - { target: 9000, published: "9001", protocol: udp, mode: host }
    volumes:
      - pgdata:/var/lib/postgresql/data
      - ./init:/docker-entrypoint-initdb.d:ro
      - { type: tmpfs, target: /tmp }
    healthcheck:
      test: ["CMD", "pg_isready", "-U", "it's"]
      interval: 3s
      retries: 4
    deploy:
      replicas: 2
      resources: { limits: { cpus: "0.5", memory: 256M } }
    privileged: true
  web:
    image: nginx
    command: nginx -g 'daemon off;'
    depends_on: { db: { condition: service_healthy } }
    networks: [front, back]
    mem_limit: 64m
volumes:
  pgdata:
    driver: nfs
networks: { front: {}, back: {} }
secrets: { a: { file: ./a } }
`;

test("readCompose() makes definitions, and tells what is not kept", async () => {
  const { definitions, unsupported } = await readCompose(FILE, {
    variables: { PASSWORD: "${secret:DB}" },
    folder: "/project/app",
    only: undefined,
  });
  const [db, web] = definitions;
  assert.deepEqual(db, {
    name: "db",
    image: "postgres:16",
    ports: ["127.0.0.1:15432:5432", "8000:80", "8001:81", "9001:9000/udp"],
    env: { POSTGRES_PASSWORD: "${secret:DB}", DOLLAR: "$5" },
    volumes: ["pgdata:/var/lib/postgresql/data", "/project/app/init:/docker-entrypoint-initdb.d:ro"],
    healthcheck: { cmd: `pg_isready -U 'it'\\''s'`, interval: "3s", retries: 4, timeout: "5s" },
    description: "",
    network: "skillz_services",
    memory: "256M",
    cpus: 0.5,
    depends_on: [],
    restart: "always",
  });
  assert.deepEqual([web?.command, web?.depends_on, web?.network, web?.memory], [
    ["nginx", "-g", "daemon off;"],
    ["db"],
    "front",
    "64m",
  ]);
  assert.deepEqual(unsupported.map(({ service = "", key }) => `${service}:${key}`), [
    ":volumes.pgdata",
    ":secrets",
    "db:environment.EMPTY",
    "db:volumes",
    "db:deploy.replicas",
    "db:privileged",
    "web:networks",
  ]);
});

test("import_compose defines all or nothing", async () => {
  await using home = await temporaryHome();
  const folder = await realpath(home.path);
  await using kit = await startServices({ ceiling: { read: [join(folder, "open")] } });
  const of = (services: string) => ({ action: "import_compose", content: `services: ${services}` });
  assert.match(await kit.fail(of("{a: {build: .}}")), /nothing was defined:\n- a: it has no "image"/);
  assert.match(await kit.fail(of("{a: {image: x}, b: {image: y, ports: [z]}}")), /- b: Cannot use port "z"/);
  assert.match(await kit.fail(of('{a: {image: "x:${TAG}"}}')), /TAG is nowhere set; give values in "env"/);
  assert.match(await kit.fail(of("[")), /it is no YAML/);
  assert.match(await kit.fail({ action: "import_compose" }), /give either "path" or "content"/);
  assert.deepEqual((await kit.ok({ action: "list" })).data.services, []);
  for (const name of ["open", "closed"]) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "compose.yaml"), FILE);
  }
  assert.match(
    await kit.fail({ action: "import_compose", path: join(folder, "closed", "compose.yaml") }),
    /it asks to read .*closed.*"ceiling"/s,
  );
  const path = join(folder, "open", "compose.yaml");
  assert.match(
    await kit.fail({ action: "import_compose", path, services: ["x"] }),
    /has no service x; there are db, web/,
  );
  const { text, data } = await kit.ok({ action: "import_compose", path, env: { PASSWORD: "p", TAG: 17 } });
  assert.match(text, /^Defined 2 services: db, web\.\n\nNot kept:\n- volumes\.pgdata: driver/);
  assert.deepEqual(data.services?.map((it) => it.image), ["postgres:17", "nginx"]);
  assert.match(await kit.fail({ action: "import_compose", path, env: { PASSWORD: "p" } }), /names db, web; give/);
});
