import type { InstalledVersion } from "@skerry/catalog";
import type { Lister, ManifestCache, Reader } from "@skerry/oci";
import type { ImageSetConfig } from "../config/types.ts";
import type { ServeCatalog } from "../gather/gathered.ts";
import type { NamingPolicy } from "../plan/destination.ts";
import type { Waiver } from "../problem/waive.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { SourceOf } from "./roots.ts";

/** What happens while a plan is made. */
export type PlanEvent =
  | { readonly event: "plan.start"; readonly catalogs: number; readonly additionalImages: number }
  | { readonly event: "plan.catalog"; readonly catalog: string; readonly packages: number; readonly images: number }
  | { readonly event: "plan.image"; readonly origin: string; readonly done: number; readonly total: number; readonly found: boolean }
  | { readonly event: "plan.end"; readonly images: number; readonly problems: number };

/** What the user chose for a plan, beyond the configuration. */
export interface PlanOptions {
  readonly config: ImageSetConfig;
  /** Name of the image set. */
  readonly name: string;
  readonly naming: NamingPolicy;
  /** `--platform`; empty: as configured. */
  readonly platforms: readonly string[];
  readonly referrers: "all" | "none";
  readonly externalLayers: "keep" | "include";
  /** How the catalog of a source is served; what no pod can serve is refused. */
  readonly catalogMode: ServeCatalog;
  readonly waivers: readonly Waiver[];
  /** Versions that run on clusters: the kept heads stay reachable from them. */
  readonly installed: readonly InstalledVersion[];
  /** Also mirror the values of `RELATED_IMAGE_*` in the deployments of bundles. */
  readonly environmentImages: boolean;
  /** What to do about dependencies that are not in the set. */
  readonly deps: "report" | "resolve" | "off";
  /** Trusts nothing that an earlier plan found: referrers are asked for again. */
  readonly recheck: boolean;
}

/** The world that a run works in. */
export interface RunContext {
  readonly workspace: Workspace;
  /** Uncached reader of a source host. */
  readonly reader: (host: string) => Reader & Partial<Lister>;
  readonly manifests: ManifestCache;
  /** An archive or another mirror that gives everything a lock names; then no origin is asked for anything. */
  readonly source?: SourceOf;
  /** Folder that relative paths of the configuration start from. */
  readonly baseDir: string;
  readonly skerryVersion: string;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
}
