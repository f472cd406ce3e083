import { asObject, asText, type JsonObject, member } from "../document/shape.ts";
import type { Bundle } from "../types.ts";

/** Largest manifest that is decoded: the largest published CSV has 1.3 MB. */
const MAX_OBJECT_BYTES = 16 * 1024 * 1024;

/**
 * The ClusterServiceVersion among a bundle's `olm.bundle.object` properties: the first object of that kind. Undefined
 * when the bundle has none (`olm.csv.metadata` keeps no images) or when no object can be decoded.
 */
export function bundleCsv(bundle: Pick<Bundle, "properties">): JsonObject | undefined {
  for (const property of bundle.properties) {
    if (property.type !== "olm.bundle.object") continue;
    const object = decodeObject(asText(member(property.value, "data")));
    if (object !== undefined && member(object, "kind") === "ClusterServiceVersion") return object;
  }
  return undefined;
}

function decodeObject(base64: string): JsonObject | undefined {
  if (base64 === "" || base64.length > (MAX_OBJECT_BYTES / 3) * 4) return undefined;
  try {
    return asObject(JSON.parse(Buffer.from(base64, "base64").toString("utf8")));
  } catch {
    // An object in YAML is legal in principle; no published catalog holds one, and opm writes JSON.
    return undefined;
  }
}
