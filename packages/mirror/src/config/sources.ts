import { isOciError, isRepository, parseReference } from "@skerry/oci";
import type { ConfigSource } from "./types.ts";

/** A source, or what is wrong with the text. */
export type SourceResult =
  | { readonly source: ConfigSource; readonly fault?: undefined }
  | { readonly fault: { readonly message: string; readonly suggestion?: string }; readonly source?: undefined };

/**
 * Reads what stands under `catalog`: an image reference with tag or digest (with or without `docker://`), `oci:///path`
 * as `oc mirror` writes layouts, `oci:DIR[:NAME]` as skopeo does, or a folder: `/path`, `./path`, `../path`, `file://path`.
 */
export function readCatalogSource(text: string): SourceResult {
  if (/^(?:\/|\.\.?(?:\/|$))/.test(text)) return { source: { kind: "path", path: text } };
  if (text.startsWith("file://")) {
    const path = text.slice("file://".length);
    return path === "" ? failed("no path follows file://") : { source: { kind: "path", path } };
  }
  return readImageSource(text);
}

/** Reads what stands under `additionalImages[].name`: as {@link readCatalogSource}, without folders. */
export function readImageSource(text: string): SourceResult {
  if (text !== text.trim()) return failed("there is white space around the name", `Write ${text.trim()}.`);
  if (text.startsWith("oci:")) return readLayout(text.slice("oci:".length));
  const named = text.startsWith("docker://") ? text.slice("docker://".length) : text;
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(named)?.[1];
  if (scheme !== undefined)
    return failed(`${scheme}:// is not a place for images`, "Write the name without it, or oci:///path for a layout.");
  return readReference(named);
}

/** True for path components without tag, digest or host port: what `targetCatalog` and `targetRepo` take. */
export function isTargetPath(text: string): boolean {
  return isRepository(text);
}

function readReference(text: string): SourceResult {
  try {
    const reference = parseReference(text);
    if (reference.tag === undefined && reference.digest === undefined) {
      return failed("the reference has neither tag nor digest", `Write ${text}:TAG or ${text}@sha256:….`);
    }
    return { source: { kind: "registry", reference } };
  } catch (error) {
    if (!isOciError(error)) throw error;
    return failed(lowerFirst(error.message), error.hint);
  }
}

function readLayout(rest: string): SourceResult {
  // `oci:///path` is oc mirror's form: everything after the slashes is the path. `oci:DIR:NAME` is skopeo's.
  if (rest.startsWith("//")) {
    const path = rest.slice(2);
    return path === "" || path === "/" ? failed("no path follows oci://") : { source: { kind: "layout", path } };
  }
  const at = /^(.*?)(?::(.+))?$/s.exec(rest);
  const path = at?.[1] ?? "";
  if (path === "") return failed("no path follows oci:");
  return { source: { kind: "layout", path, ...(at?.[2] === undefined ? {} : { name: at[2] }) } };
}

function failed(message: string, suggestion?: string): SourceResult {
  return { fault: { message, ...(suggestion === undefined ? {} : { suggestion }) } };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
