import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { formatPlatform, type ImageManifest } from "@skerry/oci";
import { CatalogError } from "../errors.ts";
import type { CatalogProblem } from "../types.ts";
import { extractFromImage } from "./extract.ts";
import { configLabels, type ImageAt, imageConfig, type PlatformImage, platformImages, platformName } from "./image-manifest.ts";
import { type ImageKind, imageKind } from "./kind.ts";

export interface FetchCatalogOptions {
  /** Private directory to extract into; made when it is missing. */
  readonly workdir: string;
  /** As the user wrote it, for messages. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

/** Files of a catalog or bundle image, on disk. */
export interface FetchedCatalog {
  readonly kind: Exclude<ImageKind["kind"], "none">;
  /** The catalog's directory, the database file, or the directory with `manifests/` and `metadata/`. */
  readonly path: string;
  readonly labels: ReadonlyMap<string, string>;
  /** Rows about platforms that hold other files, and about members that were left out. */
  readonly problems: readonly CatalogProblem[];
  /** Removes the files. */
  close(): Promise<void>;
}

/**
 * Fetches what makes an image a catalog or a bundle. One platform is read (linux/amd64 where there is one): catalogs hold
 * the same files for all, and where another platform's image lacks the layers that hold them, a row says so.
 * @throws CatalogError `CATALOG_UNREADABLE` naming what the image is instead, `LIMIT_EXCEEDED`, `CATALOG_INVALID`, and what the reader throws
 */
export async function fetchCatalogImage(image: ImageAt, options: FetchCatalogOptions): Promise<FetchedCatalog> {
  const images: PlatformImage[] = [];
  for await (const one of platformImages(image, options.signal)) images.push(one);
  const chosen = images.toSorted(preferred)[0];
  if (chosen === undefined) throw unreadable(options.name, "none of its platforms is there");
  const labels = configLabels(await imageConfig(image, chosen.manifest, options.signal));
  const kind = imageKind(labels);
  if (kind.kind === "none") throw unreadable(options.name, kind.why);
  await mkdir(options.workdir, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(options.workdir, "catalog-"));
  const close = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const { layers, left } = await extractFromImage({
      reader: image.reader,
      place: image.place,
      layers: chosen.manifest.layers,
      roots: kind.kind === "bundle" ? ["manifests", "metadata"] : [kind.path],
      directory,
      signal: options.signal,
    });
    const path = kind.kind === "bundle" ? directory : join(directory, kind.path);
    if (!(await isThere(kind.kind === "bundle" ? join(directory, "manifests") : path))) {
      throw unreadable(
        options.name,
        kind.kind === "bundle" ? "it has no manifests" : `its label names /${kind.path}, which is not in the image`,
      );
    }
    const others = images.filter((other) => other !== chosen && !holds(other.manifest, new Set(layers)));
    const problems = [
      ...left.map((member) => leftOut(options.name, member.path, member.why)),
      ...others.map((other) => otherPlatform(options.name, other, chosen)),
    ];
    return { kind: kind.kind, path, labels, problems, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

function holds(manifest: ImageManifest, layers: ReadonlySet<string>): boolean {
  const own = new Set<string>(manifest.layers.map((layer) => layer.digest));
  return [...layers].every((layer) => own.has(layer));
}

/** linux/amd64 first, because most people test it; then by name, so that the choice does not depend on the index's order. */
function preferred(a: PlatformImage, b: PlatformImage): number {
  const [left, right] = [rank(a), rank(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function rank(image: PlatformImage): string {
  const name = image.platform === undefined ? "~" : formatPlatform(image.platform);
  return name === "linux/amd64" ? "" : name.startsWith("linux/") ? `0${name}` : `1${name}`;
}

function otherPlatform(name: string, other: PlatformImage, chosen: PlatformImage): CatalogProblem {
  return {
    code: "PLATFORM_MISMATCH",
    severity: "info",
    subject: name,
    action: "kept",
    message: `${name} was read for ${platformName(chosen)}; its image for ${platformName(other)} has the catalog in other layers, which were not compared`,
    hint: "Catalogs should hold the same files for every platform; if in doubt, compare with catalog diff.",
  };
}

function leftOut(name: string, path: string, why: string): CatalogProblem {
  return {
    code: "CATALOG_UNREADABLE",
    severity: "warning",
    subject: name,
    original: path,
    action: "dropped",
    message: `/${path} of ${name} was left out: ${why}`,
    hint: "Tell the publisher to put a plain file there.",
  };
}

function unreadable(name: string, why: string): CatalogError {
  return new CatalogError({
    code: "CATALOG_UNREADABLE",
    message: `Cannot read ${name} as a catalog: ${why}`,
    subject: name,
    hint: "Name a catalog image such as registry.redhat.io/redhat/redhat-operator-index:v4.20; look at it with inspect.",
  });
}
