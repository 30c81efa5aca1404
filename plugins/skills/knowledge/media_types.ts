/**
 * Media types of files by their names.
 *
 * @module
 */

const TEXT = "text/plain";

/** Media types by extension: those that skills are made of. Source: the registry of media types of IANA. */
const MEDIA_TYPES: Readonly<Record<string, string>> = Object.freeze({
  css: "text/css",
  csv: "text/csv",
  gif: "image/gif",
  htm: "text/html",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  pdf: "application/pdf",
  png: "image/png",
  py: "text/x-python",
  sh: "application/x-sh",
  svg: "image/svg+xml",
  toml: "application/toml",
  ts: "text/typescript",
  txt: TEXT,
  wasm: "application/wasm",
  webp: "image/webp",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
});

/** Gives the media type of a file by its extension; `application/octet-stream` when that is unknown. */
export function mediaTypeOf(path: string): string {
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase();
  const found = extension !== undefined && Object.hasOwn(MEDIA_TYPES, extension) ? MEDIA_TYPES[extension] : undefined;
  return found ?? (extension === undefined ? TEXT : "application/octet-stream");
}
