/**
 * Characters that a terminal obeys or that change the order of what is read: C0 but tab and line feed, DEL, C1, line and
 * paragraph separators, bidirectional controls, zero-width characters, the byte order mark, unpaired surrogates.
 */
const HOSTILE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udc7f]/g;
const ONE_LINE = /[\t\n]/g;

/** Text for a terminal: hostile characters shown as `\u001b`. Line feeds and tabs stay. */
export function escapeText(text: string): string {
  return text.replaceAll(HOSTILE, (found) => [...Array(found.length).keys()].map((index) => unicode(found.charCodeAt(index))).join(""));
}

/** As {@link escapeText}, and line feeds and tabs too: for a cell, a name, one line of talk. */
export function escapeLine(text: string): string {
  return escapeText(text).replaceAll(ONE_LINE, (found) => (found === "\n" ? "\\n" : "\\t"));
}

/** JSON text whose strings hold no hostile character. The value is unchanged: JSON reads the escapes back. */
export function escapeJson(json: string): string {
  return escapeText(json);
}

function unicode(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
