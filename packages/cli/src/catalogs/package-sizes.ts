import { type Catalog, wholeCatalog } from "@skerry/catalog";
import type { Places } from "../places/places.ts";
import { uniqueBytesOf } from "./image-look.ts";
import { lookAtImages } from "./look-at-images.ts";
import { neededImages } from "./needed-images.ts";

/** Bytes that all images of a package hold together, by package; undefined where an image cannot be had. */
export async function packageSizes(
  catalog: Catalog,
  how: { readonly places: Places; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, number | undefined>> {
  const { images } = await neededImages(catalog, wholeCatalog(catalog).packages);
  const looks = await lookAtImages(
    images.map((one) => one.image),
    how,
  );
  const byPackage = new Map<string, Set<string>>(catalog.packages.map((info) => [info.name, new Set()]));
  for (const { image, reasons } of images) for (const reason of reasons) byPackage.get(reason.package)?.add(image);
  return new Map([...byPackage].map(([name, own]) => [name, uniqueBytesOf([...own].map((image) => looks.get(image)))]));
}
