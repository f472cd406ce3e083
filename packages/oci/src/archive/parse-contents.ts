import { OciError } from "../errors.ts";
import { isDigest } from "../model/digest.ts";
import type {
  ArchiveBlob,
  ArchiveContents,
  ArchiveFile,
  ArchiveRoot,
  ArchiveSignature,
  ArchiveVolume,
  LackingImage,
  ReliedContent,
} from "./contents.ts";
import { isVolumeName } from "./volume-name.ts";

const BASE_KEYS = ["lockDigest", "haveDigest", "requestDigest", "forArchive"] as const;

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads the contents of an archive. They may come from anybody: every name, digest and place is checked; names that lead
 * elsewhere, places outside of the volumes and content listed twice are refused.
 * @param path for messages
 * @throws OciError `ARCHIVE_INVALID`; `UNSUPPORTED` for a later version
 */
export function parseContents(text: string, path: string): ArchiveContents {
  const check = new Check(path);
  const top = check.json(text);
  if (top["kind"] !== "ArchiveContents") throw check.invalid("it is no list of an archive's contents");
  if (top["version"] !== 1) {
    throw new OciError({
      code: "UNSUPPORTED",
      message: `Cannot read ${path}: it has version ${JSON.stringify(top["version"])}, this program reads version 1`,
      subject: path,
      hint: "Use a newer skerry.",
    });
  }
  const base = check.row(top["base"], "base");
  const volumes = check.rows(top["volumes"], "volumes").map((row) => volume(row, check));
  const contents: ArchiveContents = {
    apiVersion: "skerry.dev/v1",
    kind: "ArchiveContents",
    version: 1,
    name: check.text(top["name"], "name"),
    createdAt: check.time(top["createdAt"]),
    plan: check.text(top["plan"], "plan"),
    base: Object.assign({}, ...BASE_KEYS.map((key) => check.optional(base, key))),
    volumes,
    blobs: check.rows(top["blobs"], "blobs").map((row) => blob(row, { check, volumes })),
    files: check.rows(top["files"], "files").map((row) => file(row, { check, volumes })),
    roots: check.rows(top["roots"], "roots").map((row) => root(row, check)),
    relies: check.rows(top["relies"], "relies").map((row) => relied(row, check)),
    missing: check.rows(top["missing"], "missing").map((row) => lacking(row, check)),
    signatures: check.rows(top["signatures"], "signatures").map((row) => signature(row, check)),
  };
  check.once(
    contents.volumes.map(({ name }) => name.toLowerCase()),
    "volume",
  );
  check.once(
    contents.blobs.map(({ digest }) => digest),
    "blob",
  );
  check.once(
    contents.files.map(({ name }) => name.toLowerCase()),
    "file",
  );
  return contents;
}

function volume(row: Row, check: Check): ArchiveVolume {
  const name = check.text(row["name"], "volumes.name");
  if (!isVolumeName(name)) throw check.invalid(`${JSON.stringify(name)} is no name of a volume`);
  const sha256 = row["sha256"];
  if (sha256 === undefined) return { name };
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) throw check.invalid(`the hash of ${name} is none`);
  return { name, bytes: check.count(row["bytes"], "volumes.bytes"), sha256 };
}

interface Placing {
  readonly check: Check;
  readonly volumes: readonly ArchiveVolume[];
}

function place(row: Row, { check, volumes }: Placing): { readonly volume: number; readonly offset: number; readonly bytes: number } {
  const number = check.count(row["volume"], "volume");
  const offset = check.count(row["offset"], "offset");
  const bytes = check.count(row["bytes"], "bytes");
  let room = -offset;
  for (const one of volumes.slice(number - 1)) {
    room += one.bytes ?? Number.MAX_SAFE_INTEGER;
    if (room >= bytes) break;
  }
  const first = volumes[number - 1]?.bytes ?? Number.MAX_SAFE_INTEGER;
  if (number < 1 || number > volumes.length || offset > first || room < bytes) {
    throw check.invalid(`it places ${bytes} bytes at byte ${offset} of volume ${number}, outside of the volumes`);
  }
  return { volume: number, offset, bytes };
}

