import { foldedMember } from "./fold.ts";
import type { MemberSpan } from "./json-walk.ts";

const NEWLINE = 0x0a;
const SPACE = 0x20;
const DASH = 0x2d;
const COMMA = 0x2c;
const IMAGE_LINE = /^[ -]*image:[ \t]+(?:"([^"]*)"|'([^']*)'|(\S+))/;

/** `relatedImages[].image` of a parsed bundle; entries without a text are left out. */
export function imagesOfBody(body: Readonly<Record<string, unknown>>): readonly string[] {
  return imagesOfList(foldedMember(body, "relatedImages"));
}

/** The same from the member's bytes alone. */
export function imagesOfSpan(bytes: Buffer, member: MemberSpan | undefined): readonly string[] {
  if (member === undefined) return [];
  // Where the value was jumped over, its end is that of the blanks behind it.
  let end = member.valueEnd;
  while (end > member.value && (bytes[end - 1] === COMMA || (bytes[end - 1] ?? 0) <= SPACE)) end -= 1;
  try {
    return imagesOfList(JSON.parse(bytes.toString("utf8", member.value, end)));
  } catch {
    // Whoever reads the document will say what is wrong with it.
    return [];
  }
}

/** The same from the lines of a YAML bundle in plain block style. */
export function imagesOfYaml(bytes: Buffer): readonly string[] {
  const images: string[] = [];
  const start = bytes.indexOf("\nrelatedImages:", 0, "latin1");
  if (start === -1) return images;
  let at = bytes.indexOf(NEWLINE, start + 1) + 1;
  while (at > 0 && at < bytes.length && (bytes[at] === SPACE || bytes[at] === DASH)) {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline === -1 ? bytes.length : newline;
    const [, double, single, plain] = IMAGE_LINE.exec(bytes.toString("utf8", at, end)) ?? [];
    const image = double ?? single ?? plain;
    if (image !== undefined && image !== "") images.push(image);
    at = end + 1;
  }
  return images;
}

function imagesOfList(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return [];
  const images: string[] = [];
  for (const entry of list as readonly unknown[]) {
    if (typeof entry !== "object" || entry === null) continue;
    const image = foldedMember(entry as Readonly<Record<string, unknown>>, "image");
    if (typeof image === "string" && image !== "") images.push(image);
  }
  return images;
}
