import { compareVersions, inRange, parseRange, tryParseVersion, type Version, type VersionRange } from "@skerry/catalog";
import { UsageError } from "../args/errors.ts";
import { globPattern } from "../names/glob.ts";

/** Which tags of a repository are meant. */
export interface TagChoice {
  readonly pattern: RegExp | undefined;
  readonly range: VersionRange | undefined;
  readonly newest: number | undefined;
}

/**
 * Reads the flags of a choice.
 * @throws UsageError for a range that cannot be read
 */
export function parseTagChoice(flags: {
  readonly tags: string | undefined;
  readonly semver: string | undefined;
  readonly newest: number | undefined;
}): TagChoice {
  return {
    pattern: flags.tags === undefined ? undefined : globPattern(flags.tags),
    range: flags.semver === undefined ? undefined : rangeOf(flags.semver),
    newest: flags.newest,
  };
}

/** The chosen tags, sorted by name. Tags that name digests, signatures and attestations are never chosen. */
export function chooseTags(tags: readonly string[], choice: TagChoice): readonly string[] {
  const { pattern, range } = choice;
  const matching = tags.filter((tag) => {
    if (/^(?:img|sha256|sha512)-[0-9a-f]{64,}/.test(tag)) return false;
    if (pattern !== undefined && !pattern.test(tag)) return false;
    if (range === undefined) return true;
    const version = versionOf(tag);
    return version !== undefined && inRange(version, range);
  });
  const newest = choice.newest === undefined ? matching : newestOf(matching, choice.newest);
  return [...newest].sort();
}

function newestOf(tags: readonly string[], count: number): readonly string[] {
  const versions = new Map(tags.map((tag) => [tag, versionOf(tag)]));
  const allVersions = [...versions.values()].every((version) => version !== undefined);
  const ascending = [...tags].sort((a, b) => {
    const [left, right] = [versions.get(a), versions.get(b)];
    const byVersion = allVersions && left !== undefined && right !== undefined ? compareVersions(left, right) : 0;
    return byVersion !== 0 ? byVersion : a < b ? -1 : 1;
  });
  return ascending.slice(-count);
}

/** `v1.2.3`, `1.2.3-rc1`, and `1.2` as 1.2.0. */
function versionOf(tag: string): Version | undefined {
  const bare = tag.replace(/^v(?=\d)/, "");
  return tryParseVersion(bare) ?? (/^\d+\.\d+$/.test(bare) ? tryParseVersion(`${bare}.0`) : undefined);
}

function rangeOf(text: string): VersionRange {
  try {
    return parseRange(text);
  } catch (cause) {
    throw new UsageError(`flag --semver: cannot read range ${JSON.stringify(text)}`, {
      subject: text,
      hint: 'Write it as ">=1.2.0 <2.0.0"; || divides alternatives.',
      cause,
    });
  }
}
