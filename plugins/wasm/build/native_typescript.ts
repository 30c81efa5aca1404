/**
 * The compiler of TypeScript as a program of the machine, which has a package for each platform.
 *
 * @module
 */
import type { Environment } from "../../../kernel/mod.ts";
import type { NpmToolchain, ToolchainDefinition } from "./npm_toolchains.ts";

const VERSION = "7.0.2";

/** SHA-512 of the packages, by platform as Node names it. */
const DIGESTS: Readonly<Record<string, string>> = {
  "linux-x64": "EYdf2cNg7rgCWJnxCdJ+F3V39O8ihb37eHAu1LK8oAFizgTQbPOK7zHHXbPt8rX24COqODXeI3sIf0fCXG7H/A==",
  "linux-arm64": "Qh4eU4/y3yDjnfjjyPYihMj5/ODIlmt+Bzu17OI+fiSRDW57QmU5SiN63exPRNJPKUzcc1INa1NXdrJ+MqHjUQ==",
  "darwin-x64": "SZ9xZInqApNlNGc9s0W1VSsktYSOe9cFqNOIqmN1Gs8SmkjKZYFt017G4VwPxASInODuAdbTW7sXiFUf893RgA==",
  "darwin-arm64": "gowzar9MwS/aRWp6f3a4KUqzRjAZjOsmGNCM6LcTgXum+dBfgsBVMN+AgvOCCbguXyick6LJhpBszxMebJ8syA==",
  "win32-x64": "0BQ3HkAHHlKLSp1qRvf3SUhGpGsDuhB/jgFw75guyqbxJqEaS0Cw/VFO8i2nHglJUzQCRtMMR/IBAKE3ETMC4g==",
  "win32-arm64": "Gyl1Vy6OsWesLzmq+EP0Fb7b4Nid5232AvcA2SFcdYreldpNtYFFofPjnt62y9hQy7VTaZp65ICJjuAQRaVcIQ==",
};

/** Defines the toolchain for a machine; there is none where the compiler is not made for it. */
export function typescriptFor(
  { os, architecture }: Pick<Environment, "os" | "architecture">,
): { readonly typescript?: ToolchainDefinition } {
  const platform = `${os === "windows" ? "win32" : os}-${architecture}`;
  const digest = Object.hasOwn(DIGESTS, platform) ? DIGESTS[platform] : undefined;
  if (digest === undefined) return {};
  return {
    typescript: {
      title: `TypeScript ${VERSION}`,
      description: "Checks the types of code before it runs",
      packages: [`@typescript/typescript-${platform}@${VERSION}`],
      digests: [`sha512-${digest}`],
      size: 28_000_000,
    },
  };
}

/** Gives the path of the compiler in its toolchain. */
export function typescriptProgram({ path, packages: [name = ""] }: NpmToolchain): string {
  const folder = name.slice(0, name.lastIndexOf("@"));
  return `${path}/node_modules/${folder}/lib/tsc${folder.includes("-win32-") ? ".exe" : ""}`;
}
