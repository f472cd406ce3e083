import { type CatalogEntry, catalogImage } from "./catalog-entry.ts";
import { IMAGE_SET_LABEL, type KubeObject, objectNameOf } from "./resource-file.ts";

/** A ClusterCatalog for OLM v1. Digest references are not polled, so there is no interval. catalogd "ClusterCatalog". */
export function buildClusterCatalog(entry: CatalogEntry, options: { readonly name: string; readonly imageSet: string }): KubeObject {
  return {
    apiVersion: "olm.operatorframework.io/v1",
    kind: "ClusterCatalog",
    metadata: { name: options.name, labels: { [IMAGE_SET_LABEL]: objectNameOf(options.imageSet) } },
    spec: { source: { type: "Image", image: { ref: catalogImage(entry) } } },
  };
}
