import { CatalogError } from "../errors.ts";
import { compareVersions, tryParseVersion, type Version } from "./version.ts";

/** A parsed range: alternatives, each a list of conditions that must all hold. */
export interface VersionRange {
  readonly text: string;
  readonly alternatives: readonly (readonly Condition[])[];
}

interface Condition {
  readonly operator: Operator;
  readonly version: Version;
}

type Operator = "<" | "<=" | ">" | ">=" | "=" | "!=";

const OPERATORS: Readonly<Record<string, Operator>> = {
  "": "=",
  "=": "=",
  "==": "=",
  "!": "!=",
  "!=": "!=",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

/**
 * Parses a range in blang's language: comparisons divided by blanks must all hold, `||` divides alternatives, `x` stands
 * for any number at the end. No `^`, `~`, `*`, brackets or commas.
 *
 * @throws CatalogError RANGE_INVALID
 */
export function parseRange(text: string): VersionRange {
  const parts = splitAndTrim(text);
  const alternatives: Condition[][] = [];
  let current: Condition[] | undefined;
  for (const part of parts) {
    if (part === "||") {
      if (current === undefined) throw invalid(text, "the first element is ||");
      alternatives.push(current);
      current = undefined;
      continue;
    }
    current = [...(current ?? []), ...expand(text, part)];
  }
  if (current === undefined) throw invalid(text, "the last element is ||, or nothing is there");
  return { text, alternatives: [...alternatives, current] };
}

/** Whether a version lies in the range. Pre-releases are ordinary versions; build metadata does not count. */
export function inRange(version: Version, range: VersionRange): boolean {
  return range.alternatives.some((conditions) => conditions.every((condition) => holds(version, condition)));
}

function holds(version: Version, { operator, version: bound }: Condition): boolean {
  const order = compareVersions(version, bound);
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
  }
}

/** Splits at blanks, but not behind an operator: `> 1.0.0` is one element. Elements of one character vanish, as in blang. */
function splitAndTrim(text: string): readonly string[] {
  const result: string[] = [];
  let last = 0;
  let before = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === " " && !"><=".includes(before === "" ? " " : before)) {
      if (last < at - 1) result.push(text.slice(last, at));
      last = at + 1;
    } else if (char !== " ") {
      before = char;
    }
  }
  if (last < text.length - 1) result.push(text.slice(last));
  return result.map((part) => part.replaceAll(" ", ""));
}

/** One element as conditions. */
function expand(range: string, part: string): readonly Condition[] {
  const start = part.search(/[0-9]/);
  if (start === -1) throw invalid(range, `${JSON.stringify(part)} holds no version`);
  const operatorText = part.slice(0, start);
  const operator = Object.hasOwn(OPERATORS, operatorText) ? OPERATORS[operatorText] : undefined;
  if (part.includes("x")) return expandWildcard(range, operator, part.slice(start));
  if (operator === undefined) throw invalid(range, `${JSON.stringify(operatorText)} is no comparison`);
  return [{ operator, version: bound(range, part.slice(start)) }];
}

/**
 * An element with an `x` by blang's own table, oddities included: every `x` is a zero, wherever it stands; only one that
 * ends the version opens it upwards; a comparison that it does not know asks for that very version.
 */
function expandWildcard(range: string, operator: Operator | undefined, versionText: string): readonly Condition[] {
  const numbers = versionText.split(".");
  const zeros = versionText.replaceAll("x", "0");
  const low = bound(range, numbers.length === 2 ? `${zeros}.0` : zeros);
  if (operator === undefined) return [{ operator: "=", version: low }];
  if (operator === ">=" || operator === "<") return [{ operator, version: low }];
  const high = numbers.at(-1) === "x" ? bump(low, numbers.length) : undefined;
  if (high === undefined) throw invalid(range, `${JSON.stringify(versionText)} has its wildcard in the wrong place`);
  switch (operator) {
    case ">":
      return [{ operator: ">=", version: high }];
    case "<=":
      return [{ operator: "<", version: high }];
    case "=":
      return [
        { operator: ">=", version: low },
        { operator: "<", version: high },
      ];
    case "!=":
      // blang means "either below or above" and asks for both at once, which no version meets. Kept: opm does the same.
      return [
        { operator: "<", version: low },
        { operator: ">=", version: high },
      ];
  }
}

/** The first version behind a wildcard: behind `1.x` (two numbers) and `1.2.x` (three). */
function bump(low: Version, numbers: number): Version | undefined {
  const next = (number: string): string => String(BigInt(number) + 1n);
  if (numbers === 3) return { ...low, minor: next(low.minor) };
  return numbers === 2 ? { ...low, major: next(low.major) } : undefined;
}

function bound(range: string, text: string): Version {
  const version = tryParseVersion(text);
  if (version === undefined) throw invalid(range, `${JSON.stringify(text)} is no version`);
  return version;
}

function invalid(text: string, why: string): CatalogError {
  return new CatalogError({
    code: "RANGE_INVALID",
    message: `Cannot read version range ${JSON.stringify(text)}: ${why}`,
    subject: text,
    hint: 'Write it like ">=1.2.0 <2.0.0", with || between alternatives.',
  });
}

/** What is wrong with the text of a range; undefined when nothing is. */
export function rangeFault(text: string): string | undefined {
  try {
    parseRange(text);
    return undefined;
  } catch (error) {
    if (error instanceof CatalogError) return error.message;
    throw error;
  }
}
