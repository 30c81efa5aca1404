/**
 * Images for tests, made of Debian's packages that are installed here, without a registry.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { inRepository } from "../../support/root.ts";
import type { TestDocker } from "./docker.ts";

const run = promisify(execFile);

const CACHE = inRepository(".build", "images");
/** Rises when archives are made in another way. */
const RECIPE_VERSION = 1;

/** The images that can be made. */
export type TestImage = "http" | "redis" | "postgres";

/** Gives the name of an image. */
export function imageName(image: TestImage): string {
  return `collet-test/${image}:1`;
}

/** Programs of busybox that scripts and health checks need. */
const APPLETS = [
  "sh",
  "cat",
  "echo",
  "grep",
  "httpd",
  "kill",
  "ls",
  "mkdir",
  "nc",
  "rm",
  "seq",
  "sleep",
  "test",
  "true",
  "wget",
  "yes",
];

/** What an image is made of. */
interface Recipe {
  /** Programs, and what they load when they run: copied with the libraries that they are linked to. */
  readonly programs: readonly string[];
  /** Folders that are copied as they are. */
  readonly folders: readonly string[];
  /** Texts by their paths in the image; each may be run. */
  readonly texts: Readonly<Record<string, string>>;
  /** Lines such as `CMD ["sh"]`. */
  readonly changes: readonly string[];
}

const POSTGRES_USER = "70:70";

/**
 * Makes images in a daemon. What they are made of is packed once, and kept below `.build` for the next run.
 *
 * @throws {Error} naming the package that is not installed.
 */
export async function makeImages(docker: TestDocker, ...images: readonly TestImage[]): Promise<void> {
  for (const image of images) {
    const recipe = await RECIPES[image]();
    await docker.import(imageName(image), await archiveOf(image, recipe, docker), ["ENV PATH=/bin", ...recipe.changes]);
  }
}

const RECIPES: Readonly<Record<TestImage, () => Promise<Recipe> | Recipe>> = {
  http() {
    // the first process of a container takes no signal that it does not wait for
    const script = "trap 'exit 0' TERM; httpd -f -v -p 80 -h /www & wait";
    const texts = { "www/index.html": "hello from the container\n" };
    return { programs: [], folders: [], texts, changes: [`CMD ["sh","-c","${script}"]`, "EXPOSE 80"] };
  },
  redis() {
    const server = existing("redis-server", "/usr/bin/redis-server", "/usr/bin/redis-check-rdb");
    const changes = ['CMD ["redis-server","--protected-mode","no","--dir","/data"]', "EXPOSE 6379"];
    return { programs: [server, existing("redis-tools", "/usr/bin/redis-cli")], folders: [], texts: {}, changes };
  },
  async postgres() {
    const versions = await readdir("/usr/lib/postgresql").catch(() => [""]);
    const version = versions.sort((a, b) => Number(a) - Number(b)).at(-1)!;
    const home = existing("postgresql", `/usr/lib/postgresql/${version || "?"}`);
    return {
      programs: [
        ...["initdb", "postgres", "pg_isready"].map((it) => join(home, "bin", it)),
        ...["plpgsql.so", "dict_snowball.so"].map((it) => join(home, "lib", it)),
      ],
      folders: [`/usr/share/postgresql/${version}`, "/usr/share/zoneinfo/Etc"],
      texts: { "bin/entrypoint": ENTRYPOINT },
      changes: ['CMD ["entrypoint"]', "USER postgres", "ENV PGDATA=/data/db", "EXPOSE 5432"],
    };
  },
};

/** Gives the path of an archive: of what is installed now, and made as this file says. */
async function archiveOf(image: TestImage, recipe: Recipe, docker: TestDocker): Promise<string> {
  const busybox = existing("busybox-static", "/bin/busybox", "/usr/bin/busybox");
  const stats = await Promise.all([busybox, ...recipe.programs].map((it) => stat(it)));
  const key = JSON.stringify([RECIPE_VERSION, recipe, APPLETS, stats.map(({ size, mtimeMs }) => [size, mtimeMs])]);
  const beginning = `${image}-`;
  const name = `${beginning}${createHash("sha256").update(key).digest("hex").slice(0, 16)}.tar`;
  await mkdir(CACHE, { recursive: true });
  const path = join(CACHE, name);
  if (existsSync(path)) return path;
  for (const old of (await readdir(CACHE)).filter((it) => it.startsWith(beginning))) await rm(join(CACHE, old));
  const root = await docker.folder(`image-${image}`);
  await build(root, recipe, busybox);
  const unfinished = join(CACHE, `unfinished-${process.pid}-${name}`);
  await run("tar", ["-C", root, "-cf", unfinished, "."]);
  await rename(unfinished, path);
  return path;
}

async function build(root: string, { programs, folders, texts }: Recipe, busybox: string): Promise<void> {
  for (const folder of ["bin", "etc", "tmp", "data", "run"]) await mkdir(join(root, folder), { recursive: true });
  await chmod(join(root, "tmp"), 0o1777);
  await run("chown", [POSTGRES_USER, join(root, "data"), join(root, "run")]);
  await copyFile(busybox, join(root, "bin/busybox"));
  for (const applet of APPLETS) await symlink("busybox", join(root, "bin", applet));
  const users = { "etc/passwd": "root:x:0:0::/:/bin/sh\npostgres:x:70:70::/data:/bin/sh\n" };
  for (const [path, text] of Object.entries({ ...users, "etc/group": "root:x:0:\npostgres:x:70:\n", ...texts })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text, { mode: 0o755 });
  }
  if (folders.length > 0) await run("cp", ["-rL", "--parents", ...folders, root]);
  if (programs.length > 0) await copyPrograms(root, programs);
}

// the variables of the official image
const ENTRYPOINT = `#!/bin/sh
set -e
if ! test -e "$PGDATA/PG_VERSION"; then
  echo "$POSTGRES_PASSWORD" > /tmp/password
  initdb -D "$PGDATA" -U "\${POSTGRES_USER:-postgres}" --pwfile /tmp/password -A scram-sha-256 --locale C -E UTF8 --no-sync
  rm /tmp/password
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  if test "\${POSTGRES_DB:-postgres}" != postgres; then
    echo "CREATE DATABASE \\"$POSTGRES_DB\\"" | postgres --single -D "$PGDATA" postgres
  fi
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp -c fsync=off
`;

/** Gives the first path that is there. */
function existing(debian: string, ...paths: readonly string[]): string {
  const found = paths.find((it) => existsSync(it));
  if (found === undefined) {
    throw new Error(`Debian's ${debian} is not installed: node scripts/setup.mjs system installs it`);
  }
  return found;
}

/** Copies programs, and the libraries that they are linked to, to the places that they have here. */
async function copyPrograms(root: string, programs: readonly string[]): Promise<void> {
  const { stdout } = await run("ldd", [...programs]);
  const libraries = [...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map((it) => it[1]!);
  const copied = new Set<string>();
  for (const path of [...programs, ...libraries]) {
    const target = join(root, path);
    if (copied.has(target)) continue;
    copied.add(target);
    await mkdir(dirname(target), { recursive: true });
    // what a link leads to, under its own name
    await copyFile(path, target);
  }
  for (const path of programs.filter((it) => it.includes("/bin/"))) {
    await symlink(path, join(root, "bin", path.split("/").at(-1)!));
  }
}
