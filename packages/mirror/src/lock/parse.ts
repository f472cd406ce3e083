import { isDigest, isRepository, isTag } from "@skerry/oci";
import { z } from "zod";
import { MirrorError } from "../errors.ts";
import { IMAGE_KINDS } from "../plan/types.ts";
import { PROBLEM_CODES } from "../problem/problem.ts";
import type { ImageSetLock } from "./types.ts";

const digest = z.string().refine((text) => isDigest(text), "is not a digest");
const bytes = z.int().nonnegative();
const destination = z.looseObject({
  repository: z.string().refine(isRepository, "is not a repository path"),
  tag: z.string().refine(isTag, "is not a tag"),
});
const reasons = z.array(
  z.looseObject({
    catalog: z.string().optional(),
    package: z.string().optional(),
    channel: z.string().optional(),
    bundle: z.string().optional(),
    field: z.string().optional(),
  }),
);
const image = z.looseObject({
  origin: z.string().min(1),
  digest,
  mediaType: z.string(),
  manifestBytes: bytes,
  kind: z.enum(IMAGE_KINDS),
  destination,
  platforms: z.array(z.string()),
  children: z.array(z.looseObject({ digest, platform: z.string(), copied: z.boolean() })),
  referrers: z.array(
    z.looseObject({
      digest,
      artifactType: z.string(),
      mediaType: z.string(),
      bytes,
      subject: digest,
      tag: z.string().refine(isTag).optional(),
    }),
  ),
  totalBytes: bytes,
  uniqueBytes: bytes,
  reasons,
});
const kept = z.looseObject({
  name: z.string(),
  defaultChannel: z.string(),
  channels: z.array(
    z.looseObject({
      name: z.string(),
      head: z.string(),
      versions: z.array(z.looseObject({ version: z.string(), bundle: z.string(), image: z.string() })),
    }),
  ),
});
/** Checks an item without keeping the copy that a schema makes of it: a lock has a row for each of ten thousand images. */
function each(schema: z.ZodType): z.ZodType {
  return z.unknown().superRefine((value, context) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return;
    for (const { message, path } of parsed.error.issues) context.addIssue({ code: "custom", message, path: [...path] });
  });
}

const lockSchema = z.looseObject({
  apiVersion: z.literal("skerry.dev/v1"),
  kind: z.literal("ImageSetLock"),
  imageSet: z.looseObject({ name: z.string(), configDigest: digest }),
  createdAt: z.string(),
  skerryVersion: z.string(),
  platforms: z.array(z.string()),
  referrers: z.enum(["all", "none"]),
  catalogs: z.array(
    z.looseObject({
      catalog: z.string(),
      digest: digest.optional(),
      targetCatalog: z.string(),
      targetDigest: digest,
      unchanged: z.boolean(),
      mode: z.enum(["over-source", "scratch", "database"]),
      platforms: z.array(z.string()),
      bytes,
      packages: z.array(kept),
    }),
  ),
  images: z.array(each(image)),
  missing: z.array(
    z.looseObject({
      origin: z.string(),
      kind: z.enum(IMAGE_KINDS),
      destination,
      reasons,
      code: z.enum(PROBLEM_CODES),
      message: z.string(),
    }),
  ),
  blobs: z.array(each(z.looseObject({ digest, bytes }))),
  resources: z.looseObject({
    catalogSources: z.array(z.looseObject({ name: z.string(), catalog: z.string(), targetRef: z.string() })),
    idms: z.array(z.string()),
    itms: z.array(z.string()),
  }),
  problems: z.array(
    z.looseObject({
      code: z.enum(PROBLEM_CODES),
      severity: z.enum(["error", "warning", "info"]),
      subject: z.string(),
      action: z.enum(["repaired", "dropped", "kept", "refused"]),
      waived: z.boolean(),
      message: z.string(),
    }),
  ),
});

/**
 * Reads a lock. A lock may come from the other side of a gap: every name and digest in it is checked before it is used.
 * @throws MirrorError `LOCK_INVALID`, naming the first things that are wrong
 */
export function parseLock(text: string, path: string): ImageSetLock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, ["it is not JSON"], cause);
  }
  const parsed = lockSchema.safeParse(value);
  if (parsed.success) return parsed.data as unknown as ImageSetLock;
  throw invalid(
    path,
    parsed.error.issues.slice(0, 10).map((issue) => `${issue.path.join(".")}: ${issue.message}`),
    undefined,
  );
}

function invalid(path: string, details: readonly string[], cause: unknown): MirrorError {
  return new MirrorError({
    code: "LOCK_INVALID",
    message: `Cannot read lock ${path}: ${details[0] ?? "it is not a lock"}`,
    subject: path,
    details,
    hint: "Make it anew with 'skerry plan'.",
    ...(cause === undefined ? {} : { cause }),
  });
}
