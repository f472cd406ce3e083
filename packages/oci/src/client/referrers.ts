import { digestOf } from "../hash.ts";
import type { HttpResponse } from "../http/types.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex } from "../model/digest.ts";
import { type Manifest, parseManifest } from "../model/manifest.ts";
import { isIndexType, MEDIA_TYPES } from "../model/media-types.ts";
import type { IoOptions, ManifestBytes, ReferrerOptions } from "../store/types.ts";
import { getManifest, putManifest } from "./manifests.ts";
import { pages } from "./pages.ts";
import { lookScope, nameOf, type Repository } from "./repository.ts";

/** Tag under which a registry without the referrers API keeps them. Distribution-spec "referrers tag schema". */
export function referrersTag(subject: Digest): string {
  return `${digestAlgorithm(subject)}-${digestHex(subject).slice(0, 64)}`;
}

/**
 * Everything that refers to `subject`: by API where the registry answers with an index, else by the fallback tag.
 * GitLab and older registries answer 404, some proxies a page of HTML.
 */
export async function* listReferrers(at: Repository, subject: Digest, io?: ReferrerOptions): AsyncGenerator<Descriptor> {
  let answered = false;
  if (!at.net.quirks.lacksReferrers(at)) {
    for await (const entry of fromApi(at, subject, io)) {
      answered = true;
      if (entry !== undefined) yield entry;
    }
  }
  if (answered || io?.tags?.has(referrersTag(subject)) === false) return;
  const fallback = await readFallback(at, { subject, io });
  if (fallback.index !== undefined) yield* fallback.index.manifests;
}

/** What the API lists; `undefined` first when it answers at all, nothing when it does not. */
async function* fromApi(at: Repository, subject: Digest, io?: IoOptions): AsyncGenerator<Descriptor | undefined> {
  let answered = false;
  const list = {
    path: `/v2/${at.repository}/referrers/${subject}`,
    scopes: [lookScope(at)],
    action: `list referrers of ${nameOf(at)}@${subject}`,
    none: (status: number) => status === 404 || status === 400 || status === 405 || status === 501,
    // An unknown path, in the words of a web server and not of a registry that misses something: it will not know the next one.
    onNone: (answer: Pick<HttpResponse, "status" | "header">) => {
      const type = answer.header("content-type") ?? "";
      if (answer.status === 404 && type.startsWith("text/plain")) at.net.quirks.noteNoReferrers(at);
    },
    io,
  };
  try {
    for await (const { page, response } of pages(at, list)) {
      if (!answered && !isIndexAnswer(page, response.header("content-type"))) break;
      if (!answered) yield undefined;
      answered = true;
      yield* manifestsOf(page, subject);
    }
  } catch (error) {
    if (answered || !isNotAnIndex(error)) throw error;
  }
}

interface Fallback {
  /** The index behind the fallback tag, when it is one. */
  readonly index?: { readonly manifests: readonly Descriptor[]; readonly mediaType: string };
  /** The tag exists and is something else: somebody's digest tag. */
  readonly foreign: boolean;
}

async function readFallback(at: Repository, what: { subject: Digest; io?: IoOptions | undefined }): Promise<Fallback> {
  const manifest = await getManifest(at, { name: referrersTag(what.subject), io: what.io });
  if (manifest === undefined) return { foreign: false };
  // The tag may be the subject's own digest tag, index or not.
  if (!isIndexType(manifest.mediaType) || manifest.digest === what.subject) return { foreign: true };
  const parsed = parseManifest(manifest.bytes, manifest.mediaType, `${nameOf(at)}:${referrersTag(what.subject)}`);
  if (parsed.kind !== "index") return { foreign: true };
  // A multi-platform image under this tag is an image, not a list of referrers.
  if (parsed.manifests.some((child) => child.platform !== undefined && child.artifactType === undefined)) return { foreign: true };
  return { foreign: false, index: { manifests: parsed.manifests, mediaType: parsed.mediaType } };
}

/** How an update of the fallback tag ended. */
export type FallbackUpdate = "listed" | "updated" | "foreign-tag";

/**
 * Adds a manifest to its subject's fallback tag, for registries that did not answer with `OCI-Subject`. The caller makes
 * sure that one subject is updated by one process at a time; the result is read again, since there is no compare-and-swap.
 */
export async function addToFallback(
  at: Repository,
  what: { manifest: ManifestBytes; parsed: Manifest; subject: Digest; io?: IoOptions | undefined },
): Promise<FallbackUpdate> {
  const entry = referrerDescriptor(what.manifest, what.parsed);
  for (let attempt = 0; attempt < 3; attempt++) {
    const before = await readFallback(at, what);
    if (before.foreign) return "foreign-tag";
    const listed = before.index?.manifests ?? [];
    if (listed.some((one) => one.digest === entry.digest)) return attempt === 0 ? "listed" : "updated";
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [...listed, entry].map(plainDescriptor) };
    const bytes = Buffer.from(JSON.stringify(index));
    const manifest = { bytes, mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(bytes) };
    await putManifest(at, { name: referrersTag(what.subject), manifest, io: what.io });
  }
  return "updated";
}

/** Entry of a referrers list: type, digest, size, artifact type (config type as fall-back) and annotations. */
export function referrerDescriptor(manifest: ManifestBytes, parsed: Manifest): Descriptor {
  const artifactType = parsed.artifactType ?? (parsed.kind === "image" ? parsed.config?.mediaType : undefined);
  return {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(Object.keys(parsed.annotations).length === 0 ? {} : { annotations: parsed.annotations }),
  };
}

function plainDescriptor(entry: Descriptor): Descriptor {
  return entry.annotations === undefined ? entry : { ...entry, annotations: { ...entry.annotations } };
}

function isIndexAnswer(page: Record<string, unknown>, contentType: string | undefined): boolean {
  const type = contentType?.split(";")[0]?.trim() ?? "";
  return Array.isArray(page["manifests"]) && (isIndexType(type) || type === "application/json" || type === "");
}

function manifestsOf(page: Record<string, unknown>, subject: Digest): readonly Descriptor[] {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: page["manifests"] }));
  const parsed = parseManifest(bytes, MEDIA_TYPES.ociIndex, `referrers of ${subject}`);
  return parsed.kind === "index" ? parsed.manifests : [];
}

function isNotAnIndex(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "PROTOCOL_ERROR";
}
