import { z } from "zod";
import { RESOURCE_KINDS } from "./types.ts";

/** The one `apiVersion` that is read. */
export const IMAGE_SET_API_VERSION = "mirror.openshift.io/v2alpha1";
/** The one `kind` that is read. */
export const IMAGE_SET_KIND = "ImageSetConfiguration";

const nonEmpty = z.string().min(1, { error: "must not be empty" });

const platform = z
  .strictObject({
    os: nonEmpty.describe("Operating system, such as linux."),
    architecture: nonEmpty.describe("Architecture as Go names it, such as amd64 or arm64."),
    variant: nonEmpty.optional().describe("Variant, such as v8; left out: any. Not known to oc mirror."),
  })
  .describe("A platform whose images are copied.");

const platforms = z
  .array(platform)
  .optional()
  .describe("Platforms to copy; left out: all. Indexes and their digests stay as they are, the other children are not copied.");

const minVersion = nonEmpty
  .optional()
  .describe("Lowest version to keep. A version without a pre-release part does not match pre-releases.");
const maxVersion = nonEmpty
  .optional()
  .describe("Highest version to keep. A version without a pre-release part does not match pre-releases.");

const channel = z
  .strictObject({ name: nonEmpty.describe("Name of the channel."), minVersion, maxVersion })
  .describe("A channel to keep: its head, or the range given.");

const operatorPackage = z
  .strictObject({
    name: nonEmpty.describe("Name of the package in the catalog."),
    defaultChannel: nonEmpty
      .optional()
      .describe("Default channel to write into the catalog; needed when the catalog's own default is not kept."),
    minVersion: minVersion.describe("Lowest version to keep in every kept channel; not together with ranges of channels."),
    maxVersion: maxVersion.describe("Highest version to keep in every kept channel; not together with ranges of channels."),
    channels: z.array(channel).optional().describe("Channels to keep; left out: all."),
  })
  .describe("A package to keep.");

/** An entry of `mirror.operators`. */
export const operatorsShape: z.ZodType<OperatorsInput> = z
  .strictObject({
    catalog: nonEmpty.describe(
      "Catalog image with tag or digest (registry.redhat.io/redhat/redhat-operator-index:v4.20), an OCI layout (oci:///path), or a folder with a file-based catalog (./path).",
    ),
    full: z.boolean().optional().describe("Keep every version instead of the heads of the channels; not together with version ranges."),
    packages: z.array(operatorPackage).optional().describe("Packages to keep; left out: all."),
    targetCatalog: nonEmpty.optional().describe("Repository of the catalog image below the target's prefix, without tag or digest."),
    targetTag: nonEmpty.optional().describe("Tag of the catalog image at the target."),
    targetCatalogSourceTemplate: nonEmpty.optional().describe("File with a CatalogSource that the generated one starts from."),
    skipDependencies: z.boolean().optional().describe("Do not look at what the kept bundles depend on."),
    platforms,
  })
  .describe("An operator catalog and what to keep of it.");

/** An entry of `mirror.additionalImages`. */
export const additionalImageShape: z.ZodType<AdditionalImageInput> = z
  .strictObject({
    name: nonEmpty.describe("Image with tag or digest, or an OCI layout (oci:///path)."),
    targetRepo: nonEmpty.optional().describe("Repository below the target's prefix, without tag or digest."),
    targetTag: nonEmpty.optional().describe("Tag at the target."),
    platforms,
  })
  .describe("An image that no catalog names.");

/** An entry of `mirror.blockedImages`. */
export const blockedImageShape: z.ZodType<{ readonly name: string }> = z
  .strictObject({
    name: nonEmpty.describe("Regular expression in Go's syntax; it matches anywhere in the image's origin or destination."),
  })
  .describe("Images that are not copied. Bundles that need them stay in the catalog.");

