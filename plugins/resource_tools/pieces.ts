/**
 * What a resource reads as, as the content of a tool's result: texts in pieces, bytes by their type.
 *
 * @module
 */
import { type Content, pieceOf, type ResourceContents } from "../../kernel/mod.ts";

/** Which piece is asked for, in characters; those of several texts are counted on. */
export interface Range {
  readonly offset: number;
  readonly length: number;
  /** Most characters of base64 that an answer takes. */
  readonly maxBase64: number;
}

/** Makes content of what was read. */
export function toContent(contents: readonly ResourceContents[], { offset, length, maxBase64 }: Range): Content[] {
  const blocks: Content[] = [];
  let next = offset;
  let total = 0;
  for (const content of contents) {
    const label = contents.length > 1 ? [labelOf(content)] : [];
    if ("blob" in content) {
      // bytes come with the first piece
      if (offset === 0) blocks.push(...label, ...bytesOf(content, maxBase64));
      continue;
    }
    const from = next - total;
    const left = offset + length - next;
    if (from >= 0 && from < content.text.length && left > 0) {
      const piece = pieceOf(content.text, { offset: from, length: left });
      blocks.push(...label, textBlock(piece.text));
      next = total + piece.end;
    }
    total += content.text.length;
  }
  const note = noteOf({ offset, next, total, isEmpty: blocks.length === 0 });
  return note === undefined ? blocks : [...blocks, textBlock(`[${note}]`)];
}

interface Standing {
  readonly offset: number;
  readonly next: number;
  readonly total: number;
  readonly isEmpty: boolean;
}

function noteOf({ offset, next, total, isEmpty }: Standing): string | undefined {
  if (next < total) return `Characters ${offset} to ${next} of ${total}; read on with offset ${next}`;
  // clients must not send their models an empty text
  if (isEmpty) return offset === 0 ? "Empty" : `There are ${total} characters`;
  return undefined;
}

function bytesOf(contents: ResourceContents & { readonly blob: string }, maxBase64: number): Content[] {
  const { uri, mimeType, blob } = contents;
  const type = mimeType === undefined ? {} : { mimeType };
  if (blob.length > maxBase64) {
    const size = Math.floor(blob.length * 3 / 4);
    const text = `[${mimeType ?? "Bytes"}, about ${size} bytes, more than one answer takes]`;
    return [textBlock(text), { type: "resource_link", uri, name: uri, ...type, size }];
  }
  if (mimeType?.startsWith("image/")) return [{ type: "image", data: blob, mimeType }];
  if (mimeType?.startsWith("audio/")) return [{ type: "audio", data: blob, mimeType }];
  return [{ type: "resource", resource: { uri, ...type, blob } }];
}

function labelOf({ uri, mimeType }: ResourceContents): Content {
  return textBlock(`[${uri}${mimeType === undefined ? "" : `, ${mimeType}`}]`);
}

function textBlock(text: string): Content {
  return { type: "text", text };
}
