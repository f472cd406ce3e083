import { parseDuration } from "../args/duration.ts";
import { UsageError } from "../args/errors.ts";
import { didYouMean } from "../args/nearest.ts";
import { parseSize } from "../args/size.ts";
import type { Flag } from "./types.ts";

/** What all kinds of flags may say besides their brief. */
export interface FlagOptions {
  readonly short?: string;
  readonly aliases?: readonly string[];
  readonly placeholder?: string;
  readonly hidden?: boolean;
  readonly callOnly?: boolean;
}

/** On or off: `--name`, `--name=false`. */
export function flagSwitch(brief: string, options?: FlagOptions & { readonly default?: boolean }): Flag<boolean> {
  const fallback = options?.default ?? false;
  return {
    ...base(options),
    kind: "switch",
    brief,
    placeholder: "",
    ...(fallback ? { defaultText: "true" } : {}),
    read: (texts) => switchValue(texts, fallback),
  };
}

/** On, off, or not said. */
export function flagMaybeSwitch(brief: string, options?: FlagOptions & { readonly defaultText?: string }): Flag<boolean | undefined> {
  return {
    ...base(options),
    kind: "switch",
    brief,
    placeholder: "",
    ...(options?.defaultText === undefined ? {} : { defaultText: options.defaultText }),
    read: (texts) => (texts.length === 0 ? undefined : switchValue(texts, false)),
  };
}

/** One text. `defaultText` describes what happens without it, for help only. */
export function flagText(brief: string, options?: FlagOptions & { readonly defaultText?: string }): Flag<string | undefined> {
  return {
    ...base(options),
    kind: "value",
    brief,
    placeholder: options?.placeholder ?? "TEXT",
    ...(options?.defaultText === undefined ? {} : { defaultText: options.defaultText }),
    read: (texts) => texts.at(-1),
  };
}

/** One value read by `parse`, with a default in the same notation. */
export function flagParsed<T>(
  brief: string,
  parse: (text: string) => T | Promise<T>,
  options: FlagOptions & { readonly placeholder: string; readonly default: string },
): Flag<T> {
  return {
    ...base(options),
    kind: "value",
    brief,
    placeholder: options.placeholder,
    defaultText: options.default,
    read: (texts) => parse(texts.at(-1) ?? options.default),
  };
}

/** One value read by `parse`, or undefined. */
export function flagOptional<T>(
  brief: string,
  parse: (text: string) => T | Promise<T>,
  options: FlagOptions & { readonly placeholder: string; readonly defaultText?: string },
): Flag<T | undefined> {
  return {
    ...base(options),
    kind: "value",
    brief,
    placeholder: options.placeholder,
    ...(options.defaultText === undefined ? {} : { defaultText: options.defaultText }),
    read: (texts) => {
      const text = texts.at(-1);
      return text === undefined ? undefined : parse(text);
    },
  };
}

/** One of a closed list. */
export function flagChoice<const T extends string>(
  brief: string,
  values: readonly T[],
  options: FlagOptions & { readonly default: NoInfer<T> },
): Flag<T> {
  return {
    ...base(options),
    kind: "value",
    brief,
    placeholder: options.placeholder ?? values.join("|"),
    defaultText: options.default,
    values,
    read: (texts) => choice(texts.at(-1) ?? options.default, values),
  };
}

/** Any number of texts; with `comma` one text may hold several. */
export function flagList(
  brief: string,
  options: FlagOptions & { readonly placeholder: string; readonly comma?: boolean; readonly defaultText?: string },
): Flag<readonly string[]> {
  return flagListOf(brief, (text) => text, options);
}

/** Any number of values read by `parse`. */
export function flagListOf<T>(
  brief: string,
  parse: (text: string) => T | Promise<T>,
  options: FlagOptions & { readonly placeholder: string; readonly comma?: boolean; readonly defaultText?: string },
): Flag<readonly T[]> {
  const split = (text: string): string[] =>
    options.comma === true
      ? text
          .split(",")
          .map((part) => part.trim())
          .filter((part) => part !== "")
      : [text];
  return {
    ...base(options),
    kind: "list",
    brief,
    placeholder: options.placeholder,
    ...(options.defaultText === undefined ? {} : { defaultText: options.defaultText }),
    read: (texts) => (texts.length === 0 ? [] : Promise.all(texts.flatMap(split).map(parse))),
  };
}

/** `SIZE` of the contract, in bytes. */
export function flagSize(brief: string, options: FlagOptions & { readonly default: string }): Flag<number> {
  return flagParsed(brief, parseSize, { placeholder: "SIZE", ...options });
}

/** `DURATION` of the contract, in milliseconds. */
export function flagDuration(brief: string, options: FlagOptions & { readonly default: string }): Flag<number> {
  return flagParsed(brief, parseDuration, { placeholder: "DURATION", ...options });
}

/** A whole number of at least `min`. */
export function flagCount(brief: string, options: FlagOptions & { readonly default: string; readonly min?: number }): Flag<number> {
  return flagParsed(brief, (text) => parseCount(text, options.min ?? 1), { placeholder: "N", ...options });
}

/**
 * Reads a whole number.
 * @throws UsageError when it is none or smaller than `min`
 */
export function parseCount(text: string, min = 1): number {
  const value = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min) {
    throw new UsageError(`expected a whole number of at least ${min}, got ${JSON.stringify(text)}`, { subject: text });
  }
  return value;
}

/**
 * Reads one of a closed list.
 * @throws UsageError with the nearest known value
 */
export function choice<T extends string>(text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw new UsageError(`expected one of ${values.join(", ")}, got ${JSON.stringify(text)}`, {
    subject: text,
    hint: didYouMean(text, values),
  });
}

function switchValue(texts: readonly string[], fallback: boolean): boolean {
  const text = texts.at(-1);
  if (text === undefined) return fallback;
  // The values that Go's strconv.ParseBool takes, as scripts for oc and kubectl write them.
  if (/^(?:1|t|true)$/i.test(text)) return true;
  if (/^(?:0|f|false)$/i.test(text)) return false;
  throw new UsageError(`expected true or false, got ${JSON.stringify(text)}`, { subject: text });
}

function base(options: FlagOptions | undefined): Pick<Flag<unknown>, "short" | "aliases" | "hidden" | "callOnly"> {
  return {
    ...(options?.short === undefined ? {} : { short: options.short }),
    ...(options?.aliases === undefined ? {} : { aliases: options.aliases }),
    ...(options?.hidden === true ? { hidden: true } : {}),
    ...(options?.callOnly === true ? { callOnly: true } : {}),
  };
}
