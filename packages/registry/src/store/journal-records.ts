import { crc32 } from "node:zlib";

/** A small file as it is to be: with this content, or gone. */
export interface FileChange {
  readonly path: string;
  readonly bytes: Uint8Array | undefined;
  /** Time that the file gets, in milliseconds since 1970, when it is not that of the change. */
  readonly changedAt?: number;
}

/** A change that somebody wants to be told of when it is made, or has failed. */
export interface TrackedChange extends FileChange {
  readonly settle: (done: boolean) => void;
}

/** Changes that belong together. Paths are below the root. */
export interface JournalRecord {
  /** One more than that of the record before. */
  readonly sequence: number;
  /** When it was made, in milliseconds since 1970. */
  readonly at: number;
  readonly changes: readonly FileChange[];
}

/** Length of what follows the checksum (4 bytes), checksum of it (4), then sequence (8), length of the head (4), head, contents. */
const PREFIX_BYTES = 20;
const CHECKED_FROM = 8;

interface Head {
  readonly at: number;
  /** Path, and length of the content; without one the file goes. */
  readonly files: readonly (readonly [path: string, size?: number])[];
}

/** A record as it stands in the journal, in pieces that follow each other. Numbers are little-endian. */
export function encodeRecord({ sequence, at, changes }: JournalRecord): Uint8Array[] {
  const files = changes.map(({ path, bytes }) => (bytes === undefined ? ([path] as const) : ([path, bytes.byteLength] as const)));
  const head = Buffer.from(JSON.stringify({ at, files } satisfies Head));
  const contents = changes.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeBigUInt64LE(BigInt(sequence), CHECKED_FROM);
  prefix.writeUInt32LE(head.byteLength, CHECKED_FROM + 8);
  const checked = [prefix.subarray(CHECKED_FROM), head, ...contents];
  prefix.writeUInt32LE(
    checked.reduce((sum, piece) => sum + piece.byteLength, 0),
    0,
  );
  prefix.writeUInt32LE(
    checked.reduce((sum, piece) => crc32(piece, sum), 0),
    4,
  );
  return [prefix, head, ...contents];
}

/**
 * The records at the beginning of a segment of the journal. They end where one is torn or does not follow the one before: what
 * comes after was never acknowledged.
 */
export function* decodeRecords(segment: Buffer): Generator<JournalRecord> {
  let before: number | undefined;
  for (let at = 0; at + PREFIX_BYTES <= segment.length; ) {
    const length = segment.readUInt32LE(at);
    const checked = segment.subarray(at + CHECKED_FROM, at + CHECKED_FROM + length);
    if (length < PREFIX_BYTES - CHECKED_FROM || checked.length < length) return;
    if (crc32(checked) !== segment.readUInt32LE(at + 4)) return;
    const record = decodeChecked(checked);
    if (record === undefined || (before !== undefined && record.sequence !== before + 1)) return;
    yield record;
    before = record.sequence;
    at += CHECKED_FROM + length;
  }
}

function decodeChecked(checked: Buffer): JournalRecord | undefined {
  const sequence = Number(checked.readBigUInt64LE(0));
  let position = 12 + checked.readUInt32LE(8);
  if (position > checked.length) return undefined;
  const head = JSON.parse(checked.toString("utf8", 12, position)) as Head;
  const changes: FileChange[] = [];
  for (const [path, size] of head.files) {
    if (!isOwnPath(path)) return undefined;
    changes.push({ path, bytes: size === undefined ? undefined : checked.subarray(position, position + size) });
    position += size ?? 0;
  }
  return { sequence, at: head.at, changes };
}

/** What a journal may change: nothing outside the folders that hold small files, whoever wrote it. */
function isOwnPath(path: string): boolean {
  return /^(?:blobs|repositories)\//.test(path) && !path.split("/").some((part) => part === "" || part === "." || part === "..");
}
