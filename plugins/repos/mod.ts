/**
 * The plugin `repos`: git repositories of skills, added by `add_skill_repo` and kept by `skill_repos`. Their skills are
 * found and read like others; their scripts run once a person allowed them, as they were then.
 *
 * @example Without repositories there is nothing to list
 * ```ts
 * import { detectPlatform, Kernel, textOf } from "collet";
 * import library from "../library/mod.ts";
 * import sharing from "../sharing/mod.ts";
 * import skills from "../skills/mod.ts";
 * import trust from "../trust/mod.ts";
 * import repos from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * const kernel = new Kernel().use(await detectPlatform({ home })).use(library).use(sharing).use(trust)
 *   .use(skills, { default_paths: false, watch: false }).use(repos);
 * await kernel.start();
 * const text = textOf(await kernel.call("skill_repos", { operation: "list" }));
 * await kernel.stop();
 * await Deno.remove(home, { recursive: true });
 * if (!text.startsWith("There are no skill repositories")) throw new Error(text);
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  Commands,
  definePlugin,
  Diagnostics,
  Environment,
  Files,
  Lazy,
  LOCAL_PRINCIPAL,
  messageOf,
  optional,
  type Plugin,
} from "../../kernel/mod.ts";
import { Dependencies } from "../dependencies/contract.ts";
import { Sources } from "../sharing/contract.ts";
import { Skills } from "../skills/contract.ts";
import { Trust } from "../trust/contract.ts";
import { registerAddSkillRepo } from "./add_skill_repo.ts";
import { REPOSITORIES } from "./lock_file.ts";
import { checkRepositories } from "./probe.ts";
import { Repositories } from "./repositories.ts";
import { createReposVerb } from "./repos_verb.ts";
import { RepositoryPaths } from "./search_paths.ts";
import { registerSkillRepos } from "./skill_repos.ts";
import { Surfaces } from "./surface.ts";
import { Trusting } from "./trusting.ts";

/** Most milliseconds that a start waits for the skills of repositories to be found. */
const FIRST_MS = 2_000;
const MIB = 1024 * 1024;

function count(fallback: number, most = Number.MAX_SAFE_INTEGER) {
  return v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most)), fallback);
}

const Config = v.strictObject({
  max_clone_bytes: count(512 * MIB),
  max_total_bytes: count(256 * MIB),
  max_file_bytes: count(16 * MIB),
  max_files: count(50_000),
  max_skills: count(5_000),
  timeout_ms: count(300_000, 2 ** 31 - 1),
  shared_paths: v.optional(v.boolean(), false),
});

/** Settings of the plugin, as a caller writes them. */
export interface ReposConfig {
  /** Most bytes that git loads of a repository; 512 MiB by default. */
  readonly max_clone_bytes?: number | undefined;
  /** Most bytes of all files of the skills of a repository; 256 MiB by default. */
  readonly max_total_bytes?: number | undefined;
  /** Most bytes of one file; 16 MiB by default. */
  readonly max_file_bytes?: number | undefined;
  /** Most files of the skills of a repository; 50,000 by default. */
  readonly max_files?: number | undefined;
  /** Most skills of a repository; 5,000 by default. */
  readonly max_skills?: number | undefined;
  /** Most milliseconds of each step of git; 300,000 by default. */
  readonly timeout_ms?: number | undefined;
  /**
   * Whether principals other than `local` count as the user of this machine as well, whose paths may be named, and whose
   * keys git may use; `false` by default.
   */
  readonly shared_paths?: boolean | undefined;
}

const repos: Plugin<ReposConfig> = definePlugin({
  name: "repos",
  version: "1.0.0",
  description: "Git repositories of skills, whose scripts run once a person allowed them",
  config: Config,
  requires: {
    files: Files,
    environment: Environment,
    skills: Skills,
    sources: Sources,
    trust: Trust,
    dependencies: optional(Dependencies),
    commands: optional(Commands),
    diagnostics: optional(Diagnostics),
  },
  async setup(ctx) {
    const { config, deps, log } = ctx;
    const { files, environment, skills, sources, trust, dependencies } = deps;
    const isOwnUser = ({ principal }: Call) =>
      config.shared_paths || (principal?.id ?? LOCAL_PRINCIPAL.id) === LOCAL_PRINCIPAL.id;
    const repositories: Repositories = new Repositories({
      ...{ files, sources, expand: (path) => environment.expand(path), log, isOwnUser },
      limits: {
        maxCloneBytes: config.max_clone_bytes,
        maxTotalBytes: config.max_total_bytes,
        maxFileBytes: config.max_file_bytes,
        maxFiles: config.max_files,
        maxSkills: config.max_skills,
        timeoutMs: config.timeout_ms,
      },
      keep: async (name, commit) => {
        const repository = repositories.get(name);
        return repository !== undefined && await trusting.needs(repository, commit);
      },
    });
    const surfaces = new Surfaces(async (source) => (await dependencies?.declared("python", source))?.packages ?? []);
    const root = `${files.path}/${REPOSITORIES}`;
    const trusting = new Trusting({ repositories, trust, surfaces, root });
    const paths = new RepositoryPaths({ repositories, skills });
    ctx.own("guard", skills.addGuard((skill, call) => trusting.guard(skill, call)));
    ctx.own("repositories", () => repositories.close());
    await repositories.open();
    ctx.own("search paths", async () => {
      paths.close();
      // what is gone is told while there is somebody to tell
      await skills.settle();
    });
    if (paths.sync()) await within(FIRST_MS, skills.settle());
    let renewing = Promise.resolve();
    const sync = async () => {
      trusting.changed();
      if (!paths.sync()) return await renewing;
      return await (renewing = renewing.then(async () => {
        for (const it of repositories.list()) await trusting.renew(it);
      }).catch((thrown) => log.warn(`Cannot note what stays allowed of skill repositories: ${messageOf(thrown)}`)));
    };
    ctx.own("changes", repositories.onChange(() => void sync()));
    const operations = new Lazy(async () => {
      const { Operations } = await import("./operations.ts");
      return new Operations({ repositories, skills, trusting, surfaces, sync });
    });
    registerAddSkillRepo({ tool: ctx.tool, operations });
    registerSkillRepos({ tool: ctx.tool, operations });
    if (deps.commands !== undefined) ctx.own("verb", deps.commands.add(createReposVerb(operations)));
    if (deps.diagnostics !== undefined) {
      const check = () => checkRepositories(repositories);
      ctx.own("probe", deps.diagnostics.add({ area: "skills", name: "repositories", check }));
    }
  },
});

export default repos;

/** Waits for something, but not longer than so many milliseconds. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([work, new Promise((resolve) => timer = setTimeout(resolve, ms))]);
  clearTimeout(timer);
}
