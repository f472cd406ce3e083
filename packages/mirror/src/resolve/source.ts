import { join } from "node:path";
import { type Descriptor, isDigest, OciError, type Place, parseReference, type Reader, referenceName } from "@skerry/oci";
import { lazyReader } from "../gather/lazy-reader.ts";
import type { Sources } from "../gather/sources.ts";

/** Where an origin is read from. */
export interface OriginSource {
  readonly reader: Reader;
  readonly place: Place;
  /** Name inside the place: a tag or digest. */
  readonly name: string;
}

/** Reader and place of a registry reference. */
export function registrySource(origin: string, reader: (host: string) => Reader): OriginSource {
  const reference = parseReference(origin);
  return { reader: reader(reference.registry), place: { repository: reference.repository }, name: referenceName(reference) };
}

/** Reader and place of an `oci:PATH[:NAME]` origin; the layout is opened when something of it is asked for. */
export function layoutSource(origin: string, world: { readonly sources: Sources; readonly baseDir: string }): OriginSource {
  const { path, name } = splitLayoutOrigin(origin);
  const folder = path.startsWith("/") ? path : join(world.baseDir, path);
  const inner = lazyReader({ name: `oci:${path}`, host: undefined }, async () => ({
    reader: await world.sources.layout(folder),
    place: { repository: "" },
  }));
  const reader: Reader = {
    ...inner,
    resolve: async (at, wanted) => await findInLayout(await world.sources.layout(folder), at, { wanted, origin }),
  };
  return { reader, place: { repository: "" }, name: name ?? "" };
}

/** Path and name of `oci:PATH[:NAME]`. */
export function splitLayoutOrigin(origin: string): { readonly path: string; readonly name?: string } {
  const rest = origin.slice("oci:".length);
  const match = /^(.*?)(?::(@?[^/]*))?$/s.exec(rest);
  return { path: match?.[1] ?? rest, ...(match?.[2] === undefined ? {} : { name: match[2] }) };
}

/** An image of a layout by name or `@digest`; without a name, the only one there is. */
async function findInLayout(
  layout: Awaited<ReturnType<Sources["layout"]>>,
  at: Place,
  what: { wanted: string; origin: string },
): Promise<Descriptor | undefined> {
  const name = what.wanted.replace(/^@/, "");
  if (name !== "")
    return isDigest(name) ? await layout.resolve(at, name) : layout.images().find((image) => image.name === name)?.descriptor;
  const images = layout.images();
  if (images.length === 1) return images[0]?.descriptor;
  const names = images.map((image) => image.name ?? `@${image.descriptor.digest}`).join(", ");
  throw new OciError({
    code: "AMBIGUOUS",
    message: `Cannot choose an image of ${what.origin}: the layout holds ${images.length === 0 ? "none" : names}`,
    subject: what.origin,
    hint: "Name one of them: oci:DIR:NAME or oci:DIR:@DIGEST.",
  });
}
