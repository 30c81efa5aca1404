/**
 * Archives of files: tar, compressed with gzip.
 *
 * @module
 */
import { createTarDecoder, createTarPacker } from "modern-tar";

/** One file or folder of an archive. */
export interface ArchiveEntry {
  /** Parts are joined by `/`. */
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly bytes: Uint8Array;
}

/** Packs entries, one after the other, so that only the archive itself is in memory as a whole. */
export async function packArchive(entries: AsyncIterable<ArchiveEntry>): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, controller } = createTarPacker();
  // of this user alone, wherever the archive is unpacked
  const header = ({ path, kind, bytes }: ArchiveEntry) =>
    kind === "file"
      ? { name: path, size: bytes.length, type: "file" as const, mode: 0o600 }
      : { name: `${path}/`, size: 0, type: "directory" as const, mode: 0o700 };
  const writing = (async () => {
    try {
      for await (const entry of entries) {
        const writer = controller.add(header(entry)).getWriter();
        if (entry.bytes.length > 0) await writer.write(entry.bytes);
        await writer.close();
      }
      controller.finalize();
    } catch (error) {
      controller.error(error);
    }
  })();
  const packed = await new Response(readable.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  await writing;
  return new Uint8Array(packed);
}

/**
 * Unpacks an archive, one entry after the other.
 *
 * @throws {Error} when it is damaged, cut off, or holds anything but files and folders.
 */
export async function* unpackArchive(packed: Uint8Array): AsyncGenerator<ArchiveEntry> {
  const plain = new Response(packed as BodyInit).body!.pipeThrough(new DecompressionStream("gzip"));
  for await (const { header, body } of plain.pipeThrough(createTarDecoder({ strict: true }))) {
    const { name, type = "file" } = header;
    if (type !== "file" && type !== "directory") throw new Error(`"${name}" is a ${type}, not a file or folder`);
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    yield { path: name.replace(/\/$/, ""), kind: type === "file" ? "file" : "folder", bytes };
  }
}
