import { type BuiltImage, buildIndex, buildManifest } from "./image.ts";
import { buildLayer, type LayerFile } from "./layer.ts";
import { buildBaseLayer, platformOf, type Sizes } from "./operand-image.ts";
import { seededBytes } from "./seeded.ts";

export interface CatalogImageSpec {
  readonly seed: string;
  readonly sizes: Sizes;
  /** Files of the catalog, with paths from its root. */
  readonly files: readonly LayerFile[];
  readonly architectures: readonly string[];
}

/** A catalog image as `opm` makes them: a base that serves, the catalog under `/configs`, and a cache that was made of it. */
export async function buildCatalogImage({ seed, sizes, files, architectures }: CatalogImageSpec): Promise<BuiltImage> {
  const configs = await buildLayer(
    files.map(({ path, bytes }) => ({ path: `configs/${path}`, bytes })),
    false,
  );
  const cache = await buildLayer([{ path: "tmp/cache/pogreb.v1/db", bytes: seededBytes(4096, seed, configs.diffId, "cache") }], false);
  const children = [];
  for (const architecture of architectures) {
    const base = await buildBaseLayer({ seed, organisation: "opm", sizes }, architecture);
    const content = {
      platform: platformOf(architecture),
      layers: [base, configs, cache],
      labels: { "operators.operatorframework.io.index.configs.v1": "/configs" },
      entrypoint: ["/bin/opm"],
      command: ["serve", "/configs", "--cache-dir=/tmp/cache"],
    };
    children.push(buildManifest(content, true));
  }
  const index = buildIndex(
    children.map((child) => child.root),
    true,
  );
  return { root: index.root, manifests: [...children.map((child) => child.built), index.built] };
}
