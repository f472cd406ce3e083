import { OciError } from "../../errors.ts";
import { type Digest, isDigest } from "../../model/digest.ts";

/** How images lie on a disk. */
export type LayoutTransport = "oci" | "oci-archive" | "dir" | "docker-archive";

/** `oci:DIR:NAME` and its like, taken apart. */
export interface LayoutReference {
  readonly transport: LayoutTransport;
  readonly path: string;
  /** Reference name inside; a docker archive's is an image reference. */
  readonly name?: string;
  readonly digest?: Digest;
  /** What was written, for messages. */
  readonly text: string;
}

const TRANSPORTS: readonly LayoutTransport[] = ["oci-archive", "docker-archive", "oci", "dir"];

/** True when the text begins with one of the transports. */
export function isLayoutReference(text: string): boolean {
  return TRANSPORTS.some((transport) => text.startsWith(`${transport}:`));
}

/**
 * Reads `oci:DIR[:NAME]`, `oci-archive:FILE[:NAME]`, `dir:DIR`, `docker-archive:FILE[:REF]`; `@DIGEST` in place of a name
 * takes the image with that digest. The path ends at the first colon, as in containers-transports(5).
 * @throws OciError `REFERENCE_INVALID`
 */
export function parseLayoutReference(text: string): LayoutReference {
  const transport = TRANSPORTS.find((item) => text.startsWith(`${item}:`));
  if (transport === undefined) throw invalid(text, `it does not begin with ${TRANSPORTS.map((item) => `${item}:`).join(", ")}`);
  const rest = text.slice(transport.length + 1);
  if (transport === "dir") return checked({ transport, path: rest, text });
  const colon = rest.indexOf(":");
  if (colon < 0) return checked({ transport, path: rest, text });
  const [path, name] = [rest.slice(0, colon), rest.slice(colon + 1)];
  if (name.startsWith("@")) return checked({ transport, path, digest: digestIn(name.slice(1), text), text });
  const algorithm = /^(.+)@(sha256|sha512)$/.exec(path);
  if (algorithm?.[1] !== undefined) {
    return checked({ transport, path: algorithm[1], digest: digestIn(`${algorithm[2] ?? ""}:${name}`, text), text });
  }
  if (name === "") throw invalid(text, "nothing follows the colon after the path");
  return checked({ transport, path, name, text });
}

function digestIn(digest: string, text: string): Digest {
  if (!isDigest(digest)) throw invalid(text, "what follows the @ is no digest");
  return digest;
}

function checked(reference: LayoutReference): LayoutReference {
  if (reference.path === "") throw invalid(reference.text, "it names no path");
  if (reference.path.includes("\0")) throw invalid(reference.text, "its path has a zero byte");
  return reference;
}

function invalid(text: string, why: string): OciError {
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return new OciError({
    code: "REFERENCE_INVALID",
    message: `Cannot read ${JSON.stringify(shown)}: ${why}`,
    subject: shown,
    hint: "Write it as oci:DIR:NAME, oci-archive:FILE:NAME, dir:DIR or docker-archive:FILE:REF.",
  });
}
