import { dump } from "js-yaml";

/** A file of the folder with cluster resources. */
export interface ResourceFile {
  /** Name without folder: `idms-edge-0.yaml`. */
  readonly name: string;
  readonly text: string;
}

/** A Kubernetes object. */
export type KubeObject = Readonly<Record<string, unknown>> & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
};

/** Label that every generated object carries. */
export const IMAGE_SET_LABEL = "skerry.dev/image-set";

/** YAML of one value with stable bytes: keys in the order given, no line folding, no anchors. */
export function yamlText(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}

/** A file that holds one object. */
export function objectFile(name: string, object: KubeObject): ResourceFile {
  return { name: `${name}.yaml`, text: yamlText(object) };
}

/**
 * An image set's name as a part of object names and as a label: lower-case letters, digits and dashes, at most 40, with a
 * letter or digit at both ends. RFC 1123 labels.
 */
export function objectNameOf(imageSet: string): string {
  const name = imageSet
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return name === "" ? "imageset" : name;
}
