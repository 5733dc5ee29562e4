// What grpcurl prints of ExportMessages, back to files: JSON objects one after the other, each with a piece of the file or the manifest.
import { createReadStream, mkdirSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/** What people said is nobody else's on this machine. */
const ONLY_MINE = { folder: 0o700, file: 0o600 };
/** A gRPC message of 4 MiB in base64, and to spare. */
const MAX_OBJECT_CHARACTERS = 16 << 20;

/** The name of the file that a manifest is about. */
export const dataNameOf = (manifest: string): string =>
  (JSON.parse(manifest) as { readonly format?: unknown }).format === 'CSV' ? 'data.csv' : 'data.ndjson';

/** Writes data.ndjson or data.csv, and manifest.json. Throws when it is no export, or one that was cut off, and leaves nothing then. */
export async function unpack(file: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: ONLY_MINE.folder });
  const piece = join(folder, 'data.part');
  const data = await open(piece, 'w', ONLY_MINE.file);
  try {
    let manifest: string | undefined;
    for await (const part of objectsOf(createReadStream(file, { highWaterMark: 1 << 20 }))) {
      if (manifest !== undefined) throw new TypeError('something follows the manifest');
      if (typeof part.data === 'string') await data.writeFile(Buffer.from(part.data, 'base64'));
      else if (typeof part.manifest === 'string') manifest = Buffer.from(part.manifest, 'base64').toString();
      else throw new TypeError('not the output of ExportMessages');
    }
    if (manifest === undefined) throw new TypeError('the manifest is missing: the export was cut off');
    const name = dataNameOf(manifest);
    await writeFile(join(folder, 'manifest.json'), manifest, { mode: ONLY_MINE.file });
    await rename(piece, join(folder, name));
  } finally {
    await data.close();
    await rm(piece, { force: true });
  }
}

/** JSON objects that follow each other, pretty or not. None of theirs is in another: a brace ends it, unless it stands in a string. */
async function* objectsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Record<string, unknown>> {
  const decoder = new StringDecoder('utf8');
  const step = /["{}\\]/g;
  let text = '';
  let at = 0;
  let depth = 0;
  let isInString = false;
  for await (const chunk of chunks) {
    text += decoder.write(chunk);
    if (text.length > MAX_OBJECT_CHARACTERS) throw new TypeError('not the output of ExportMessages');
    for (step.lastIndex = at; ; ) {
      const found = step.exec(text)?.[0];
      if (found === undefined) {
        // What follows a backslash at the end may be in the next chunk.
        at = Math.max(at, text.length);
        break;
      }
      at = step.lastIndex;
      if (found === '\\') at = step.lastIndex = at + 1;
      else if (found === '"') isInString = !isInString;
      else if (isInString) continue;
      else if (found === '{') depth += 1;
      else if (--depth === 0) {
        yield JSON.parse(text.slice(0, at)) as Record<string, unknown>;
        text = text.slice(at);
        at = step.lastIndex = 0;
      } else if (depth < 0) throw new TypeError('not the output of ExportMessages');
    }
  }
  if (text.trim() !== '') throw new TypeError('it ends in the middle');
}
