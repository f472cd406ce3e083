import { digestHex, formatReference, isTag, parseReference, type Reference } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import type { Destination } from "./types.ts";

/** How source paths become destination paths. */
export interface NamingPolicy {
  /** `path`: the path without host; `flat`: one component, `/` → `-`; `host`: the host first. */
  readonly layout: "path" | "flat" | "host";
  /** Tag of images that are known by digest only; `{hex}` is replaced. Never `sha256-{hex}`: that is the referrers' tag. */
  readonly digestTag: string;
  /** Longest path, prefix included and host excluded; what is too deep is joined with `-`. 0: no bound. */
  readonly maxNestedPaths: number;
}

export const DEFAULT_NAMING: NamingPolicy = { layout: "path", digestTag: "img-{hex}", maxNestedPaths: 0 };

/**
 * Checks a `--digest-tag` template.
 * @throws MirrorError `CONFIG_INVALID` when it lacks `{hex}`, makes no legal tag, or would take the referrers' tag
 */
export function parseDigestTag(template: string): string {
  const sample = template.replaceAll("{hex}", "0".repeat(64));
  const why = !template.includes("{hex}")
    ? "it has no {hex}"
    : template === "sha256-{hex}" || template === "sha512-{hex}"
      ? "that is the tag under which registries without the referrers API keep an image's referrers"
      : isTag(sample)
        ? undefined
        : "it makes no legal tag";
  if (why === undefined) return template;
  throw new MirrorError({
    code: "CONFIG_INVALID",
    message: `Cannot use digest tag ${JSON.stringify(template)}: ${why}`,
    subject: template,
    hint: "Use a template such as img-{hex}.",
  });
}

/** Where an image goes: one function for every kind of image. */
export function destinationOf(
  source: Reference,
  policy: NamingPolicy,
  override: { readonly repository?: string; readonly tag?: string } = {},
): Destination {
  return {
    repository: override.repository ?? layoutPath(source, policy.layout),
    tag: override.tag ?? source.tag ?? (source.digest === undefined ? "latest" : digestTag(source, policy)),
  };
}

/** The tag of an image that is known by digest only. A sha512 digest is too long for a tag and is cut to 64 digits. */
export function digestTag(source: Pick<Reference, "digest">, policy: NamingPolicy): string {
  return policy.digestTag.replaceAll("{hex}", source.digest === undefined ? "" : digestHex(source.digest).slice(0, 64));
}

/** Path at a target: prefix and repository, made shallow enough for it. */
export function targetRepository(prefix: string, repository: string, maxNestedPaths = 0): string {
  const path = prefix === "" ? repository : `${prefix}/${repository}`;
  const parts = path.split("/");
  if (maxNestedPaths <= 0 || parts.length <= maxNestedPaths) return path;
  const kept = parts.slice(0, maxNestedPaths - 1);
  return [...kept, parts.slice(maxNestedPaths - 1).join("-")].join("/");
}

/** `HOST[/PREFIX]` of a `docker://` target. */
export interface RegistryTarget {
  readonly host: string;
  readonly prefix: string;
}

/**
 * Reads `docker://HOST[:PORT][/PREFIX]`.
 * @throws MirrorError `CONFIG_INVALID` for a tag, a digest or an illegal path
 */
export function parseRegistryTarget(text: string): RegistryTarget {
  const transport = /^(?!docker:)([a-z][a-z+-]*):(?![0-9]+(?:\/|$))/.exec(text)?.[1];
  if (transport !== undefined) throw noTarget(text, `${transport}: is no registry`, undefined);
  const bare = text.startsWith("docker://") ? text.slice("docker://".length) : text;
  const trimmed = bare.replace(/\/+$/, "");
  const slash = trimmed.indexOf("/");
  const host = slash < 0 ? trimmed : trimmed.slice(0, slash);
  const prefix = slash < 0 ? "" : trimmed.slice(slash + 1);
  if (host === "") throw noTarget(text, "it names no host", undefined);
  try {
    const probe = parseReference(`${host}/${prefix === "" ? "probe" : prefix}`);
    if (probe.tag !== undefined || probe.digest !== undefined) throw new Error("a target has no tag and no digest");
    if (probe.registry !== host) throw new Error(`${JSON.stringify(host)} is not a registry host`);
    return { host, prefix };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^Cannot read image reference ".*?": /, "") : "it is not a registry";
    throw noTarget(text, why, cause);
  }
}

function noTarget(text: string, why: string, cause: unknown): MirrorError {
  return new MirrorError({
    code: "CONFIG_INVALID",
    message: `Cannot read target ${JSON.stringify(text)}: ${why}`,
    subject: text,
    hint: "Write it as docker://HOST[:PORT][/PREFIX], without a tag.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Canonical text of an origin. */
export function originText(reference: Reference): string {
  return formatReference(reference);
}

function layoutPath(source: Reference, layout: NamingPolicy["layout"]): string {
  switch (layout) {
    case "path":
      return source.repository;
    case "flat":
      return source.repository.replaceAll("/", "-");
    case "host":
      // A port's colon is no character of a path.
      return `${source.registry.replaceAll(":", "-").toLowerCase()}/${source.repository}`;
  }
}
