import type { GoShape } from "./go-shape.ts";

const PROPERTIES: GoShape = { list: { members: { type: "text", value: "any" } } };
const GVK: GoShape = { members: { group: "text", version: "text", kind: "text" } };
const NAME_URL: GoShape = { members: { name: "text", url: "text" } };
const OWNED: GoShape = { list: { members: { name: "text", version: "text", kind: "text", displayName: "text", description: "text" } } };

/** Types of the members of the known documents. */
export const DOCUMENT_SHAPES: Readonly<Record<string, GoShape>> = {
  "olm.package": {
    members: {
      name: "text",
      defaultChannel: "text",
      description: "text",
      icon: { members: { base64data: "base64", mediatype: "text" } },
      properties: PROPERTIES,
    },
  },
  "olm.channel": {
    members: {
      package: "text",
      name: "text",
      properties: PROPERTIES,
      entries: { list: { members: { name: "text", replaces: "text", skips: { list: "text" }, skipRange: "text" } } },
    },
  },
  "olm.bundle": {
    members: {
      package: "text",
      name: "text",
      image: "text",
      properties: PROPERTIES,
      relatedImages: { list: { members: { name: "text", image: "text" } } },
    },
  },
  "olm.deprecations": {
    members: {
      package: "text",
      name: "text",
      entries: { list: { members: { reference: { members: { schema: "text", name: "text" } }, message: "text" } } },
    },
  },
};

/** Types of the values of the known properties. */
export const PROPERTY_SHAPES: Readonly<Record<string, GoShape>> = {
  "olm.package": { members: { packageName: "text", version: "text", release: "text" } },
  "olm.package.required": { members: { packageName: "text", versionRange: "text" } },
  "olm.channel": { members: { channelName: "text", priority: "int" } },
  "olm.gvk": GVK,
  "olm.gvk.required": GVK,
  "olm.bundle.object": { members: { data: "base64" } },
  "olm.csv.metadata": {
    members: {
      annotations: { map: "text" },
      apiServiceDefinitions: { members: { owned: OWNED, required: OWNED } },
      crdDescriptions: { members: { owned: OWNED, required: OWNED } },
      description: "text",
      displayName: "text",
      installModes: { list: { members: { type: "text", supported: "bool" } } },
      keywords: { list: "text" },
      labels: { map: "text" },
      links: { list: NAME_URL },
      maintainers: { list: { members: { name: "text", email: "text" } } },
      maturity: "text",
      minKubeVersion: "text",
      nativeAPIs: { list: GVK },
      provider: NAME_URL,
    },
  },
};
