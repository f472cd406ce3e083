import type { Place } from "../types.ts";

/** Annotation that names an image inside a layout. Image-spec "annotations". */
export const REF_NAME = "org.opencontainers.image.ref.name";

/**
 * How a repository's tag is written as a reference name. A layout has one flat list of names, so the repository is part
 * of it; with the empty repository the name stands alone, as `oci:DIR:NAME` of the command line means it.
 */
export function layoutName(at: Place, tag: string): string {
  return at.repository === "" ? tag : `${at.repository}:${tag}`;
}

/** Takes a reference name apart; a name without a repository part belongs to the empty repository. */
export function splitLayoutName(name: string): { readonly repository: string; readonly tag: string } {
  const bare = name.includes("@") ? name.slice(0, name.indexOf("@")) : name;
  const colon = bare.lastIndexOf(":");
  if (colon > 0 && !bare.slice(colon).includes("/")) return { repository: bare.slice(0, colon), tag: bare.slice(colon + 1) };
  return bare === name ? { repository: "", tag: name } : { repository: bare, tag: "" };
}
