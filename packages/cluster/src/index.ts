export { type CatalogEntry, catalogImage } from "./catalog-entry.ts";
export { type CatalogNames, catalogNames } from "./catalog-names.ts";
export { buildCatalogSource, CATALOG_NAMESPACE, type CatalogSourceOptions } from "./catalog-source.ts";
export { type CatalogSourceTemplate, parseCatalogSourceTemplate } from "./catalog-source-template.ts";
export { buildClusterCatalog } from "./cluster-catalog.ts";
export { CLUSTER_ERROR_CODES, ClusterError, type ClusterErrorCode, type ClusterErrorFields, isClusterError } from "./errors.ts";
export { hostedClusterPatch } from "./hosted.ts";
export { memoryTarget } from "./memory-target.ts";
export { type MirrorEntries, type MirrorEntry, type MirroredImage, mirrorEntriesOf } from "./mirror-entries.ts";
export { MIRROR_SCOPES, type MirrorPair, type MirrorRule, type MirrorScope, scopeRules } from "./mirror-scope.ts";
export { buildMirrorSets, MAX_OBJECT_BYTES, type MirrorSetKind, type MirrorSetOptions } from "./mirror-sets.ts";
export type { ClusterProblem } from "./problem.ts";
export {
  CLUSTER_FLAVOURS,
  type ClusterFlavour,
  type ClusterProfile,
  type ClusterVersion,
  isAtLeast,
  NEWEST_KNOWN_VERSION,
  parseClusterVersion,
} from "./profile.ts";
export { buildRegistriesConf, type RegistriesConfRequest } from "./registries-conf.ts";
export { type NodeFiles, nodeFilesOf, type PullCandidate, readNodeRules, resolveAsNode } from "./resolve-as-node.ts";
export { IMAGE_SET_LABEL, type KubeObject, objectFile, objectNameOf, type ResourceFile } from "./resource-file.ts";
export { chooseResources, RESOURCE_KINDS, type ResourceKind } from "./resource-kinds.ts";
export { buildClusterResources, type ClusterResources, type ResourceRequest } from "./resources.ts";
export { type CatalogServing, decideServing, type ServingDecision, type ServingQuestion } from "./serving.ts";
export { buildCaConfigMap, caKey, imageConfigPatch, type RegistryCa } from "./trusted-ca.ts";
