/**
 * Names of files of environment variables, for whoever finds such a file and does not read it.
 *
 * @module
 */

/** Name of the file of a skill. */
export const ENV_FILE = ".env";

const IGNORED_REGEXP = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu;
const SECRET_REGEXP = /^\.+env(?![a-z0-9])/;
const EXAMPLE_REGEXP = /^\.env\.(?:example|sample|template)$/;

/**
 * Tells whether a path below a skill is a file of secrets, or is in a folder of such a name: `.env`, `.env.local` and
 * whatever else a tool or an editor makes of the name, but `.env.example`, `.env.sample` and `.env.template`. Letter case,
 * other forms of the letters, and characters that some file systems leave out do not count.
 */
export function isEnvFile(path: string): boolean {
  return path.split(/[\\/]/).some((part) => {
    const name = part.normalize("NFKC").replace(IGNORED_REGEXP, "").toLowerCase().replace(/[. ]+$/, "");
    return SECRET_REGEXP.test(name) && !EXAMPLE_REGEXP.test(name);
  });
}
