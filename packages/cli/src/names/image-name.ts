import { isRegistryHost, parseReference, type Reference } from "@skerry/oci";
import { UsageError } from "../args/errors.ts";
import { didYouMean } from "../args/nearest.ts";

/** Transports of LAYOUT in section 1 of the contract. */
export const LAYOUT_TRANSPORTS = ["oci", "oci-archive", "dir", "docker-archive"] as const;
export type LayoutTransport = (typeof LAYOUT_TRANSPORTS)[number];

/** An image in a registry. */
export interface RegistryName {
  readonly kind: "registry";
  readonly reference: Reference;
  readonly text: string;
}

/** An image in a folder or file. */
export interface LayoutName {
  readonly kind: "layout";
  readonly transport: LayoutTransport;
  readonly path: string;
  /** Name or `@digest`; missing when the only image inside is meant. */
  readonly name?: string;
  readonly text: string;
}

/** REF or LAYOUT. */
export type ImageName = RegistryName | LayoutName;

/**
 * Reads REF or LAYOUT of section 1 of the contract.
 * @throws UsageError for another transport, OciError `REFERENCE_INVALID` for a broken or bare name
 */
export function parseImageName(text: string): ImageName {
  const layout = /^([a-z][a-z0-9-]*):(?!\/\/)(.*)$/s.exec(text);
  const transport = LAYOUT_TRANSPORTS.find((known) => known === layout?.[1]);
  if (transport !== undefined) return layoutName(transport, layout?.[2] ?? "", text);
  return { kind: "registry", reference: parseRef(text), text };
}

/**
 * Reads REF: `docker://…` by Docker's rules, or the same without when the first part is recognisably a host.
 * @throws UsageError for another transport or a bare name, OciError `REFERENCE_INVALID`
 */
export function parseRef(text: string): Reference {
  if (text.startsWith("docker://")) return { ...parseReference(text.slice("docker://".length)), text };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1];
  if (scheme !== undefined) {
    throw new UsageError(`cannot use ${JSON.stringify(text)}: unknown transport ${scheme}://`, {
      subject: text,
      hint: didYouMean(scheme, ["docker"]) === undefined ? transportHint(scheme) : `Write docker://${text.slice(scheme.length + 3)}.`,
    });
  }
  const first = text.split("/")[0] ?? "";
  if (!text.includes("/") || !(first.includes(".") || first.includes(":") || first === "localhost")) {
    throw new UsageError(`cannot use ${JSON.stringify(text)}: it names no registry`, {
      subject: text,
      hint: text === "" ? "Write it as host/path:tag." : `Write docker://${text} for Docker Hub, or host/path:tag.`,
    });
  }
  return parseReference(text);
}

/**
 * Reads a repository: REF without tag and digest.
 * @throws UsageError when it has a tag or digest
 */
export function parseRepositoryName(text: string): Reference {
  const reference = parseRef(text);
  if (reference.tag !== undefined || reference.digest !== undefined) {
    throw new UsageError(`cannot use ${JSON.stringify(text)}: expected a repository, without tag and digest`, { subject: text });
  }
  return reference;
}

/**
 * Reads HOST[:PORT], with or without `docker://` and a slash at its end.
 * @throws UsageError when it is none
 */
export function parseHost(text: string): string {
  const host = text.replace(/^(?:docker|https?):\/\//, "").replace(/\/+$/, "");
  if (!isRegistryHost(host)) {
    throw new UsageError(`cannot use ${JSON.stringify(text)}: expected HOST[:PORT]`, { subject: text });
  }
  return host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
}

function layoutName(transport: LayoutTransport, rest: string, text: string): LayoutName {
  if (rest === "") throw new UsageError(`cannot use ${JSON.stringify(text)}: a path is missing after ${transport}:`, { subject: text });
  if (transport === "dir") return { kind: "layout", transport, path: rest, text };
  const digest = /^(.+?):?@(sha(?:256|512):[0-9a-f]+)$/.exec(rest);
  if (digest?.[1] !== undefined && digest[2] !== undefined) {
    return { kind: "layout", transport, path: digest[1], name: `@${digest[2]}`, text };
  }
  // The first colon ends the path, as in skopeo: names may hold colons, paths in this form may not.
  const colon = rest.indexOf(":");
  if (colon < 0) return { kind: "layout", transport, path: rest, text };
  if (colon === 0) throw new UsageError(`cannot use ${JSON.stringify(text)}: a path is missing after ${transport}:`, { subject: text });
  const name = rest.slice(colon + 1);
  return { kind: "layout", transport, path: rest.slice(0, colon), ...(name === "" ? {} : { name }), text };
}

function transportHint(scheme: string): string {
  if (scheme === "http" || scheme === "https") return "Write the name without the scheme; --tls-verify=false allows HTTP.";
  if (scheme === "oci") return "A layout on disk is oci:DIR[:NAME], without slashes.";
  return "Known: docker://HOST/PATH, oci:DIR, oci-archive:FILE, dir:DIR, docker-archive:FILE.";
}
