import { escapeLine } from "./escape.ts";

/** A column: what stands above it, and whether its cells are figures, which stand to the right. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/**
 * A table as `kubectl` prints them: upper-case titles, two spaces between columns, no lines, nothing after the last
 * column. Cells are escaped. Ends with a line feed.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map((column) => column.title.toUpperCase()), ...rows.map((row) => row.map((cell) => escapeLine(cell)))];
  const widths = columns.map((_, index) => lines.reduce((widest, line) => Math.max(widest, displayWidth(line[index] ?? "")), 0));
  return lines
    .map((line) => {
      const cells = columns.map((column, index) => {
        const cell = line[index] ?? "";
        const fill = " ".repeat((widths[index] ?? 0) - displayWidth(cell));
        return column.right === true ? fill + cell : cell + fill;
      });
      return `${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

/** Lines `Name:  value` with the values below each other, for one thing. Values are escaped; empty ones are left out. */
export function formatFields(fields: readonly (readonly [string, string | undefined])[]): string {
  const shown = fields.filter((field): field is readonly [string, string] => field[1] !== undefined && field[1] !== "");
  const width = shown.reduce((widest, [name]) => Math.max(widest, name.length), 0) + 1;
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)}  ${escapeLine(value)}\n`).join("");
}

/** Columns that a text takes on a terminal: wide East Asian characters and emoji count two, combining marks none. */
export function displayWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (/^\p{Mn}|\p{Me}$/u.test(character)) continue;
    width +=
      /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** The first `columns` columns of a line, ending in `…` when something was cut. */
export function cutLine(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = "";
  for (const character of text) {
    if (displayWidth(kept) + displayWidth(character) > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
