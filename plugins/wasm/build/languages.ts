/**
 * The compilers of all languages; each is loaded when its language is first asked for.
 *
 * @module
 */
import { Lazy, type Workers } from "../../../kernel/mod.ts";
import type { Compilers } from "./builder.ts";
import type { Children } from "./children.ts";
import { type Compiler, type Language, LANGUAGES, MissingToolchain } from "./compiler.ts";

/** What compilers work with. */
export interface LanguagesOptions {
  /** Without it only what needs no process is compiled. */
  readonly children: Children | undefined;
  /** Without them nothing is compiled in threads. */
  readonly workers: Workers | undefined;
  /** Ends a compilation in a thread, in milliseconds. */
  readonly timeoutMs: number;
}

const NO_CHILDREN = "this server runs where no program can be started, and so no compiler";
const NO_PACKAGES = 'its compiler comes from npm, and nothing here installs packages: the plugin "dependencies" does';

/** Makes the compilers of all languages; those that cannot be there say why. */
export function loadCompilers(options: LanguagesOptions): Compilers {
  const there = presentCompilers(options);
  const why = options.children === undefined ? NO_CHILDREN : NO_PACKAGES;
  const absent = (language: Language) =>
    new Lazy<Compiler>(() => Promise.reject(new MissingToolchain(language, [], why)));
  const all = LANGUAGES.map((language) => [language, there[language] ?? absent(language)] as const);
  return Object.fromEntries(all) as unknown as Compilers;
}

function presentCompilers({ children, workers, timeoutMs }: LanguagesOptions): Partial<Compilers> {
  return {
    ...(children && nativeCompilers(children)),
    ...(children && npmCompilers(children)),
    ...(workers && {
      wat: new Lazy(async (): Promise<Compiler> => {
        const { WatCompiler } = await import("./wat.ts");
        return new WatCompiler({ workers, timeoutMs });
      }),
    }),
    wasm: new Lazy(async () => {
      const { FinishedModuleCompiler } = await import("./finished_module.ts");
      const translator = children?.translator;
      if (translator === undefined) return new FinishedModuleCompiler();
      return new FinishedModuleCompiler({
        component: async (bytes, options) => await (await translator.get()).accept(bytes, options),
      });
    }),
  };
}

/** Makes those that are programs of this machine. */
function nativeCompilers(
  { files, environment, sandbox, toolchains, ...children }: Children,
): Partial<Compilers> {
  const clang = new Lazy(async (): Promise<Compiler> => {
    const commands = await children.commands.get();
    const { ClangCompiler } = await import("./clang.ts");
    const installed = new ClangCompiler({ commands, files, environment });
    if (toolchains === undefined) return installed;
    const [{ FirstCompiler }, { WasmClangCompiler }, { C_HEADER }] = await Promise.all([
      import("./first_compiler.ts"),
      import("./wasm_clang/compiler.ts"),
      import("../author_modules/files.ts"),
    ]);
    const headers = { "collet_tool.h": C_HEADER };
    return new FirstCompiler([installed, new WasmClangCompiler({ commands, toolchains, headers })]);
  });
  return {
    rust: new Lazy(async (): Promise<Compiler> => {
      const { RustCompiler } = await import("./rust/mod.ts");
      return new RustCompiler({ commands: await children.commands.get(), files, environment, sandbox });
    }),
    go: new Lazy(async (): Promise<Compiler> => {
      const { GoCompiler } = await import("./go/mod.ts");
      return new GoCompiler({ commands: await children.commands.get(), files, environment });
    }),
    c: clang,
    "c++": clang,
  };
}

/** Makes those that come from npm, with this program or on first use. */
function npmCompilers(
  { commands, packages, environment, processes, dependencies, toolchains }: Children,
): Partial<Compilers> {
  const javaScript = packages && new Lazy(async (): Promise<Compiler> => {
    const { JavaScriptCompiler } = await import("./javascript.ts");
    return new JavaScriptCompiler({ commands: await commands.get(), packages, environment, processes, dependencies });
  });
  return {
    ...(javaScript && { typescript: javaScript, javascript: javaScript }),
    ...(toolchains && dependencies && {
      assemblyscript: new Lazy(async (): Promise<Compiler> => {
        const { AssemblyScriptCompiler } = await import("./assemblyscript/compiler.ts");
        return new AssemblyScriptCompiler({ commands: await commands.get(), toolchains, dependencies });
      }),
    }),
  };
}
