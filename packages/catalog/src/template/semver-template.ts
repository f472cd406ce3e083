import { asText, member } from "../document/shape.ts";
import { bundleCsv } from "../images/bundle-csv.ts";
import { foldKey } from "../scan/fold.ts";
import type { Bundle, ChannelEntry } from "../types.ts";
import { compareVersions, formatVersion, tryParseVersion, type Version } from "../version/version.ts";
import { byBytes } from "../write/go-json.ts";
import { bundleBody, bundleIdentity, type TemplateDocument, type TemplateSource } from "./template-documents.ts";
import { templateError } from "./template-input.ts";

/** Streams from the least to the most trusted. */
const STREAMS = ["candidate", "fast", "stable"] as const;
type Stream = (typeof STREAMS)[number];
type Kind = "major" | "minor";

interface SemverTemplate {
  readonly kinds: readonly Kind[];
  readonly preferred: Kind;
  readonly images: Readonly<Record<Stream, readonly string[]>>;
}

interface Member {
  readonly bundle: Bundle;
  readonly version: Version;
}

/**
 * Channels made from versions: per stream one for each major and minor version that is asked for. In a channel the newest
 * patch of each minor version replaces that of the minor version before it and skips all others of its major version.
 */
export async function semverTemplate(
  body: Readonly<Record<string, unknown>>,
  source: TemplateSource,
): Promise<readonly TemplateDocument[]> {
  const template = readTemplate(body);
  const rendered = new Map<string, Bundle>();
  for (const image of STREAMS.flatMap((stream) => template.images[stream])) {
    if (!rendered.has(image)) rendered.set(image, await source(image));
  }
  const bundles = [...rendered.values()];
  const first = bundles[0];
  if (first === undefined) throw templateError("it names no bundles");
  const channels: TemplateDocument[] = [];
  let best: { readonly name: string; readonly rank: readonly [number, Version, number] } | undefined;
  for (const stream of STREAMS) {
    const members = membersOf(stream, template.images[stream], { rendered, owner: first.package });
    for (const kind of template.kinds) {
      for (const [name, group] of grouped(stream, kind, members)) {
        channels.push({ schema: "olm.channel", package: first.package, name, entries: group.map((one) => entryOf(one, members)) });
        const lowest = group[0];
        if (lowest === undefined) continue;
        const rank = [STREAMS.indexOf(stream), lowest.version, kind === template.preferred ? 1 : 0] as const;
        if (best === undefined || outranks(rank, best.rank)) best = { name, rank };
      }
    }
  }
  return [packageDocument(bundles, best?.name ?? ""), ...channels, ...bundles.map(bundleBody)];
}

/** The stream first, then the lowest version of the channel; the preferred kind only decides between equals. */
function outranks(a: readonly [number, Version, number], b: readonly [number, Version, number]): boolean {
  if (a[0] !== b[0]) return a[0] > b[0];
  const order = compareVersions(a[1], b[1]);
  return order === 0 ? a[2] > b[2] : order > 0;
}

function readTemplate(body: Readonly<Record<string, unknown>>): SemverTemplate {
  const known = ["schema", "generatemajorchannels", "generateminorchannels", "defaultchanneltypepreference", ...STREAMS];
  const members = new Map<string, unknown>();
  for (const [key, value] of Object.entries(body)) {
    if (!known.includes(foldKey(key))) throw templateError(`unknown key "${key}"`);
    members.set(foldKey(key), value);
  }
  const major = members.get("generatemajorchannels") === true;
  const minor = members.get("generateminorchannels") === true || !major;
  const kinds: readonly Kind[] = [...(major ? (["major"] as const) : []), ...(minor ? (["minor"] as const) : [])];
  const preference = members.get("defaultchanneltypepreference") ?? "";
  if (preference !== "" && preference !== "major" && preference !== "minor") {
    throw templateError(`defaultChannelTypePreference is ${JSON.stringify(preference)}, expected "major" or "minor"`);
  }
  const preferred = preference === "" ? (minor ? "minor" : "major") : preference;
  if (!kinds.includes(preferred)) throw templateError(`it prefers ${preferred} channels and generates none`);
  const images = { candidate: imagesOf(members, "candidate"), fast: imagesOf(members, "fast"), stable: imagesOf(members, "stable") };
  return { kinds, preferred, images };
}

