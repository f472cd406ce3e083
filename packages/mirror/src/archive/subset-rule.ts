import { MirrorError } from "../errors.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage, PlannedCatalog } from "../plan/types.ts";

const KINDS = ["package", "catalog", "image"] as const;

/** One `--only KIND=NAME`. */
export interface SubsetRule {
  readonly kind: (typeof KINDS)[number];
  /** As written; `*` is any text, `?` one character. */
  readonly name: string;
}

/** @throws MirrorError `CONFIG_INVALID` */
export function parseSubsetRule(text: string): SubsetRule {
  const equals = text.indexOf("=");
  const kind = KINDS.find((known) => known === text.slice(0, equals));
  if (kind !== undefined && equals < text.length - 1) return { kind, name: text.slice(equals + 1) };
  throw new MirrorError({
    code: "CONFIG_INVALID",
    message: `Cannot read --only ${JSON.stringify(text)}: expected package=NAME, catalog=NAME or image=NAME`,
    subject: text,
  });
}

/** A part of an image set. */
export interface Subset {
  readonly images: readonly LockedImage[];
  /** Catalogs of which something is kept, with only the packages that are. */
  readonly catalogs: readonly PlannedCatalog[];
}

/**
 * The part of a lock that the rules name: an image is in it when one of its reasons or its origin is named. Pure.
 * @throws MirrorError `SELECTION_INVALID` naming every rule that matches nothing
 */
export function chooseSubset(lock: ImageSetLock, rules: readonly SubsetRule[]): Subset {
  const tests = rules.map((rule) => ({ rule, test: glob(rule.name) }));
  const named = (kind: SubsetRule["kind"], name: string | undefined): boolean =>
    name !== undefined && tests.some(({ rule, test }) => rule.kind === kind && test.test(name));
  const unused = tests.filter(({ rule, test }) => !namesOf(lock, rule.kind).some((name) => test.test(name)));
  if (unused.length > 0)
    throw nothing(
      lock,
      unused.map(({ rule }) => rule),
    );
  const catalogs = lock.catalogs.flatMap((catalog) => {
    const whole = named("catalog", catalog.catalog);
    const packages = catalog.packages.filter((kept) => whole || named("package", kept.name));
    return packages.length === 0 ? [] : [{ ...catalog, packages }];
  });
  const kept = new Set(catalogs.flatMap((catalog) => catalog.packages.map(({ name }) => `${catalog.catalog}\0${name}`)));
  const images = lock.images.filter((image) => {
    if (image.kind === "catalog") return catalogs.some((catalog) => image.digest === catalog.targetDigest);
    if (named("image", image.origin)) return true;
    return image.reasons.some((reason) => kept.has(`${reason.catalog ?? ""}\0${reason.package ?? ""}`));
  });
  return { images, catalogs };
}

function namesOf(lock: ImageSetLock, kind: SubsetRule["kind"]): string[] {
  if (kind === "catalog") return lock.catalogs.map(({ catalog }) => catalog);
  if (kind === "image") return lock.images.map(({ origin }) => origin);
  return lock.catalogs.flatMap(({ packages }) => packages.map(({ name }) => name));
}

function nothing(lock: ImageSetLock, rules: readonly SubsetRule[]): MirrorError {
  const kinds = [...new Set(rules.map(({ kind }) => kind))];
  return new MirrorError({
    code: "SELECTION_INVALID",
    message: `Cannot choose ${rules.map(({ kind, name }) => `${kind}=${name}`).join(", ")}: nothing of that name is in the archive`,
    details: rules.map(({ kind, name }) => `${kind}=${name}`),
    hint: kinds.map((kind) => `${HEADS[kind]} in it: ${some(namesOf(lock, kind))}.`).join(" "),
  });
}

const HEADS = { package: "Packages", catalog: "Catalogs", image: "Images" } as const;

function some(names: readonly string[]): string {
  if (names.length === 0) return "none";
  return `${names.slice(0, 20).join(", ")}${names.length > 20 ? ` and ${names.length - 20} more` : ""}`;
}

function glob(pattern: string): RegExp {
  const parts = pattern.split(/(\*+|\?)/).map((part) => {
    if (part.startsWith("*")) return "[^]*";
    return part === "?" ? "[^]" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}
