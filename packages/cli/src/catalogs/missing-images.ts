import { type Catalog, type CatalogProblem, wholeCatalog } from "@skerry/catalog";
import { isOciError } from "@skerry/oci";
import type { Places } from "../places/places.ts";
import { imageProblem } from "./image-problem.ts";
import { lookAtImages } from "./look-at-images.ts";
import { neededImages } from "./needed-images.ts";

/** A row for every image of a catalog that its registry does not give whole: manifests are read, layers are not. */
export async function missingImages(
  catalog: Catalog,
  ask: { readonly places: Places; readonly signal: AbortSignal },
): Promise<readonly CatalogProblem[]> {
  const { images } = await neededImages(catalog, wholeCatalog(catalog).packages);
  const looks = await lookAtImages(
    images.map((one) => one.image),
    ask,
  );
  return images.flatMap(({ image }) => {
    const look = looks.get(image);
    return isOciError(look) ? [imageProblem(image, look, images)] : [];
  });
}
