/**
 * The formats of archives that tools are exported to.
 *
 * @module
 */

/** The kinds of archive that are written, by the endings of their names. */
export const ARCHIVE_FORMATS = ["zip", "tar", "tar.gz"] as const;
/** A kind of archive. */
export type ArchiveFormat = typeof ARCHIVE_FORMATS[number];

const ENDINGS: readonly (readonly [ending: string, format: ArchiveFormat])[] = [
  [".zip", "zip"],
  [".tar", "tar"],
  [".tar.gz", "tar.gz"],
  [".tgz", "tar.gz"],
];
/** The media types of archives. */
export const MEDIA_TYPES: Readonly<Record<ArchiveFormat, string>> = {
  zip: "application/zip",
  tar: "application/x-tar",
  "tar.gz": "application/gzip",
};

/** Tells which kind of archive a path names, if it names one. */
export function formatOf(path: string): ArchiveFormat | undefined {
  return ENDINGS.find(([ending]) => path.toLowerCase().endsWith(ending))?.[1];
}
