const CODES = { red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39], bold: [1, 22], dim: [2, 22] } as const;

/** `text` in a colour, or as it is where there is none. */
export function paint(color: keyof typeof CODES, text: string, on: boolean): string {
  const [start, end] = CODES[color];
  return on ? `\u001b[${start}m${text}\u001b[${end}m` : text;
}
