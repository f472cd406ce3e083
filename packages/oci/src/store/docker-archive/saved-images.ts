import { posix } from "node:path";
import { OciError } from "../../errors.ts";
import { parseReference } from "../../model/reference.ts";

/** One image of a docker archive's `manifest.json`. moby "docker image save". */
export interface SavedImage {
  /** Entry of the config. */
  readonly config: string;
  /** Normalised: `docker.io/library/nginx:latest`. */
  readonly names: readonly string[];
  /** Entries of the layers, lowest first. */
  readonly layers: readonly string[];
}

/**
 * Reads `manifest.json` of a docker archive.
 * @throws OciError `ARCHIVE_INVALID`
 */
export function savedImages(bytes: Uint8Array, path: string): SavedImage[] {
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    list = undefined;
  }
  if (!Array.isArray(list)) {
    throw new OciError({
      code: "ARCHIVE_INVALID",
      message: `Cannot read docker archive ${path}: its manifest.json is no list`,
      subject: path,
    });
  }
  return list.map((item: unknown) => savedImage(item, path));
}

/** The form in which names of saved images are compared: with registry and tag. */
export function savedName(text: string): string {
  const { registry, repository, tag } = parseReference(text);
  return `${registry}/${repository}:${tag ?? "latest"}`;
}

function savedImage(item: unknown, path: string): SavedImage {
  const { Config, RepoTags, Layers } = (typeof item === "object" && item !== null ? item : {}) as Record<string, unknown>;
  if (typeof Config !== "string" || !Array.isArray(Layers) || !Layers.every((layer) => typeof layer === "string")) {
    throw new OciError({
      code: "ARCHIVE_INVALID",
      message: `Cannot read docker archive ${path}: an image in its manifest.json has no Config or Layers`,
      subject: path,
    });
  }
  const tags = Array.isArray(RepoTags) ? RepoTags.filter((tag): tag is string => typeof tag === "string") : [];
  return { config: posix.normalize(Config), names: tags.map(normal), layers: Layers.map((layer) => posix.normalize(layer)) };
}

function normal(tag: string): string {
  try {
    return savedName(tag);
  } catch {
    return tag;
  }
}