/** The key `skerry`. */
export const skerryShape: z.ZodType<SkerryInput> = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, {
        error: "must be 1 to 40 lower-case letters, digits and dashes, with a letter or digit at both ends",
      })
      .optional()
      .describe("Name of the image set in resources, lock and workspace."),
    clusterVersion: z
      .string()
      .regex(/^[0-9]+\.[0-9]+(?:\.[0-9]+(?:-[0-9A-Za-z.-]+)?)?$/, { error: "must be a version such as 4.16 or 4.16.3" })
      .optional()
      .describe("Version of the cluster that the resources are for."),
    resources: z
      .union([z.literal("auto"), z.array(z.enum(RESOURCE_KINDS))])
      .optional()
      .describe("Which resources to write; auto: what the cluster's version takes."),
    installed: z.array(nonEmpty).optional().describe("Files that say which operator versions are installed."),
    catalogSourceNames: z
      .record(
        nonEmpty,
        z.string().regex(/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
          error: "must be a name of at most 63 lower-case letters, digits and dashes that begins with a letter",
        }),
      )
      .optional()
      .describe("Names of CatalogSource and ClusterCatalog, by catalog as written under operators."),
    destLayout: z.enum(["path", "flat", "host"]).optional().describe("How repositories are named at the target."),
    waive: z
      .array(z.string().regex(/^[A-Z][A-Z0-9_]*(?:=.+)?$/, { error: "must be a problem code, or CODE=SUBJECT" }))
      .optional()
      .describe("Problems that count as accepted."),
  })
  .describe("What only Skerry reads; the same words as the flags, which win over it.");

/** The shape of an image set configuration; rules between fields are in rules.ts. */
export const imageSetShape: z.ZodType<ImageSetInput> = z
  .strictObject({
    apiVersion: z.literal(IMAGE_SET_API_VERSION).describe("Version of this format."),
    kind: z.literal(IMAGE_SET_KIND).describe("Kind of this document."),
    archiveSize: z
      .int({ error: "must be a whole number of GiB" })
      .min(0, { error: "must not be negative" })
      .max(1_000_000, { error: "must be at most 1000000" })
      .optional()
      .describe("Largest size of one archive file in GiB; 0 or left out: the default."),
    mirror: z
      .strictObject({
        operators: z.array(operatorsShape).optional().describe("Operator catalogs."),
        additionalImages: z.array(additionalImageShape).optional().describe("Images that no catalog names."),
        blockedImages: z.array(blockedImageShape).optional().describe("Images that are not copied."),
      })
      .describe("What to mirror."),
    skerry: skerryShape.optional(),
  })
  .describe("An image set configuration for skerry and oc mirror.");

interface PlatformInput {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

interface RangeInput {
  readonly name: string;
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
}

/** A package as written. */
export interface PackageInput extends RangeInput {
  readonly defaultChannel?: string | undefined;
  readonly channels?: readonly RangeInput[] | undefined;
}

/** An entry of `mirror.operators` as written. */
export interface OperatorsInput {
  readonly catalog: string;
  readonly full?: boolean | undefined;
  readonly packages?: readonly PackageInput[] | undefined;
  readonly targetCatalog?: string | undefined;
  readonly targetTag?: string | undefined;
  readonly targetCatalogSourceTemplate?: string | undefined;
  readonly skipDependencies?: boolean | undefined;
  readonly platforms?: readonly PlatformInput[] | undefined;
}

/** An entry of `mirror.additionalImages` as written. */
export interface AdditionalImageInput {
  readonly name: string;
  readonly targetRepo?: string | undefined;
  readonly targetTag?: string | undefined;
  readonly platforms?: readonly PlatformInput[] | undefined;
}

/** The key `skerry` as written. */
export interface SkerryInput {
  readonly name?: string | undefined;
  readonly clusterVersion?: string | undefined;
  readonly resources?: "auto" | readonly (typeof RESOURCE_KINDS)[number][] | undefined;
  readonly installed?: readonly string[] | undefined;
  readonly catalogSourceNames?: Readonly<Record<string, string>> | undefined;
  readonly destLayout?: "path" | "flat" | "host" | undefined;
  readonly waive?: readonly string[] | undefined;
}

/** A whole document as written. */
export interface ImageSetInput {
  readonly apiVersion: typeof IMAGE_SET_API_VERSION;
  readonly kind: typeof IMAGE_SET_KIND;
  readonly archiveSize?: number | undefined;
  readonly mirror: {
    readonly operators?: readonly OperatorsInput[] | undefined;
    readonly additionalImages?: readonly AdditionalImageInput[] | undefined;
    readonly blockedImages?: readonly { readonly name: string }[] | undefined;
  };
  readonly skerry?: SkerryInput | undefined;
}

/** JSON Schema (2020-12) of what may be written, with descriptions, for editors and checks elsewhere. */
export function imageSetSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(imageSetShape, { io: "input" }), title: IMAGE_SET_KIND };
}
