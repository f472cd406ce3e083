import { IMAGE_SET_API_VERSION } from "./schema.ts";

/** Keys that other tools or versions know, with what to do about each. */
const KEYS: ReadonlyMap<string, Refusal> = new Map([
  [
    "platform",
    {
      message: "release payloads are not mirrored by this version",
      suggestion: "Remove mirror.platform and mirror the release with `oc adm release mirror` or `oc mirror`.",
    },
  ],
  [
    "helm",
    {
      message: "Helm charts are not read by this version",
      suggestion: "Remove mirror.helm and list the images of the charts under mirror.additionalImages.",
    },
  ],
  [
    "samples",
    {
      message: "sample image streams are not read by this version",
      suggestion: "Remove mirror.samples and list their images under mirror.additionalImages.",
    },
  ],
  [
    "delete",
    {
      message: "deleting is not part of an image set configuration",
      suggestion: "Remove the key; a DeleteImageSetConfiguration is a document of its own.",
    },
  ],
  ["storageConfig", v1("keeps the state of oc-mirror v1", "Remove it: the lock file is the state, and needs no configuration.")],
  ["minBundle", v1("selects by bundle name", "Write minVersion with the version of that bundle.")],
  ["headsOnly", v1("chooses heads", "Remove it: heads are the default; write full: true for every version.")],
  ["startingVersion", v1("is the lowest version", "Write minVersion.")],
  ["startingBundle", v1("is the lowest bundle", "Write minVersion with the version of that bundle.")],
  ["skipDeps", v1("leaves dependencies out", "Write skipDependencies.")],
  ["targetName", v1("names the catalog at the target", "Write targetCatalog.")],
  ["originalRef", v1("names the origin of an OCI catalog", "Remove it.")],
  [
    "bundles",
    {
      message: "single bundles cannot be selected (oc mirror could until 4.17)",
      suggestion: "Write minVersion and maxVersion with the version of the bundle.",
    },
  ],
]);

const STANZAS_THAT_MAY_BE_EMPTY = ["platform", "helm", "samples"];

/** What is said about a key that belongs to another version, another tool, or a later version of this one. */
export interface Refusal {
  readonly message: string;
  readonly suggestion: string;
}

/** The refusal for a key that is known by name, though not here. */
export function retiredKey(key: string): Refusal | undefined {
  return KEYS.get(key);
}

/** Takes away the stanzas that say nothing (`helm: {}`), which `oc mirror` accepts as well. */
export function dropEmptyStanzas(root: unknown): void {
  const mirror = field(root, "mirror");
  if (!isRecord(mirror)) return;
  for (const name of STANZAS_THAT_MAY_BE_EMPTY) if (name in mirror && isEmpty(mirror[name])) delete mirror[name];
}

/** What is wrong with a document's `kind`; undefined when it is an image set configuration. */
export function wrongKind(kind: unknown): Refusal | undefined {
  if (kind === "ImageSetConfiguration") return undefined;
  if (kind === "DeleteImageSetConfiguration") {
    return {
      message: "a DeleteImageSetConfiguration deletes and cannot be mirrored",
      suggestion: "Give an ImageSetConfiguration; unwanted images are found by comparing locks.",
    };
  }
  const got = kind === undefined ? "it is missing" : `got ${JSON.stringify(kind)}`;
  return { message: `expected kind ImageSetConfiguration, ${got}`, suggestion: "Write kind: ImageSetConfiguration." };
}

/** What is wrong with an `apiVersion`; undefined when it is the one that is read. */
export function wrongApiVersion(version: unknown): Refusal | undefined {
  if (version === IMAGE_SET_API_VERSION) return undefined;
  if (version === "mirror.openshift.io/v1alpha2" || version === "mirror.openshift.io/v1alpha1") {
    return {
      message: `${version} is the format of oc-mirror v1, which is not read`,
      suggestion: "Convert it with `skerry config convert -c FILE`, or change the keys that are named below yourself.",
    };
  }
  const got = version === undefined ? "it is missing" : `got ${JSON.stringify(version)}`;
  return { message: `expected apiVersion ${IMAGE_SET_API_VERSION}, ${got}`, suggestion: `Write apiVersion: ${IMAGE_SET_API_VERSION}.` };
}

function v1(what: string, suggestion: string): Refusal {
  return { message: `this key ${what}, and is known to oc-mirror v1 only`, suggestion };
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function field(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