function blob(row: Row, placing: Placing): ArchiveBlob {
  const digest = row["digest"];
  if (typeof digest !== "string" || !isDigest(digest)) throw placing.check.invalid("a blob has no digest");
  return { digest, ...place(row, placing) };
}

function file(row: Row, placing: Placing): ArchiveFile {
  const name = placing.check.text(row["name"], "files.name");
  const sha256 = placing.check.text(row["sha256"], "files.sha256");
  if (!/^(?:index\.json|skerry\/[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)?)$/.test(name)) {
    throw placing.check.invalid(`${JSON.stringify(name)} is no file of an archive`);
  }
  return { name, ...place(row, placing), sha256 };
}

function root(row: Row, check: Check): ArchiveRoot {
  const { digest } = row;
  if (typeof digest !== "string" || !isDigest(digest)) throw check.invalid("a root has no digest");
  return {
    name: check.text(row["name"], "roots.name"),
    digest,
    mediaType: check.text(row["mediaType"], "roots.mediaType"),
    bytes: check.count(row["bytes"], "roots.bytes"),
  };
}

function relied(row: Row, check: Check): ReliedContent {
  const { digest, repositories } = row;
  if (typeof digest !== "string" || !isDigest(digest)) throw check.invalid("an entry of relies has no digest");
  if (!Array.isArray(repositories) || !repositories.every((one): one is string => typeof one === "string")) {
    throw check.invalid(`the repositories of ${digest} are no list of texts`);
  }
  return { digest, bytes: check.count(row["bytes"], "relies.bytes"), repositories };
}

function lacking(row: Row, check: Check): LackingImage {
  return { origin: check.text(row["origin"], "missing.origin"), error: check.text(row["error"], "missing.error") };
}

function signature(row: Row, check: Check): ArchiveSignature {
  const name = check.text(row["file"], "signatures.file");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw check.invalid(`${JSON.stringify(name)} is no name of a signature`);
  return {
    file: name,
    keyId: check.text(row["keyId"], "signatures.keyId"),
    algorithm: check.text(row["algorithm"], "signatures.algorithm"),
  };
}

/** The checks of one document. */
class Check {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  json(text: string): Row {
    try {
      return this.row(JSON.parse(text), "the document");
    } catch (cause) {
      if (cause instanceof OciError) throw cause;
      throw this.invalid("it is not JSON", cause);
    }
  }

  row(value: unknown, what: string): Row {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Row;
    throw this.invalid(`${what} is not an object`);
  }

  rows(value: unknown, what: string): Row[] {
    if (!Array.isArray(value)) throw this.invalid(`${what} is not a list`);
    return value.map((item: unknown) => this.row(item, `an item of ${what}`));
  }

  text(value: unknown, what: string): string {
    if (typeof value === "string" && value.length <= 65_536) return value;
    throw this.invalid(`${what} is not a text`);
  }

  time(value: unknown): string {
    if (typeof value === "string" && value.length < 64 && !Number.isNaN(Date.parse(value))) return value;
    throw this.invalid("createdAt is not a time");
  }

  count(value: unknown, what: string): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.invalid(`${what} is not a number of bytes`);
  }

  optional<K extends string>(row: Row, key: K): { readonly [P in K]?: string } {
    const value = row[key];
    return value === undefined ? {} : ({ [key]: this.text(value, key) } as { readonly [P in K]: string });
  }

  once(names: readonly string[], what: string): void {
    const seen = new Set<string>();
    for (const name of names) {
      if (seen.has(name)) throw this.invalid(`it lists the ${what} ${name} twice`);
      seen.add(name);
    }
  }

  invalid(why: string, cause?: unknown): OciError {
    return new OciError({
      code: "ARCHIVE_INVALID",
      message: `Cannot read ${this.#path}: ${why}`,
      subject: this.#path,
      hint: "Copy the archive again, or rebuild its contents with 'skerry archive repair'.",
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
