import { CatalogError } from "../errors.ts";

/** One member of a tar file to be written. Directories end in `/` and have no content. */
export interface TarMember {
  /** `/`-separated, without leading `/` or `./`. */
  readonly path: string;
  readonly size: number;
  /** Permission bits; 0644 for files and 0755 for directories unless given. */
  readonly mode?: number;
  readonly content?: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
const MAX_SIZE = 8 ** 11 - 1;

/**
 * A tar file in ustar format (POSIX.1-1988), with a pax header only where a path needs one. Owner, group and times are
 * zero, so that the bytes depend on paths and contents alone.
 * @throws CatalogError `PATH_UNSAFE`, `LIMIT_EXCEEDED` (8 GiB a file), `IO_FAILED` when a content is not as long as said
 */
export async function* writeTar(members: Iterable<TarMember> | AsyncIterable<TarMember>): AsyncGenerator<Uint8Array> {
  for await (const member of members) {
    checkMember(member);
    yield* headers(member);
    let written = 0;
    for await (const chunk of member.content ?? []) {
      written += chunk.byteLength;
      yield chunk;
    }
    if (written !== member.size) {
      throw new CatalogError({
        code: "IO_FAILED",
        message: `Cannot write ${member.path} into a layer: it has ${written} bytes instead of ${member.size}`,
        subject: member.path,
      });
    }
    if (written % BLOCK !== 0) yield new Uint8Array(BLOCK - (written % BLOCK));
  }
  yield new Uint8Array(2 * BLOCK);
}

function checkMember(member: TarMember): void {
  const parts = member.path.replace(/\/$/, "").split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || member.path.includes("\0")) {
    throw new CatalogError({
      code: "PATH_UNSAFE",
      message: `Cannot write ${JSON.stringify(member.path)} into a layer: the path would leave it`,
      subject: member.path,
    });
  }
  if (member.size > MAX_SIZE) {
    throw new CatalogError({
      code: "LIMIT_EXCEEDED",
      message: `Cannot write ${member.path} into a layer: it is larger than 8 GiB`,
      subject: member.path,
    });
  }
}

function headers(member: TarMember): Uint8Array[] {
  const directory = member.path.endsWith("/");
  const fields = { size: member.size, mode: member.mode ?? (directory ? 0o755 : 0o644), type: directory ? "5" : "0" };
  const name = splitName(member.path);
  if (name !== undefined) return [header({ ...fields, ...name })];
  const record = paxRecord("path", member.path);
  const padded = new Uint8Array(Math.ceil(record.byteLength / BLOCK) * BLOCK);
  padded.set(record);
  const short = Buffer.from(member.path).subarray(0, 99).toString("latin1");
  return [
    header({ size: record.byteLength, mode: 0o644, type: "x", name: "PaxHeader", prefix: "" }),
    padded,
    header({ ...fields, name: short, prefix: "" }),
  ];
}

/** Name and prefix of a ustar header, as latin1 text of the UTF-8 bytes; undefined when the path does not fit or is not ASCII. */
function splitName(path: string): { name: string; prefix: string } | undefined {
  if (!/^[\x20-\x7e]*$/.test(path)) return undefined;
  if (path.length <= 100) return { name: path, prefix: "" };
  const from = Math.max(path.length - 101, 0);
  for (let slash = path.indexOf("/", from); slash >= 0 && slash < path.length - 1; slash = path.indexOf("/", slash + 1)) {
    if (slash <= 155) return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
  }
  return undefined;
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. POSIX.1-2001 "pax extended header". */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

interface HeaderFields {
  readonly name: string;
  readonly prefix: string;
  readonly size: number;
  readonly mode: number;
  readonly type: string;
}

function header(fields: HeaderFields): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  block.write(fields.name, 0, 100, "latin1");
  block.write(octal(fields.mode, 7), 100, "latin1");
  block.write(octal(0, 7), 108, "latin1");
  block.write(octal(0, 7), 116, "latin1");
  block.write(octal(fields.size, 11), 124, "latin1");
  block.write(octal(0, 11), 136, "latin1");
  block.write("        ", 148, "latin1");
  block.write(fields.type, 156, "latin1");
  block.write("ustar\0" + "00", 257, "latin1");
  block.write(octal(0, 7), 329, "latin1");
  block.write(octal(0, 7), 337, "latin1");
  block.write(fields.prefix, 345, 155, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
