/**
 * The text of a quoted scalar that goes on over lines, as one line: blanks around a line feed and the line feed itself
 * become one blank, each empty line a line feed. With `escapes` a backslash at the end of a line joins it to the next one
 * without a blank. Escapes stay as they are. Undefined where parsers differ: an
 * escaped blank in front of a line feed, an empty line behind an escaped one.
 */
export function unfold(text: string, escapes: boolean): string | undefined {
  const lines = text.split("\n");
  let out = "";
  let empty = 0;
  let joined = false;
  for (const [at, line] of lines.entries()) {
    const isLast = at === lines.length - 1;
    const start = at === 0 ? 0 : leadingBlanks(line);
    let end = isLast ? line.length : line.length - trailingBlanks(line, start);
    const joins = !isLast && escapes && endsInEscape(line, start, end);
    if (joins) {
      if (end !== line.length) return undefined;
      end -= 1;
    }
    if (at > 0 && !isLast && !joins && start === end) {
      if (joined) return undefined;
      empty += 1;
      continue;
    }
    if (at > 0) out += empty > 0 ? "\n".repeat(empty) : joined ? "" : " ";
    out += line.slice(start, end);
    empty = 0;
    joined = joins;
  }
  return out;
}

function leadingBlanks(line: string): number {
  let at = 0;
  while (line.charCodeAt(at) === 0x20) at += 1;
  return at;
}

function trailingBlanks(line: string, from: number): number {
  let at = line.length;
  while (at > from && line.charCodeAt(at - 1) === 0x20) at -= 1;
  return line.length - at;
}

/** An odd number of backslashes: the last one escapes what follows. */
function endsInEscape(line: string, start: number, end: number): boolean {
  let at = end;
  while (at > start && line.charCodeAt(at - 1) === 0x5c) at -= 1;
  return ((end - at) & 1) === 1;
}
