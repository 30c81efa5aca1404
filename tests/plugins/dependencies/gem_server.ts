/**
 * A gem server on this machine, with gems made here.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Builds a gem of one file. */
async function buildGem(
  folder: string,
  { name, version, code, more = "" }: {
    readonly name: string;
    readonly version: string;
    readonly code: string;
    readonly more?: string;
  },
): Promise<void> {
  const source = join(folder, `${name}-${version}`);
  await mkdir(join(source, "lib"), { recursive: true });
  await writeFile(join(source, "lib", `${name}.rb`), code);
  await writeFile(join(source, "extconf.rb"), "raise 'ran'\n");
  await writeFile(
    join(source, "x.gemspec"),
    `Gem::Specification.new do |s|
      s.name = "${name}"; s.version = "${version}"; s.summary = s.authors = "x"; s.files = Dir["lib/*"]; ${more}
    end`,
  );
  await run("gem", ["build", "--force", "x.gemspec", "--output", join(folder, "site/gems", `${name}-${version}.gem`)], {
    cwd: source,
  });
}

/** A gem server. */
export interface GemServer extends AsyncDisposable {
  /** Path of a configuration of RubyGems that names it, for `GEMRC`. */
  readonly configuration: string;
  close(): Promise<void>;
}

/** Serves gems as a gem server does, from an index that RubyGems made. */
export async function serveGems(folder: string): Promise<GemServer> {
  await mkdir(join(folder, "site/gems"), { recursive: true });
  await buildGem(folder, { name: "collet_inner", version: "1.2.0", code: "module ColletInner; NAME = 'inner'; end" });
  await buildGem(folder, {
    name: "collet_outer",
    version: "1.0.3",
    code: "require 'collet_inner'; module ColletOuter; NAME = 'outer of ' + ColletInner::NAME; end",
    more: 's.add_dependency "collet_inner", ">= 1"',
  });
  await buildGem(folder, {
    name: "collet_built",
    version: "1.0.0",
    code: "",
    more: 's.extensions = ["extconf.rb"]; s.files += ["extconf.rb"]',
  });
  await run("gem", ["generate_index", "--directory", join(folder, "site")]);
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const bytes = await readFile(join(folder, "site", pathname)).catch(() => undefined);
    response.statusCode = bytes === undefined ? 404 : 200;
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const configuration = join(folder, "gemrc");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await writeFile(configuration, `---\n:sources:\n- ${address}\n`);
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { configuration, close, [Symbol.asyncDispose]: close };
}
