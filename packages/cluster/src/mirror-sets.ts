import { ClusterError } from "./errors.ts";
import type { MirrorRule } from "./mirror-scope.ts";
import { IMAGE_SET_LABEL, type KubeObject, objectNameOf, type ResourceFile, yamlText } from "./resource-file.ts";

/** The three kinds of objects that redirect pulls on OpenShift and OKD. */
export type MirrorSetKind = "idms" | "itms" | "icsp";

/** What an object of a kind looks like around its list. */
interface Shape {
  readonly apiVersion: string;
  readonly kind: string;
  /** Key of the list below `spec`. */
  readonly list: string;
}

const SHAPES: Readonly<Record<MirrorSetKind, Shape>> = {
  idms: { apiVersion: "config.openshift.io/v1", kind: "ImageDigestMirrorSet", list: "imageDigestMirrors" },
  itms: { apiVersion: "config.openshift.io/v1", kind: "ImageTagMirrorSet", list: "imageTagMirrors" },
  icsp: { apiVersion: "operator.openshift.io/v1alpha1", kind: "ImageContentSourcePolicy", list: "repositoryDigestMirrors" },
};

/** `oc apply` keeps the object in an annotation of at most 262,144 bytes; `oc adm catalog mirror` splits at the same size. */
export const MAX_OBJECT_BYTES = 250_000;

// The pattern of `mirrors` and `source` in the CRDs of IDMS and ITMS: no tag, no digest, no bracketed address.
const HOST = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?";
const LOCATION = new RegExp(`^${HOST}(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$`);

/** A name as long as any, and what an entry may need beside its own text (commas, brackets), so that sums stay on the safe side. */
const NAME = "x".repeat(50);
const SEPARATORS = 4;

/** What is needed beside the rules. */
export interface MirrorSetOptions {
  readonly imageSet: string;
  /** Largest object in bytes; {@link MAX_OBJECT_BYTES}. */
  readonly maxBytes?: number;
  /** `NeverContactSource`: nodes do not fall back to the source. Left out: they do, when no mirror answers. Not for ICSP. */
  readonly sourcePolicy?: "NeverContactSource" | "AllowContactingSource";
}

/**
 * Objects of one kind, `KIND-NAME-0.yaml` and on, none larger than the limit. No rules: no objects.
 * @throws ClusterError `MIRROR_INVALID` for a location that the cluster would refuse
 */
export function buildMirrorSets(kind: MirrorSetKind, rules: readonly MirrorRule[], options: MirrorSetOptions): ResourceFile[] {
  const name = objectNameOf(options.imageSet);
  for (const rule of rules) for (const location of [rule.source, ...rule.mirrors]) checkLocation(location, kind);
  return split(kind, rules, options).map((part, index) => {
    const object = mirrorSet(kind, { name: `${kind}-${name}-${index}`, imageSet: name, rules: part, options });
    return { name: `${object.metadata.name}.yaml`, text: yamlText(object) };
  });
}

function mirrorSet(
  kind: MirrorSetKind,
  of: { readonly name: string; readonly imageSet: string; readonly rules: readonly MirrorRule[]; readonly options: MirrorSetOptions },
): KubeObject {
  const shape = SHAPES[kind];
  const policy = kind === "icsp" || of.options.sourcePolicy === undefined ? {} : { mirrorSourcePolicy: of.options.sourcePolicy };
  return {
    apiVersion: shape.apiVersion,
    kind: shape.kind,
    metadata: { name: of.name, labels: { [IMAGE_SET_LABEL]: of.imageSet } },
    spec: { [shape.list]: of.rules.map(({ source, mirrors }) => ({ source, mirrors: [...mirrors], ...policy })) },
  };
}

/** Cuts the list so that each object stays below the limit both as YAML and as the JSON of the annotation. */
function split(kind: MirrorSetKind, rules: readonly MirrorRule[], options: MirrorSetOptions): MirrorRule[][] {
  const limit = options.maxBytes ?? MAX_OBJECT_BYTES;
  const sizesOf = (some: readonly MirrorRule[]) => sizes(mirrorSet(kind, { name: NAME, imageSet: NAME, rules: some, options }));
  if (rules.length === 0) return [];
  // Nearly always one object is enough; a text for each rule would cost a tenth of a run that has nothing to do.
  const whole = sizesOf(rules);
  if (whole.yaml < limit && whole.json < limit) return [[...rules]];
  const frame = sizesOf([]);
  const parts: MirrorRule[][] = [];
  let used: Sizes = { yaml: limit, json: limit };
  for (const rule of rules) {
    const own = sizesOf([rule]);
    const sum = { yaml: used.yaml + own.yaml - frame.yaml + SEPARATORS, json: used.json + own.json - frame.json + SEPARATORS };
    if (sum.yaml >= limit || sum.json >= limit) {
      parts.push([]);
      used = { yaml: own.yaml + SEPARATORS, json: own.json + SEPARATORS };
    } else {
      used = sum;
    }
    parts.at(-1)?.push(rule);
  }
  return parts;
}

/** Bytes of an object in the file, and in the annotation of `oc apply`. */
interface Sizes {
  readonly yaml: number;
  readonly json: number;
}

function sizes(object: KubeObject): Sizes {
  return { yaml: Buffer.byteLength(yamlText(object)), json: Buffer.byteLength(JSON.stringify(object)) };
}

function checkLocation(location: string, kind: MirrorSetKind): void {
  if (LOCATION.test(location)) return;
  throw new ClusterError({
    code: "MIRROR_INVALID",
    message: `Cannot write ${location} into ${SHAPES[kind].kind}: the cluster takes host[:port][/path] without tag, digest or IPv6 address`,
    subject: location,
    hint: "Give the mirror registry a host name that the nodes can resolve.",
  });
}
