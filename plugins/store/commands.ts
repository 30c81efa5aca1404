/**
 * The command-line verbs `backup` and `restore`. What they do is loaded when they run.
 *
 * @module
 */
import { type CommandIo, type CommandVerb, KernelError } from "../../kernel/mod.ts";
import type { BackupSource } from "./backup.ts";

/**
 * Makes the verbs.
 *
 * @param onRestored Is called when the state was replaced.
 */
export function createVerbs(source: BackupSource, onRestored: () => void): readonly CommandVerb[] {
  return [
    {
      name: "backup",
      usage: "FILE",
      description: "Write the state, tools, skills, services and configuration to one file (.tar.gz)",
      async run(io) {
        const { makeBackup } = await import("./backup.ts");
        const report = await makeBackup(readFileName(io, { verb: "backup", source }), source);
        if (io.json) return io.print(JSON.stringify(report));
        io.print(`Wrote ${report.files} files to ${report.file} (${report.bytes} bytes)`);
        if (report.links.length > 0) {
          io.warn(`Left out ${report.links.length} symbolic links, such as ${report.links[0]}`);
        }
      },
    },
    {
      name: "restore",
      usage: "FILE",
      description: "Put a backup in the place of the present state, tools, skills, services and configuration",
      async run(io) {
        const { restoreBackup } = await import("./restore.ts");
        const report = await restoreBackup(readFileName(io, { verb: "restore", source }), source);
        onRestored();
        if (io.json) return io.print(JSON.stringify(report));
        io.print(`Restored ${report.files} files from ${report.file}`);
        for (const path of report.kept) io.print(`Kept what was there as ${path}`);
      },
    },
  ];
}

function readFileName({ args }: CommandIo, { verb, source }: { verb: string; source: BackupSource }): string {
  const [file] = args;
  if (args.length === 1 && file !== undefined && file !== "") return source.environment.expand(file);
  throw new KernelError("OPTION_INVALID", `Cannot run "${verb}": one file name is wanted, ${args.length} were given`, {
    fix: `Run "collet ${verb} FILE"`,
  });
}
