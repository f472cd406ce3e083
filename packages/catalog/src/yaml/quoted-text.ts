/** Text of double quotes whose escapes JSON knows too, and the blank. Line feeds are what empty lines left. */
export function unescaped(line: string): string {
  const json = line.replaceAll(/\\[\\ ]|\n/g, (found) => (found === "\\ " ? " " : found === "\n" ? "\\n" : found));
  return JSON.parse(`"${json}"`) as string;
}

/** Where the single quote that opens at `from` closes, over doubled ones; -1 where it does not. */
export function closeOfSingle(text: string, from: number): number {
  for (let at = text.indexOf("'", from + 1); at !== -1; at = text.indexOf("'", at + 2)) if (text.charAt(at + 1) !== "'") return at;
  return -1;
}

/** Where the double quote that opens at `from` closes, over escaped ones; -1 where it does not. */
export function closeOfDouble(text: string, from: number): number {
  for (let at = from + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return -1;
    let back = quote - 1;
    while (back > from && text.charCodeAt(back) === 0x5c) back -= 1;
    if (((quote - 1 - back) & 1) === 0) return quote;
    at = quote + 1;
  }
}
