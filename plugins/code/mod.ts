/**
 * The plugin `code`: code mode. A model writes a program that calls the tools of the server, in place of calling them one
 * by one; it registers `execute_code`.
 *
 * @example Call tools from code
 * ```ts
 * import { definePlugin, detectPlatform, Kernel } from "collet";
 * import * as v from "valibot";
 * import library from "../library/mod.ts";
 * import wasm from "../wasm/mod.ts";
 * import code from "./mod.ts";
 *
 * const weather = definePlugin({
 *   name: "weather",
 *   version: "1.0.0",
 *   setup: ({ tool }) =>
 *     void tool({
 *       name: "rain-in",
 *       description: "Tell how much rain falls in a city, in mm",
 *       input: v.object({ city: v.string() }),
 *       run: ({ city }) => ({ mm: city.length }),
 *     }),
 * });
 * const home = await Deno.makeTempDir();
 * const kernel = new Kernel().use(await detectPlatform({ home })).use(library).use(wasm).use(weather).use(code);
 * await kernel.start();
 * const { structuredContent } = await kernel.call("execute_code", {
 *   language: "typescript",
 *   code: `const cities = ["Bern", "London"];
 *     const rain = await Promise.all(cities.map((city) => rain_in({ city })));
 *     return { total: rain.reduce((sum, { mm }) => sum + mm, 0) };`,
 * });
 * await kernel.stop();
 * if (JSON.stringify(structuredContent) !== '{"total":10}') throw new Error(JSON.stringify(structuredContent));
 * ```
 *
 * @module
 */
import { Catalog, definePlugin, Environment, Files, Lazy, optional, type Plugin, Toolbox } from "../../kernel/mod.ts";
import { Dependencies } from "../dependencies/contract.ts";
import { GrantPolicy } from "../grants/contract.ts";
import { ScriptRunner } from "../scripts/contract.ts";
import { SkillImports } from "../skills/contract.ts";
import { Store } from "../store/contract.ts";
import { CodeRunner, Compilers } from "../wasm/contract.ts";
import { registerApiPage } from "./api_page.ts";
import { Approvals } from "./approvals.ts";
import { CodeRuns, RUNNER } from "./code_runs.ts";
import { type CodeConfig, Config } from "./config.ts";
import { registerExecuteCode } from "./execute_code.ts";
import { KeptFiles } from "./files/kept_files.ts";
import { registerFiles } from "./files/resource.ts";
import { ToolNames } from "./reached_tools.ts";
import { Sessions } from "./sessions.ts";
import { shelvesOf } from "./shelf.ts";

const code: Plugin<CodeConfig> = definePlugin({
  name: "code",
  version: "1.0.0",
  description: "Code that calls tools",
  config: Config,
  requires: {
    toolbox: Toolbox,
    catalog: Catalog,
    javascript: optional(CodeRunner),
    compilers: optional(Compilers),
    scripts: optional(ScriptRunner),
    files: optional(Files),
    environment: optional(Environment),
    dependencies: optional(Dependencies),
    imports: optional(SkillImports),
    policy: optional(GrantPolicy),
    store: optional(Store),
  },
  setup(ctx) {
    const { config: settings, deps } = ctx;
    const { toolbox, catalog, javascript, compilers, store } = deps;
    const approvals = new Approvals({ toolbox, policy: settings.approvals, runner: RUNNER });
    if (settings.approvals !== "off") ctx.intercept(approvals.around);
    const files = new KeptFiles(shelvesOf("files", store), settings.files);
    registerFiles(ctx, files);
    registerApiPage(ctx);
    const runs = new CodeRuns({
      ...{ toolbox, catalog, approvals, files, settings },
      runners: { javascript, python: pythonOf(deps) },
      names: new ToolNames(toolbox, RUNNER),
      sessions: new Sessions(shelvesOf("sessions", store), settings.sessions),
      typeChecker: compilers && new Lazy(async () => {
        const { TypeChecker } = await import("./type_check/type_checker.ts");
        return new TypeChecker(compilers);
      }),
    });
    registerExecuteCode(ctx, { runs, settings });
  },
});

export default code;

interface PythonDeps {
  readonly scripts: ScriptRunner | undefined;
  readonly files: Files | undefined;
  readonly environment: Environment | undefined;
  readonly dependencies: Dependencies | undefined;
  readonly imports: SkillImports | undefined;
  readonly policy: GrantPolicy | undefined;
}

// most servers run no Python
function pythonOf({ scripts, files, environment, ...others }: PythonDeps): (() => Promise<CodeRunner>) | undefined {
  if (scripts === undefined || files === undefined || environment === undefined) return undefined;
  const runner = new Lazy(async () => {
    const { PythonCode } = await import("./python/python_code.ts");
    return new PythonCode({ scripts, files, environment, ...others });
  });
  return () => runner.get();
}
