import { OciError } from "../errors.ts";
import { type Digest, isDigest } from "./digest.ts";

/** Name of an image in a registry, normalised by Docker's rules. distribution/reference "normalize". */
export interface Reference {
  /** `host[:port]`; Docker Hub is `docker.io`. */
  readonly registry: string;
  /** Path without the registry: `library/nginx`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
  /** What was written, for messages. */
  readonly text: string;
}

const MAX_REPOSITORY = 255;
const DOMAIN =
  /^(?:\[[0-9a-fA-F:.]+\]|(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*)(?::[0-9]+)?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * Reads `[host[:port]/]repository[:tag][@digest]`. A first part without dot, port or upper case that is not `localhost`
 * belongs to the path, and the host is then docker.io. `name:tag@digest` is legal: the digest decides, the tag is kept.
 * @throws OciError `REFERENCE_INVALID`, saying which part is wrong
 */
export function parseReference(text: string): Reference {
  if (text === "") throw invalid(text, "it is empty");
  const { name, tag, digest } = split(text);
  const { registry, repository } = splitDomain(name);
  checkRegistry(text, registry);
  checkRepository(text, repository);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, tagFault(tag));
  if (digest !== undefined && !isDigest(digest))
    throw invalid(text, digest === "" ? "nothing follows the @" : "the digest is not sha256:<64 hex> or sha512:<128 hex>");
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest: digest as Digest }),
    text,
  };
}

/** Canonical form: `registry/repository[:tag][@digest]`. */
export function formatReference(reference: Omit<Reference, "text">): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}

/** What a registry is asked for: the digest where there is one, else the tag, else `latest`. */
export function referenceName(reference: Pick<Reference, "tag" | "digest">): string {
  return reference.digest ?? reference.tag ?? "latest";
}

/** True for a legal repository path such as `library/nginx`. Distribution-spec "pulling manifests". */
export function isRepository(text: string): boolean {
  return text.length <= MAX_REPOSITORY && text.split("/").every((part) => COMPONENT.test(part));
}

/** True for a legal tag. Distribution-spec "pulling manifests". */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** True for `host[:port]` with a host name, IPv4 or bracketed IPv6 address. */
export function isRegistryHost(text: string): boolean {
  const port = /:([0-9]+)$/.exec(text)?.[1];
  return DOMAIN.test(text) && (port === undefined || Number(port) <= 65535);
}

function split(text: string): { name: string; tag?: string; digest?: string } {
  const at = text.indexOf("@");
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? {} : { digest: text.slice(at + 1) };
  const colon = named.lastIndexOf(":");
  // A colon before the last slash belongs to the port.
  if (colon < 0 || named.indexOf("/", colon) >= 0) return { name: named, ...digest };
  return { name: named.slice(0, colon), tag: named.slice(colon + 1), ...digest };
}

function splitDomain(name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isHost = first !== "" && (first.includes(".") || first.includes(":") || first === "localhost" || first !== first.toLowerCase());
  if (!isHost) return { registry: "docker.io", repository: name.includes("/") ? name : `library/${name}` };
  const registry = first === "index.docker.io" ? "docker.io" : first;
  const rest = name.slice(slash + 1);
  return { registry, repository: registry === "docker.io" && !rest.includes("/") ? `library/${rest}` : rest };
}

function checkRegistry(text: string, registry: string): void {
  if (/:\/\//.test(text)) throw invalid(text, "it has a scheme; write the name without it");
  if (!isRegistryHost(registry)) throw invalid(text, `${JSON.stringify(registry)} is not a registry host`);
}

function checkRepository(text: string, repository: string): void {
  if (/^[0-9a-f]{64}$/.test(repository.replace(/^library\//, ""))) throw invalid(text, "64 hex digits alone are an image ID, not a name");
  if (repository.length > MAX_REPOSITORY)
    throw invalid(text, `the path has ${repository.length} characters, at most ${MAX_REPOSITORY} are allowed`);
  for (const part of repository.split("/")) {
    if (COMPONENT.test(part)) continue;
    if (part !== part.toLowerCase()) throw invalid(text, `the path part ${JSON.stringify(part)} has upper-case letters`);
    throw invalid(
      text,
      part === "" ? "the path has an empty part" : `the path part ${JSON.stringify(part)} has characters that no path may have`,
    );
  }
}

function tagFault(tag: string): string {
  if (tag === "") return "nothing follows the colon";
  return tag.length > 128
    ? `the tag has ${tag.length} characters, at most 128 are allowed`
    : `the tag ${JSON.stringify(tag)} has characters that no tag may have`;
}

function invalid(text: string, why: string): OciError {
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return new OciError({
    code: "REFERENCE_INVALID",
    message: `Cannot read image reference ${JSON.stringify(shown)}: ${why}`,
    subject: shown,
    hint: "Write it as host/path:tag or host/path@sha256:….",
  });
}
