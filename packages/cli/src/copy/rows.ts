import { type Descriptor, type Digest, isLister, OciError, type Registries } from "@skerry/oci";
import { RefusedError } from "../args/errors.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { globPattern } from "../names/glob.ts";
import type { ImageName } from "../names/image-name.ts";
import { type FoundImage, imageFault, type Places, type TargetPlace } from "../places/places.ts";
import { inOrder } from "./in-order.ts";
import { destinationTags } from "./tags.ts";

/** One image for one destination, as far as it could be prepared. */
export interface CopyRow {
  /** `origin -> destination`, unique in a run. */
  readonly id: string;
  readonly origin: string;
  readonly destination: string;
  readonly found?: FoundImage;
  readonly target?: TargetPlace;
  readonly tags: readonly string[];
  readonly last?: boolean;
  /** Digest of the index that the found one was made from. */
  readonly rewrittenFrom?: Digest;
  /** What its tags name at the destination, where that was asked while the sources were being found. */
  readonly looked?: Promise<readonly (Descriptor | undefined)[]>;
  /** Why it cannot be copied. */
  readonly error?: OciError;
}

export interface RowSources {
  readonly places: Places;
  readonly registries: Registries;
  readonly signal: AbortSignal;
}

/** Mappings whose sources stand for several tags, made into one mapping per tag. A repository that cannot be listed is thrown. */
export async function expandTags(mappings: readonly Mapping[], from: RowSources): Promise<readonly Mapping[]> {
  const expanded: Mapping[] = [];
  for (const mapping of mappings) {
    const { source, tags } = mapping;
    if (tags === undefined || source.kind !== "registry") {
      expanded.push(mapping);
      continue;
    }
    const { registry, repository } = source.reference;
    const reader = from.registries.reader(registry);
    if (!isLister(reader)) throw cannotList(source);
    const pattern = globPattern(tags);
    const all = await Array.fromAsync(reader.tags({ repository }, { signal: from.signal }));
    const matching = all.filter((tag) => pattern.test(tag)).sort();
    if (matching.length === 0) throw noTag(source, tags);
    for (const tag of matching) expanded.push(withTag(mapping, source, tag));
  }
  return expanded;
}

/** Finds every source and destination. What cannot be found is a row with its error. */
export async function prepareRows(mappings: readonly Mapping[], from: RowSources): Promise<readonly CopyRow[]> {
  const found = await inOrder(mappings, (mapping) => findSource(mapping.source, from.places));
  const rows = new Map<string, CopyRow>();
  for (const [index, mapping] of mappings.entries()) {
    for (const destination of mapping.destinations) {
      const row = await rowOf({ mapping, destination, source: found[index], places: from.places });
      // A line that is there twice asks for nothing more.
      rows.set(row.id, row);
    }
  }
  checkCollisions([...rows.values()]);
  return [...rows.values()];
}

async function findSource(name: ImageName, places: Places): Promise<FoundImage | OciError> {
  return places.find(name).catch((error: unknown) => imageFault(error).with({ side: "source" }));
}

async function rowOf(row: {
  readonly mapping: Mapping;
  readonly destination: ImageName;
  readonly source: FoundImage | OciError | undefined;
  readonly places: Places;
}): Promise<CopyRow> {
  const { mapping, destination, source, places } = row;
  const origin = mapping.source.text;
  if (source === undefined || source instanceof OciError) {
    const names = { id: `${origin} -> ${destination.text}`, origin, destination: destination.text };
    return { ...names, tags: [], ...(source === undefined ? {} : { error: source }) };
  }
  const target = await places.target(destination);
  const tags = destinationTags({ source: mapping.source, destination, target, digest: source.descriptor.digest });
  const text = destinationText(destination, tags);
  return {
    id: `${origin} -> ${text}`,
    origin,
    destination: text,
    found: source,
    target,
    tags,
    ...(mapping.last === true ? { last: true } : {}),
  };
}

function destinationText(destination: ImageName, tags: readonly string[]): string {
  if (destination.kind === "layout") return destination.text;
  const { registry, repository } = destination.reference;
  return `${registry}/${repository}${tags[0] === undefined ? "" : `:${tags[0]}`}`;
}

function withTag(mapping: Mapping, source: ImageName & { kind: "registry" }, tag: string): Mapping {
  const { registry, repository } = source.reference;
  const text = `${registry}/${repository}:${tag}`;
  return {
    source: { kind: "registry", reference: { registry, repository, tag, text }, text },
    destinations: mapping.destinations,
    text: mapping.text,
  };
}

/** Two sources for one tag with different digests are refused before anything is written. */
function checkCollisions(rows: readonly CopyRow[]): void {
  const taken = new Map<string, CopyRow>();
  for (const row of rows) {
    if (row.found === undefined || row.target === undefined) continue;
    for (const tag of row.tags) {
      const key = `${row.target.writer.name}/${row.target.at.repository}:${tag}`;
      const before = taken.get(key);
      if (before?.found !== undefined && before.found.descriptor.digest !== row.found.descriptor.digest) {
        throw new RefusedError(`Refused to copy: ${row.destination} would be ${before.origin} and ${row.origin}, which differ`, {
          code: "DEST_COLLISION",
          subject: row.destination,
          hint: "Give one of them another tag or repository.",
        });
      }
      taken.set(key, row);
    }
  }
}

function cannotList(source: ImageName): OciError {
  return new OciError({ code: "UNSUPPORTED", message: `Cannot list the tags of ${source.text}`, subject: source.text });
}

function noTag(source: ImageName, pattern: string): OciError {
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot copy ${source.text}: none of its tags matches ${JSON.stringify(pattern)}`,
    subject: source.text,
    hint: `List them: skerry tags ${source.text}`,
  });
}
