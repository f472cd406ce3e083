import type { MirrorScope, ResourceKind } from "@skerry/cluster";
import type { Waiver } from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import { choice, flagChoice, flagCount, flagList, flagListOf, flagOptional, flagParsed, flagSwitch, flagText } from "../../command/flag.ts";
import type { FlagSet } from "../../command/types.ts";
import { type OcMirrorFlags, ocMirrorFlags } from "./oc-mirror-flags.ts";

// The packages whose words these are get loaded only when one of them was written: help and completion need none.
const DIGEST_TAG = "img-{hex}";
const SCOPES: readonly MirrorScope[] = ["repository", "namespace", "registry"];

/** Values of the flags of image sets. Section 3 of the contract. */
export interface SetFlags extends OcMirrorFlags {
  readonly config: string | undefined;
  readonly name: string | undefined;
  readonly workspace: string | undefined;
  readonly lock: string | undefined;
  readonly locked: boolean;
  readonly strict: boolean;
  readonly waive: readonly Waiver[];
  readonly recheck: boolean;
  readonly "dest-layout": "path" | "flat" | "host" | undefined;
  readonly "max-nested-paths": number;
  readonly "digest-tag": string;
  readonly "cluster-version": string | undefined;
  readonly resources: "auto" | readonly ResourceKind[] | undefined;
  readonly "mirror-scope": MirrorScope;
  readonly "catalog-source-name": readonly (readonly [string, string])[];
  readonly "catalog-serving": "auto" | "extract" | "image";
  readonly installed: readonly string[];
  readonly "env-images": boolean;
  readonly html: boolean;
  readonly yes: boolean;
  readonly deps: "report" | "resolve" | "off";
}

/** The flags of image sets. */
export const setFlags: FlagSet<SetFlags> = {
  config: flagText("image set configuration", { short: "c", placeholder: "FILE" }),
  name: flagOptional("name of the image set in resources, lock and workspace", readName, {
    placeholder: "NAME",
    defaultText: "stem of --config",
  }),
  workspace: flagText("folder for lock, plan, resources and journal", { placeholder: "DIR", defaultText: "./skerry-NAME" }),
  lock: flagText("use this lock; nothing is resolved", { placeholder: "FILE" }),
  locked: flagSwitch("refuse if configuration or catalogs differ from the workspace's lock"),
  strict: flagSwitch("any problem stops before the first write"),
  waive: flagListOf("accept a problem", readWaiver, { placeholder: "CODE[=SUBJECT]" }),
  recheck: flagSwitch("trust no record of earlier runs; look at every child"),
  "dest-layout": flagOptional(
    "paths at the destination: source path, one component, or host first",
    (text) => choice(text, ["path", "flat", "host"] as const),
    {
      placeholder: "path|flat|host",
      defaultText: "path",
    },
  ),
  "max-nested-paths": flagCount("longest path at the destination, prefix included; 0 for no bound", { default: "0", min: 0 }),
  "digest-tag": flagParsed("tag of images that are known by digest only", readDigestTag, {
    placeholder: "TEMPLATE",
    default: "img-{hex}",
  }),
  "cluster-version": flagText("cluster that the resources are for", { placeholder: "X.Y", defaultText: "newest known" }),
  resources: flagOptional("cluster resources to write", parseResources, { placeholder: "auto|LIST", defaultText: "auto" }),
  "mirror-scope": flagChoice("how wide mirror rules are", SCOPES, { default: "repository" }),
  "catalog-source-name": flagListOf("name of the CatalogSource of a catalog", parsePair, { placeholder: "SOURCE=NAME" }),
  "catalog-serving": flagChoice("files that the cluster extracts, or an image over the source", ["auto", "extract", "image"], {
    default: "auto",
  }),
  installed: flagList("what runs on a cluster: `oc get csv -A -o json`, `oc get subscriptions -A -o json`, or lines PACKAGE VERSION", {
    placeholder: "FILE",
  }),
  "env-images": flagSwitch("also take the images that deployments of bundles get as RELATED_IMAGE_*; reads bundle images"),
  html: flagSwitch("also write plan.html: the plan as a page to read and pass on"),
  yes: flagSwitch("answer every question with yes; without a terminal a question is a refusal", { callOnly: true }),
  ...ocMirrorFlags,
  deps: flagChoice("dependencies that are not in the set: tell, add, or leave alone", ["report", "resolve", "off"], { default: "report" }),
};

/** Words that one command uses, without the rest of the set. */
export function pickFlags<K extends keyof SetFlags>(...names: readonly K[]): FlagSet<Pick<SetFlags, K>> {
  return Object.fromEntries(names.map((name) => [name, setFlags[name]])) as FlagSet<Pick<SetFlags, K>>;
}

async function readWaiver(text: string): Promise<Waiver> {
  return (await import("@skerry/mirror")).parseWaiver(text);
}

async function readDigestTag(text: string): Promise<string> {
  return text === DIGEST_TAG ? text : (await import("@skerry/mirror")).parseDigestTag(text);
}

async function parseResources(text: string): Promise<"auto" | readonly ResourceKind[]> {
  if (text === "auto") return "auto";
  const { RESOURCE_KINDS } = await import("@skerry/cluster");
  return text.split(",").map((part) => choice(part.trim(), RESOURCE_KINDS));
}

/** The rule of `skerry.name`: names of the cluster's objects are made of it. */
function readName(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(text)) return text;
  throw new UsageError(`cannot use the name ${JSON.stringify(text)}`, {
    subject: text,
    hint: "Give 1 to 40 lower-case letters, digits and dashes, with a letter or digit at both ends.",
  });
}

function parsePair(text: string): readonly [string, string] {
  const equals = text.lastIndexOf("=");
  const name = text.slice(equals + 1);
  if (equals > 0 && !/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new UsageError(`cannot name a CatalogSource ${JSON.stringify(name)}`, {
      subject: name,
      hint: "Give at most 63 lower-case letters, digits and dashes that begin with a letter.",
    });
  }
  if (equals > 0) return [text.slice(0, equals), name];
  throw new UsageError(`expected SOURCE=NAME, got ${JSON.stringify(text)}`, {
    subject: text,
    hint: "Write the catalog as in the configuration, an equals sign, and the name.",
  });
}
