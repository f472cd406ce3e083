/** A node of a structural OpenAPI schema, as CRDs hold them. */
export type Schema = Readonly<Record<string, unknown>>;

/**
 * What an API server with strict field validation would say to an object: types, required and unknown fields, enums,
 * patterns, bounds and sets. CEL rules are not evaluated. Kubernetes "CustomResourceDefinition", structural schemas.
 */
export function schemaFaults(schema: Schema, value: unknown, path = ""): string[] {
  if (value === null) return schema["nullable"] === true ? [] : [`${path}: null`];
  if (schema["x-kubernetes-int-or-string"] === true) {
    const fits = Number.isInteger(value) || typeof value === "string";
    return fits ? textFaults(schema, value, path) : [`${path}: expected integer or string`];
  }
  switch (schema["type"]) {
    case "object":
      return objectFaults(schema, value, path);
    case "array":
      return arrayFaults(schema, value, path);
    case "string":
      return typeof value === "string" ? textFaults(schema, value, path) : [`${path}: expected string`];
    case "integer":
      return Number.isInteger(value) ? numberFaults(schema, value as number, path) : [`${path}: expected integer`];
    case "number":
      return typeof value === "number" ? numberFaults(schema, value, path) : [`${path}: expected number`];
    case "boolean":
      return typeof value === "boolean" ? [] : [`${path}: expected boolean`];
    default:
      return [];
  }
}

/** The schema of one version of a parsed CRD. */
export function crdSchema(crd: unknown, version: string): Schema {
  const versions = at(at(crd, "spec"), "versions") as readonly unknown[];
  const found = versions.find((item) => at(item, "name") === version);
  return at(at(found, "schema"), "openAPIV3Schema") as Schema;
}

function objectFaults(schema: Schema, value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path}: expected object`];
  const properties = (schema["properties"] ?? {}) as Record<string, Schema>;
  const additional = schema["additionalProperties"];
  const missing = ((schema["required"] ?? []) as string[]).filter((key) => !(key in value)).map((key) => `${path}.${key}: missing`);
  const inner = Object.entries(value).flatMap(([key, item]) => {
    const own = properties[key];
    if (own !== undefined) return path === "" && key === "metadata" ? [] : schemaFaults(own, item, `${path}.${key}`);
    if (typeof additional === "object" && additional !== null) return schemaFaults(additional as Schema, item, `${path}.${key}`);
    return additional === true || schema["x-kubernetes-preserve-unknown-fields"] === true ? [] : [`${path}.${key}: unknown`];
  });
  return [...missing, ...inner];
}

function arrayFaults(schema: Schema, value: unknown, path: string): string[] {
  if (!Array.isArray(value)) return [`${path}: expected array`];
  const isSet = schema["x-kubernetes-list-type"] === "set";
  const twice = isSet && new Set(value.map((item) => JSON.stringify(item))).size !== value.length;
  const most = schema["maxItems"];
  return [
    ...(twice ? [`${path}: the same item twice`] : []),
    ...(typeof most === "number" && value.length > most ? [`${path}: too long`] : []),
    ...value.flatMap((item, index) => schemaFaults((schema["items"] ?? {}) as Schema, item, `${path}[${index}]`)),
  ];
}

function textFaults(schema: Schema, value: unknown, path: string): string[] {
  const text = String(value);
  const faults: string[] = [];
  const choices = schema["enum"];
  if (Array.isArray(choices) && !choices.includes(value)) faults.push(`${path}: ${text} is none of ${choices.join(", ")}`);
  if (typeof schema["pattern"] === "string" && !new RegExp(schema["pattern"]).test(text)) faults.push(`${path}: ${text} does not match`);
  if (typeof schema["maxLength"] === "number" && text.length > schema["maxLength"]) faults.push(`${path}: too long`);
  if (typeof schema["minLength"] === "number" && text.length < schema["minLength"]) faults.push(`${path}: too short`);
  return faults;
}

function numberFaults(schema: Schema, value: number, path: string): string[] {
  const { minimum, maximum } = schema;
  const low = typeof minimum === "number" && value < minimum;
  const high = typeof maximum === "number" && value > maximum;
  return low || high ? [`${path}: ${value} is out of bounds`] : [];
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
