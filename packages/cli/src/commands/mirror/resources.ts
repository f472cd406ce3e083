import { readFileSync } from "node:fs";
import { buildClusterResources, type CatalogEntry, type ClusterProfile, mirrorEntriesOf } from "@skerry/cluster";
import {
  type DescribedResources,
  type DescribeResources,
  type ImageSetConfig,
  type Problem,
  type ResourceSubject,
  targetRepository,
} from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { clusterVersion } from "./image-set.ts";
import type { SetFlags } from "./set-flags.ts";

/** The target as far as resources name it; a plan without a target names the paths alone. */
export interface ResourceTarget {
  readonly host: string;
  readonly prefix: string;
  readonly maxNestedPaths: number;
  readonly insecure: boolean;
}

/** Turns what is at a target into cluster resources, by the flags of a command. */
export function resourceDescriber(job: Job<SetFlags>, config: ImageSetConfig | undefined, target: ResourceTarget): DescribeResources {
  const templates = readTemplates(job, config);
  return (subject) => describe(subject, { job, config, target, templates });
}

interface Describing {
  readonly job: Job<SetFlags>;
  readonly config: ImageSetConfig | undefined;
  readonly target: ResourceTarget;
  readonly templates: ReadonlyMap<string, { readonly path: string; readonly text: string }>;
}

function describe(subject: ResourceSubject, how: Describing): DescribedResources {
  const { job, config, target } = how;
  const { flags } = job;
  const profile: ClusterProfile = { flavour: "openshift", version: clusterVersion(flags, config) };
  const place = target.prefix === "" ? target.host : `${target.host}/${target.prefix}`;
  const images = subject.images.map((image) => ({
    ...image,
    destination: { ...image.destination, repository: relative(image.destination.repository, target) },
  }));
  const { entries, problems } = mirrorEntriesOf(images, place);
  const built = buildClusterResources({
    profile,
    imageSet: subject.imageSet.name,
    mirrors: entries,
    catalogs: catalogEntries(subject, how),
    resources: flags.resources ?? config?.skerry.resources ?? "auto",
    scope: flags["mirror-scope"],
    ...(target.insecure ? { insecureHosts: [target.host] } : {}),
  });
  return {
    files: built.files,
    resources: {
      // A lock serves any target: references are kept without its host and prefix.
      catalogSources: built.catalogSources.map((source) => ({ ...source, targetRef: source.targetRef.slice(place.length + 1) })),
      idms: built.idms,
      itms: built.itms,
    },
    problems: [...problems, ...built.problems].map((problem): Problem => ({ ...problem, waived: false })),
  };
}

function catalogEntries(subject: ResourceSubject, how: Describing): CatalogEntry[] {
  const { job, config, target, templates } = how;
  const names = new Map<string, string>([...(config?.skerry.catalogSourceNames ?? []), ...job.flags["catalog-source-name"]]);
  return subject.catalogs.map((catalog) => {
    const colon = catalog.targetCatalog.lastIndexOf(":");
    const name = names.get(catalog.catalog);
    const template = templates.get(catalog.catalog);
    return {
      catalog: catalog.catalog,
      repository: `${target.host}/${targetRepository(target.prefix, catalog.targetCatalog.slice(0, colon), target.maxNestedPaths)}`,
      tag: catalog.targetCatalog.slice(colon + 1),
      digest: catalog.targetDigest,
      bytes: catalog.bytes,
      serving: catalog.mode === "scratch" ? ("extract" as const) : ("image" as const),
      ...(catalog.mode === "database" ? { format: "sqlite" as const } : {}),
      ...(name === undefined ? {} : { name }),
      ...(template === undefined ? {} : { template }),
    };
  });
}

/** Path below the prefix, as deep as the target allows. */
function relative(repository: string, target: ResourceTarget): string {
  const full = targetRepository(target.prefix, repository, target.maxNestedPaths);
  return target.prefix === "" ? full : full.slice(target.prefix.length + 1);
}

function readTemplates(
  job: Job<SetFlags>,
  config: ImageSetConfig | undefined,
): ReadonlyMap<string, { readonly path: string; readonly text: string }> {
  const templates = new Map<string, { readonly path: string; readonly text: string }>();
  for (const { catalog, targetCatalogSourceTemplate: path } of config?.operators ?? []) {
    if (path === undefined) continue;
    try {
      templates.set(catalog, { path, text: readFileSync(pathOf(job, path), "utf8") });
    } catch (cause) {
      throw new UsageError(`cannot read CatalogSource template ${path}`, { subject: path, cause });
    }
  }
  return templates;
}
