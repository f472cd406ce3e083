import { readFile } from "node:fs/promises";
import type { Digest } from "@skerry/oci";
import { manifestContents } from "@skerry/oci";
import { parseDocument } from "yaml";
import { z } from "zod";
import { globMatcher, isRepositoryGlob } from "../auth/globs.ts";
import { RegistryError } from "../errors.ts";
import type { RegistryStore } from "../store/store.ts";
import { storedManifest } from "./references.ts";
import type { RetentionReport } from "./report.ts";

const DAY_MS = 24 * 3600_000;
const TAG_GLOB = /^[A-Za-z0-9_.*-]{1,128}$/;

/** What may go. The first rule that fits a tag decides on it; what no rule fits stays. */
export interface RetentionPolicy {
  readonly rules: readonly RetentionRule[];
}

export interface RetentionRule {
  readonly repositories: readonly string[];
  /** Patterns; `*` stands for any part of a tag. */
  readonly tags: readonly string[];
  /** That many of the tags that fit stay, by the time they were written. */
  readonly keepNewest?: number | undefined;
  /** Tags that were written within so many days stay. */
  readonly keepDays?: number | undefined;
  /** Manifests without a tag, that no kept index names and that refer to nothing kept, go after so many days. */
  readonly untaggedDays?: number | undefined;
}

const ruleSchema: z.ZodType<RetentionRule> = z.strictObject({
  repositories: z.array(z.string().refine(isRepositoryGlob, "not a repository pattern")).min(1),
  tags: z.array(z.string().regex(TAG_GLOB)).min(1).default(["*"]),
  keepNewest: z.number().int().min(0).optional(),
  keepDays: z.number().min(0).optional(),
  untaggedDays: z.number().min(0).optional(),
});

const policySchema: z.ZodType<RetentionPolicy> = z.strictObject({ rules: z.array(ruleSchema).min(1) });

/** @throws RegistryError `POLICY_INVALID`, naming the key */
export async function readRetentionPolicy(path: string): Promise<RetentionPolicy> {
  const document = parseDocument(await readFile(path, "utf8"), { uniqueKeys: true });
  const fault = document.errors[0]?.message.split("\n")[0];
  const parsed = policySchema.safeParse(fault === undefined ? document.toJS({ maxAliasCount: 0 }) : undefined);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RegistryError({
    code: "POLICY_INVALID",
    message: `Cannot read ${path}: ${fault ?? `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`}`,
    subject: path,
    hint: "Compare it with docs/registry.md.",
  });
}

/** Removes tags and untagged manifests that no rule keeps. What no rule speaks of stays. */
export async function retain(
  store: RegistryStore,
  policy: RetentionPolicy,
  options: { readonly dryRun?: boolean } = {},
): Promise<RetentionReport> {
  const report = {
    dryRun: options.dryRun === true,
    tags: [] as RetentionReport["tags"][number][],
    manifests: [] as RetentionReport["manifests"][number][],
  };
  for (const repository of await store.manifests.repositories()) {
    const kept = new Set<string>();
    report.tags.push(...(await expiredTags(store, repository, { policy, kept })));
    report.manifests.push(...(await expiredManifests(store, repository, { policy, kept })));
  }
  if (!report.dryRun) await apply(store, report);
  return report;
}

async function apply(store: RegistryStore, report: RetentionReport): Promise<void> {
  for (const { repository, tag } of report.tags) await store.deleteTag(repository, tag);
  for (const { repository, digest } of report.manifests) {
    // A tag may have come meanwhile.
    if ((await store.tagFiles.pointingAt(repository, digest)).length === 0) await store.deleteManifest(repository, digest);
  }
}

async function expiredTags(
  store: RegistryStore,
  repository: string,
  { policy, kept }: { policy: RetentionPolicy; kept: Set<string> },
): Promise<RetentionReport["tags"][number][]> {
  const byRule = new Map<number, { tag: string; at: number }[]>();
  for (const tag of await store.tagFiles.list(repository)) {
    const rule = policy.rules.findIndex((candidate) => fits(candidate, repository) && candidate.tags.some((glob) => tagFits(glob, tag)));
    const at = (await store.tagFiles.facts(repository, tag))?.changedAt ?? 0;
    if (rule < 0) kept.add(tag);
    else byRule.set(rule, [...(byRule.get(rule) ?? []), { tag, at }]);
  }
  const expired: RetentionReport["tags"][number][] = [];
  for (const [index, tags] of byRule) {
    const rule = policy.rules[index];
    tags.sort((a, b) => b.at - a.at || (a.tag < b.tag ? 1 : -1));
    for (const [rank, { tag, at }] of tags.entries()) {
      const digest = await store.tagFiles.get(repository, tag);
      if (rule === undefined || digest === undefined || keeps(rule, rank, store.now() - at)) kept.add(tag);
      else expired.push({ repository, tag, digest, rule: index });
    }
  }
  return expired.sort((a, b) => (a.tag < b.tag ? -1 : 1));
}

/** A rule without a limit for tags keeps them all. */
function keeps(rule: RetentionRule, rank: number, ageMs: number): boolean {
  if (rule.keepNewest === undefined && rule.keepDays === undefined) return true;
  return (rule.keepNewest !== undefined && rank < rule.keepNewest) || (rule.keepDays !== undefined && ageMs < rule.keepDays * DAY_MS);
}

async function expiredManifests(
  store: RegistryStore,
  repository: string,
  { policy, kept }: { policy: RetentionPolicy; kept: ReadonlySet<string> },
): Promise<RetentionReport["manifests"][number][]> {
  const index = policy.rules.findIndex((rule) => rule.untaggedDays !== undefined && fits(rule, repository));
  const days = policy.rules[index]?.untaggedDays;
  if (days === undefined) return [];
  const manifests = await store.manifests.of(repository);
  const reachable = await reachableFrom(store, repository, { tags: kept, manifests });
  const expired: RetentionReport["manifests"][number][] = [];
  for (const digest of manifests) {
    if (reachable.has(digest)) continue;
    const age = store.now() - ((await store.manifests.facts(repository, digest))?.changedAt ?? store.now());
    if (age >= days * DAY_MS) expired.push({ repository, digest, rule: index });
  }
  return expired.sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** Manifests behind the tags, their children, and what refers to any of them. */
async function reachableFrom(
  store: RegistryStore,
  repository: string,
  { tags, manifests }: { tags: ReadonlySet<string>; manifests: readonly Digest[] },
): Promise<Set<Digest>> {
  const referrers = new Map<Digest, Digest[]>();
  for (const digest of manifests) {
    const subject = (await store.manifests.get(repository, digest))?.subject;
    if (subject !== undefined) referrers.set(subject, [...(referrers.get(subject) ?? []), digest]);
  }
  const reached = new Set<Digest>();
  const open: Digest[] = [];
  for (const tag of tags) open.push(...[await store.tagFiles.get(repository, tag)].filter((digest) => digest !== undefined));
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (reached.has(digest)) continue;
    reached.add(digest);
    const manifest = await storedManifest(store, repository, digest);
    if (manifest?.kind === "index") open.push(...manifestContents(manifest).map((child) => child.digest));
    open.push(...(referrers.get(digest) ?? []));
  }
  return reached;
}

function fits(rule: RetentionRule, repository: string): boolean {
  return globMatcher(rule.repositories)(repository);
}

/** Tags have no components, so one star stands for any part. */
function tagFits(glob: string, tag: string): boolean {
  return globMatcher([glob])(tag);
}
