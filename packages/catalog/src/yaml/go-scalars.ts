/** What an unquoted scalar means to Go's YAML decoder (the 1.1 words with its own number rules). */
export type GoScalar = string | number | boolean | null;

const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((word) => [word, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
]);

const LONGEST_WORD = 5;

const SPECIAL_FLOATS: ReadonlyMap<string, number> = new Map([
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, Number.NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

const DECIMAL = /^[-+]?(?:0|[1-9][0-9]*)$/;
const OCTAL = /^([-+]?)0[oO]?([0-7]+)$/;
const HEXADECIMAL = /^([-+]?)0[xX]([0-9a-fA-F]+)$/;
const BINARY = /^([-+]?)0[bB]([01]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const MAX_UINT64: bigint = 2n ** 64n - 1n;
const MIN_INT64: bigint = -(2n ** 63n);

/** First characters that can begin a scalar which is no string. */
export const GO_SCALAR_FIRST_CHARS: readonly string[] = [..."0123456789+-.yYnNtTfFoO~", ""];

/**
 * Resolves a plain scalar. Time stamps and sexagesimal numbers stay strings; integers beyond 64 bits become doubles as
 * every number does on its way to JSON; what overflows a double stays a string.
 */
export function resolveGoScalar(source: string): GoScalar {
  // No word is longer; long texts are not hashed only to learn that.
  const word = source.length <= LONGEST_WORD ? WORDS.get(source) : undefined;
  if (word !== undefined) return word;
  const first = source.charCodeAt(0);
  const digit = first >= 0x30 && first <= 0x39;
  if (!digit && first !== 0x2b && first !== 0x2d && first !== 0x2e) return source;
  // Versions are the most frequent texts that begin like a number.
  const dot = source.indexOf(".");
  if (dot !== -1 && source.includes(".", dot + 1)) return source;
  return resolveNumber(source) ?? source;
}

function resolveNumber(source: string): number | undefined {
  const special = SPECIAL_FLOATS.get(source);
  if (special !== undefined) return special;
  if (source.startsWith(".")) return float(source);
  const plain = source.replaceAll("_", "");
  return integer(plain) ?? float(plain);
}

function integer(plain: string): number | undefined {
  if (DECIMAL.test(plain)) return within(BigInt(plain.startsWith("+") ? plain.slice(1) : plain));
  // The others begin with a zero, behind a sign or not.
  if (plain.charAt(plain.startsWith("+") || plain.startsWith("-") ? 1 : 0) !== "0") return undefined;
  for (const [pattern, prefix] of [
    [OCTAL, "0o"],
    [HEXADECIMAL, "0x"],
    [BINARY, "0b"],
  ] as const) {
    const match = pattern.exec(plain);
    if (match?.[2] === undefined) continue;
    const size = BigInt(prefix + match[2]);
    return within(match[1] === "-" ? -size : size);
  }
  return undefined;
}

function within(value: bigint): number | undefined {
  return value > MAX_UINT64 || value < MIN_INT64 ? undefined : Number(value);
}

function float(plain: string): number | undefined {
  if (!FLOAT.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

/** Whether a plain scalar is a time stamp to Go, which it keeps as text. */
export function isTimestamp(text: string): boolean {
  return text.charAt(4) === "-" && TIMESTAMP.test(text);
}

const TIMESTAMP =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?$/;

/** Digits that tell any two floats of 32 bits apart. */
const FLOAT32_DIGITS = 9;

/**
 * A number with a fraction that is the key of a map, as text: the shortest that names the same float of 32 bits, with an
 * exponent of two digits below 1e-4 and from 1e6 on (one that is no number keeps its YAML word).
 */
export function floatKey(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single > 0 ? ".inf" : "-.inf";
  let digits = 1;
  while (digits < FLOAT32_DIGITS && Math.fround(Number(single.toPrecision(digits))) !== single) digits += 1;
  const [mantissa = "", exponent = "0"] = single.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(`${mantissa}e${exponent}`));
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
