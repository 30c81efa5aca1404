/**
 * The servers that the operator named: in `collet.json`, and in files of other programs.
 *
 * @module
 */
import { type Environment, type Files, isToolError, type JsonObject, messageOf } from "../../../kernel/mod.ts";
import { DEFINITION_NAME_REGEXP, type UpstreamDefinition } from "../definition.ts";
import { readEntry } from "./entry.ts";
import { readNamedFile } from "./named_file.ts";

/** The `origin` of what `collet.json` itself defines. */
const CONFIG_ORIGIN = "collet.json";

const LONGEST_NAME = 64;

/** Something that the operator named and that cannot be used. */
export interface Unusable {
  /** Of the server, or the path of the file. */
  readonly name: string;
  readonly origin: string;
  readonly reason: string;
}

/** What was found. */
export interface ConfiguredServers {
  readonly definitions: readonly UpstreamDefinition[];
  readonly unusable: readonly Unusable[];
}

/** Where servers are named. */
export interface ConfiguredOptions {
  /** `mcpServers` of `collet.json`. */
  readonly servers: JsonObject;
  /** Paths of files, `~` allowed; what comes first counts where two have one name. */
  readonly paths: readonly string[];
  readonly files: Pick<Files, "open">;
  readonly environment: Pick<Environment, "expand" | "userHome" | "os">;
}

/** Reads all of them; what cannot be used is told, and keeps nothing else from being used. */
export async function readConfigured(options: ConfiguredOptions): Promise<ConfiguredServers> {
  const gathering = new Gathering();
  await gathering.add(options.servers, { origin: CONFIG_ORIGIN, isOurs: true });
  for (const path of options.paths) {
    const file = options.environment.expand(path);
    const entries = await readFile(file, options).catch((thrown) => {
      gathering.unusable.push({ name: path, origin: file, reason: messageOf(thrown) });
      return {};
    });
    await gathering.add(entries, { origin: file, isOurs: false });
  }
  return gathering;
}

async function readFile(file: string, { files, environment }: ConfiguredOptions): Promise<JsonObject> {
  const [, folder = "/", name = ""] = /^(.*[/\\])([^/\\]+)$/.exec(file) ?? [];
  const text = await files.open(folder).readText(name);
  if (text === undefined) {
    throw new Error('there is no such file; correct the path under "plugins.upstream.files" of collet.json');
  }
  const separator = environment.os === "windows" ? "\\" : "/";
  return await readNamedFile(text, { userHome: environment.userHome, file, separator });
}

interface Source {
  readonly origin: string;
  readonly isOurs: boolean;
}

/** What is gathered from one source after another. */
class Gathering implements ConfiguredServers {
  readonly definitions: UpstreamDefinition[] = [];
  readonly unusable: Unusable[] = [];

  async add(entries: JsonObject, { origin, isOurs }: Source): Promise<void> {
    for (const [written, entry] of Object.entries(entries)) {
      const name = isOurs ? written : nameOf(written);
      const refuse = (reason: string) => this.unusable.push({ name: written, origin, reason });
      const other = this.definitions.find((it) => it.name.toLowerCase() === name.toLowerCase());
      if (!DEFINITION_NAME_REGEXP.test(name)) {
        refuse(`its name is ${JSON.stringify(written)}; expected 1 to 64 of A-Z a-z 0-9 _ -`);
      } else if (other !== undefined) refuse(`the name "${other.name}" is taken: ${other.origin} has it already`);
      else {
        try {
          this.definitions.push(await readEntry(entry, { name, origin, isOurs }));
        } catch (thrown) {
          if (!isToolError(thrown)) throw thrown;
          refuse(thrown.message);
        }
      }
    }
  }
}

/** Names of other clients may have any characters. */
function nameOf(written: string): string {
  return written.trim().replaceAll(/[^A-Za-z0-9_-]+/g, "_").slice(0, LONGEST_NAME);
}
