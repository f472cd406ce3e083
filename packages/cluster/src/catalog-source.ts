import { type CatalogEntry, catalogImage } from "./catalog-entry.ts";
import { mergeObjects, parseCatalogSourceTemplate } from "./catalog-source-template.ts";
import { memoryTarget } from "./memory-target.ts";
import { type ClusterProfile, type ClusterVersion, isAtLeast, parseClusterVersion } from "./profile.ts";
import { IMAGE_SET_LABEL, type KubeObject, objectNameOf } from "./resource-file.ts";

/** Namespace of catalogs that the whole cluster sees, on OpenShift and on MicroShift. */
export const CATALOG_NAMESPACE = "openshift-marketplace";

/** What is needed beside the catalog. */
export interface CatalogSourceOptions {
  readonly name: string;
  readonly imageSet: string;
  readonly profile: ClusterProfile;
}

/**
 * A CatalogSource for OLM v0. Fields that the cluster's version does not know are left out, since `oc apply` refuses an
 * object with unknown fields. A template's fields win, except where the pod would not start without ours.
 * @throws ClusterError `TEMPLATE_INVALID`
 */
export function buildCatalogSource(entry: CatalogEntry, options: CatalogSourceOptions): KubeObject {
  const template = entry.template === undefined ? undefined : parseCatalogSourceTemplate(entry.template);
  const annotations = template?.annotations ?? {};
  const spec = mergeObjects(ownSpec(entry, options), template?.spec ?? {});
  const forced = mergeObjects(spec, forcedSpec(entry, parseClusterVersion(options.profile.version)));
  return {
    apiVersion: "operators.coreos.com/v1alpha1",
    kind: "CatalogSource",
    metadata: {
      name: options.name,
      namespace: CATALOG_NAMESPACE,
      labels: { ...template?.labels, [IMAGE_SET_LABEL]: objectNameOf(options.imageSet) },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: forced,
  };
}

function ownSpec(entry: CatalogEntry, options: CatalogSourceOptions): Record<string, unknown> {
  const version = parseClusterVersion(options.profile.version);
  const grpcPodConfig = {
    ...(isAtLeast(version, "4.14") ? { memoryTarget: memoryTarget(entry.bytes) } : {}),
    // A database is written to by its server, which needs the older, laxer setting. OLM "securityContextConfig".
    ...(isAtLeast(version, "4.12") ? { securityContextConfig: entry.format === "sqlite" ? "legacy" : "restricted" } : {}),
  };
  return {
    sourceType: "grpc",
    image: catalogImage(entry),
    displayName: entry.displayName ?? defaultDisplayName(entry, options.imageSet),
    publisher: entry.publisher ?? "skerry",
    ...(Object.keys(grpcPodConfig).length === 0 ? {} : { grpcPodConfig }),
  };
}

/** What no template may change: the image, and how an image without a server is served. */
function forcedSpec(entry: CatalogEntry, version: ClusterVersion): Record<string, unknown> {
  const base = { sourceType: "grpc", image: catalogImage(entry) };
  if (entry.serving !== "extract" || !isAtLeast(version, "4.15")) return base;
  const extractContent = {
    catalogDir: entry.catalogDir ?? "/configs",
    ...(entry.cacheDir === undefined ? {} : { cacheDir: entry.cacheDir }),
  };
  return { ...base, grpcPodConfig: { extractContent } };
}

function defaultDisplayName(entry: CatalogEntry, imageSet: string): string {
  const basename = entry.repository.slice(entry.repository.lastIndexOf("/") + 1);
  return `${basename} (${imageSet})`;
}
