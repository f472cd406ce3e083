import type { TalkOutput } from "../world/types.ts";

/** The terminal's last lines, redrawn in place, under lines that stay. */
export interface LiveRegion {
  /** The lines to show now, each at most `columns` wide. */
  lines(columns: number): readonly string[];
}

/** Everything on stderr goes through here, so that lines of talk and a live region do not write over each other. */
export interface Screen {
  readonly isTTY: boolean;
  readonly color: boolean;
  /** One line that stays. Must be escaped already. */
  line(text: string): void;
  /** Shows a region below everything; undefined removes it. */
  show(region: LiveRegion | undefined): void;
  /** Draws the region again. */
  redraw(): void;
}

/** A screen over stderr. The cursor is hidden while a region is shown and comes back with `show(undefined)`. */
export function createScreen(stderr: TalkOutput, color: boolean): Screen {
  let region: LiveRegion | undefined;
  let drawn = 0;
  let stopResize: (() => void) | undefined;
  const clear = (): string => {
    const text = drawn === 0 ? "" : `\u001b[${drawn}F\u001b[J`;
    drawn = 0;
    return text;
  };
  const draw = (): string => {
    if (region === undefined) return "";
    const lines = region.lines(stderr.columns());
    drawn = lines.length;
    return lines.map((line) => `${line}\n`).join("");
  };
  return {
    isTTY: stderr.isTTY,
    color,
    line: (text) => stderr.write(`${clear()}${text}\n${draw()}`),
    redraw: () => {
      if (region !== undefined) stderr.write(`${clear()}${draw()}`);
    },
    show: (next) => {
      const before = region;
      if (before === next) return;
      const cleared = clear();
      region = next;
      stopResize?.();
      stopResize = undefined;
      if (next === undefined) {
        stderr.write(`${cleared}\u001b[?25h`);
        return;
      }
      stopResize = stderr.onResize(() => {
        // Lines that wrapped are counted wrongly now: start on fresh ones.
        drawn = 0;
        stderr.write(draw());
      });
      stderr.write(`${cleared}${before === undefined ? "\u001b[?25l" : ""}${draw()}`);
    },
  };
}
