import { asList, asObject, asText, type JsonObject, member } from "../document/shape.ts";

/** An image as a CSV names it. */
export interface CsvImage {
  /** Path from the CSV's root: `spec.install.spec.deployments[0].spec.template.spec.containers[1].image`. */
  readonly field: string;
  readonly name: string;
  /** As written; may be empty or unparsable. */
  readonly image: string;
  /** Text under `value`, where the publisher mixed it up with `image`. */
  readonly value?: string;
}

/** `spec.relatedImages` of a CSV, as written. */
export function csvRelatedImages(csv: JsonObject): readonly CsvImage[] {
  return asList(member(csv, "spec", "relatedImages")).map((entry, index) => {
    const value = member(entry, "value");
    return {
      field: `spec.relatedImages[${index}].image`,
      name: asText(member(entry, "name")),
      image: asText(member(entry, "image")),
      ...(typeof value === "string" ? { value } : {}),
    };
  });
}

/**
 * Images of every container and init container of the CSV's deployments; only when the install strategy is
 * `deployment`, as `opm render` reads it. Environment values (`RELATED_IMAGE_*`) are not looked at.
 */
export function csvDeploymentImages(csv: JsonObject): readonly CsvImage[] {
  const install = member(csv, "spec", "install");
  if (member(install, "strategy") !== "deployment") return [];
  return asList(member(install, "spec", "deployments")).flatMap((deployment, index) => {
    const pod = member(deployment, "spec", "template", "spec");
    const at = `spec.install.spec.deployments[${index}].spec.template.spec`;
    return [...containers(pod, "initContainers", at), ...containers(pod, "containers", at)];
  });
}

/** Values of `RELATED_IMAGE_*` in the same containers. Publishers put images there that they list nowhere else. */
export function csvEnvironmentImages(csv: JsonObject): readonly CsvImage[] {
  const install = member(csv, "spec", "install");
  return asList(member(install, "spec", "deployments")).flatMap((deployment, index) => {
    const pod = member(deployment, "spec", "template", "spec");
    return ["initContainers", "containers"].flatMap((kind) =>
      asList(member(pod, kind)).flatMap((container, position) =>
        environment(container, `spec.install.spec.deployments[${index}].spec.template.spec.${kind}[${position}]`),
      ),
    );
  });
}

function environment(container: unknown, at: string): readonly CsvImage[] {
  return asList(member(container, "env")).flatMap((entry, index) => {
    const name = asText(member(entry, "name"));
    const image = member(entry, "value");
    return name.startsWith("RELATED_IMAGE") && typeof image === "string" ? [{ field: `${at}.env[${index}].value`, name, image }] : [];
  });
}

function containers(pod: unknown, kind: "initContainers" | "containers", at: string): readonly CsvImage[] {
  return asList(member(pod, kind)).flatMap((container, index) => {
    if (asObject(container) === undefined) return [];
    return [
      {
        field: `${at}.${kind}[${index}].image`,
        name: asText(member(container, "name")),
        image: asText(member(container, "image")),
      },
    ];
  });
}