function imagesOf(members: ReadonlyMap<string, unknown>, stream: Stream): readonly string[] {
  const value = members.get(stream);
  if (value === undefined || value === null) return [];
  return onlyKey(value, "bundles", stream).map((entry, at) => {
    const image =
      typeof entry === "object" && entry !== null
        ? memberOnly(entry as Record<string, unknown>, "image", `${stream}.bundles[${at}]`)
        : undefined;
    if (typeof image !== "string" || image === "") throw templateError(`${stream}.bundles[${at}] names no image`);
    return image;
  });
}

function onlyKey(value: unknown, key: string, path: string): readonly unknown[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw templateError(`${path}: expected a map`);
  const list = memberOnly(value as Record<string, unknown>, key, path);
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw templateError(`${path}.${key}: expected a list`);
  return list as readonly unknown[];
}

function memberOnly(object: Readonly<Record<string, unknown>>, key: string, path: string): unknown {
  let found: unknown;
  for (const [own, value] of Object.entries(object)) {
    if (foldKey(own) !== foldKey(key)) throw templateError(`unknown key "${own}" in ${path}`);
    found = value;
  }
  return found;
}

function membersOf(
  stream: Stream,
  images: readonly string[],
  at: { readonly rendered: ReadonlyMap<string, Bundle>; readonly owner: string },
): readonly Member[] {
  const members: Member[] = [];
  const names = new Set<string>();
  for (const image of images) {
    const bundle = at.rendered.get(image);
    if (bundle === undefined) continue;
    if (bundle.package !== at.owner)
      throw templateError(`bundle "${bundle.name}" belongs to package "${bundle.package}", others to "${at.owner}"`);
    if (names.has(bundle.name)) throw templateError(`bundle "${bundle.name}" is there twice in ${stream}`);
    names.add(bundle.name);
    const { version: text } = bundleIdentity(bundle);
    const version = tryParseVersion(text);
    if (version === undefined) throw templateError(`bundle "${bundle.name}" has version ${JSON.stringify(text)}, which is none`);
    members.push({ bundle, version });
  }
  members.sort((a, b) => compareVersions(a.version, b.version));
  members.forEach((one, index) => {
    const before = members[index - 1];
    if (before !== undefined && compareVersions(before.version, one.version) === 0) {
      throw templateError(`versions ${formatVersion(before.version)} and ${formatVersion(one.version)} in ${stream} cannot be ordered`);
    }
  });
  return members;
}

function grouped(stream: Stream, kind: Kind, members: readonly Member[]): ReadonlyMap<string, readonly Member[]> {
  const groups = new Map<string, Member[]>();
  for (const one of members) {
    const name = `${stream}-v${one.version.major}${kind === "minor" ? `.${one.version.minor}` : ""}`;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return groups;
}

/** Edges depend on the stream alone, not on the channel. */
function entryOf(one: Member, members: readonly Member[]): ChannelEntry {
  const family = members.filter((other) => other.version.major === one.version.major);
  const below = family.filter((other) => compareVersions(other.version, one.version) < 0);
  const sameMinor = (other: Member): boolean => other.version.minor === one.version.minor;
  const isNewest = !family.some((other) => sameMinor(other) && compareVersions(other.version, one.version) > 0);
  if (!isNewest) return { name: one.bundle.name };
  const replaced = below.findLast((other) => !sameMinor(other))?.bundle.name;
  // By name, as opm has them: 1.10.0 before 1.9.0.
  const skips = below
    .map((other) => other.bundle.name)
    .filter((name) => name !== replaced)
    .sort(byBytes);
  return { name: one.bundle.name, ...(replaced === undefined ? {} : { replaces: replaced }), ...(skips.length === 0 ? {} : { skips }) };
}

/** Icon and description come from the newest bundle's CSV. */
function packageDocument(bundles: readonly Bundle[], defaultChannel: string): TemplateDocument {
  const newest = [...bundles].sort((a, b) => {
    const left = tryParseVersion(bundleIdentity(a).version);
    const right = tryParseVersion(bundleIdentity(b).version);
    return left === undefined || right === undefined ? 0 : compareVersions(right, left);
  })[0];
  const csv = newest === undefined ? undefined : bundleCsv(newest);
  const icons = member(csv, "spec", "icon");
  const icon: unknown = Array.isArray(icons) ? icons[0] : undefined;
  const description = asText(member(csv, "spec", "description"));
  return {
    schema: "olm.package",
    name: newest?.package ?? "",
    defaultChannel,
    ...(icon === undefined
      ? {}
      : { icon: { base64data: asText(member(icon, "base64data")), mediatype: asText(member(icon, "mediatype")) } }),
    ...(description === "" ? {} : { description }),
  };
}
