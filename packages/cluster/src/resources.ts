import { type CatalogEntry, catalogImage } from "./catalog-entry.ts";
import { catalogNames } from "./catalog-names.ts";
import { buildCatalogSource } from "./catalog-source.ts";
import { buildClusterCatalog } from "./cluster-catalog.ts";
import { compareText, type MirrorEntry, ruleEntries } from "./mirror-entries.ts";
import { type MirrorScope, scopeRules } from "./mirror-scope.ts";
import { buildMirrorSets, type MirrorSetKind } from "./mirror-sets.ts";
import type { ClusterProblem } from "./problem.ts";
import type { ClusterProfile } from "./profile.ts";
import { buildRegistriesConf } from "./registries-conf.ts";
import { type KubeObject, objectFile, type ResourceFile } from "./resource-file.ts";
import { chooseResources, type ResourceKind } from "./resource-kinds.ts";
import { tagProblems } from "./tag-problems.ts";

/** What cluster resources are made of. */
export interface ResourceRequest {
  readonly profile: ClusterProfile;
  /** Name of the image set. */
  readonly imageSet: string;
  readonly mirrors: readonly MirrorEntry[];
  readonly catalogs: readonly CatalogEntry[];
  /** `--resources`; auto. */
  readonly resources?: "auto" | readonly ResourceKind[];
  /** `--mirror-scope`; repository. */
  readonly scope?: MirrorScope;
  /** `host[:port]` of mirrors without verified TLS, for registries.conf. */
  readonly insecureHosts?: readonly string[];
  /** Nodes never fall back to the sources. */
  readonly neverContactSource?: boolean;
  /** Largest object in bytes. */
  readonly maxObjectBytes?: number;
}

/** The files, the names in them, and what they cannot do. */
export interface ClusterResources {
  /** In the order in which they are best applied: mirror rules first, catalogs after them. */
  readonly files: readonly ResourceFile[];
  /** Sorted by catalog. */
  readonly catalogSources: readonly { readonly name: string; readonly catalog: string; readonly targetRef: string }[];
  readonly clusterCatalogs: readonly { readonly name: string; readonly catalog: string; readonly targetRef: string }[];
  readonly icsp: readonly string[];
  readonly idms: readonly string[];
  readonly itms: readonly string[];
  readonly problems: readonly ClusterProblem[];
}

/**
 * Builds what a cluster needs to use a mirror. Pure: the same request gives the same files, byte for byte. YAML files hold
 * one object each; the drop-in for registries.conf ends in `.conf`, which `oc apply -f FOLDER` passes over.
 * @throws ClusterError `RESOURCES_UNSUPPORTED`, `NAME_COLLISION`, `NAME_INVALID`, `MIRROR_INVALID`, `TEMPLATE_INVALID`, `PROFILE_INVALID`
 */
export function buildClusterResources(request: ResourceRequest): ClusterResources {
  const kinds = chooseResources(request.profile, request.resources ?? "auto");
  const sets = { idms: mirrorSetFiles("idms", kinds, request), itms: mirrorSetFiles("itms", kinds, request) };
  const icsp = mirrorSetFiles("icsp", kinds, request);
  const catalogs = catalogObjects(kinds, request);
  return {
    files: [
      ...icsp,
      ...sets.idms,
      ...sets.itms,
      ...(kinds.has("registriesconf") ? [registriesConf(request)].filter((file) => file.text !== "") : []),
      ...catalogs.sources.map(({ object }) => objectFile(fileName("cs", object.metadata.name), object)),
      ...catalogs.clusterCatalogs.map(({ object }) => objectFile(fileName("cc", object.metadata.name), object)),
    ],
    catalogSources: catalogs.sources.map(named),
    clusterCatalogs: catalogs.clusterCatalogs.map(named),
    icsp: icsp.map(objectNameIn),
    idms: sets.idms.map(objectNameIn),
    itms: sets.itms.map(objectNameIn),
    problems: tagProblems(request, kinds),
  };
}

function mirrorSetFiles(kind: MirrorSetKind, kinds: ReadonlySet<ResourceKind>, request: ResourceRequest): ResourceFile[] {
  if (!kinds.has(kind)) return [];
  const entries = ruleEntries(request.mirrors).filter((entry) => (kind === "itms" ? entry.byTag : entry.byDigest));
  return buildMirrorSets(kind, scopeRules(entries, request.scope ?? "repository"), {
    imageSet: request.imageSet,
    ...(request.maxObjectBytes === undefined ? {} : { maxBytes: request.maxObjectBytes }),
    ...(request.neverContactSource === true ? { sourcePolicy: "NeverContactSource" as const } : {}),
  });
}

function registriesConf(request: ResourceRequest): ResourceFile {
  return buildRegistriesConf({
    imageSet: request.imageSet,
    entries: request.mirrors,
    scope: request.scope ?? "repository",
    insecureHosts: request.insecureHosts ?? [],
    blockSources: request.neverContactSource === true,
  });
}

interface CatalogObject {
  readonly entry: CatalogEntry;
  readonly object: KubeObject;
}

function catalogObjects(
  kinds: ReadonlySet<ResourceKind>,
  request: ResourceRequest,
): { readonly sources: CatalogObject[]; readonly clusterCatalogs: CatalogObject[] } {
  const { imageSet, profile } = request;
  const sorted = [...request.catalogs].sort((a, b) => compareText(a.catalog, b.catalog) || compareText(a.repository, b.repository));
  const names = [...catalogNames(sorted)];
  return {
    sources: kinds.has("catalogsource")
      ? names.map(([entry, name]) => ({ entry, object: buildCatalogSource(entry, { name: name.catalogSource, imageSet, profile }) }))
      : [],
    clusterCatalogs: kinds.has("clustercatalog")
      ? names
          // catalogd reads file-based catalogs only.
          .filter(([entry]) => entry.format !== "sqlite")
          .map(([entry, name]) => ({ entry, object: buildClusterCatalog(entry, { name: name.clusterCatalog, imageSet }) }))
      : [],
  };
}

/** Names by oc mirror's rule begin with the prefix already; a given name is the same for both kinds of objects. */
function fileName(prefix: "cs" | "cc", name: string): string {
  return name.startsWith(`${prefix}-`) ? name : `${prefix}-${name}`;
}

function named({ entry, object }: CatalogObject): { readonly name: string; readonly catalog: string; readonly targetRef: string } {
  return { name: object.metadata.name, catalog: entry.catalog, targetRef: catalogImage(entry) };
}

function objectNameIn(file: ResourceFile): string {
  return file.name.replace(/\.yaml$/, "");
}
