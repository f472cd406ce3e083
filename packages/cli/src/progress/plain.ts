import type { Screen } from "../output/screen.ts";
import { outcomeLine } from "./outcome-line.ts";
import type { Progress, ProgressTotals } from "./types.ts";

/** One line per image, for logs and pipes. */
export function plainProgress(screen: Screen): Progress {
  let totals: ProgressTotals = {};
  let done = 0;
  return {
    start: (next) => {
      totals = next;
      done = 0;
    },
    event: (event) => {
      if (event.event !== "image.end") return;
      done += 1;
      const count = totals.images === undefined ? `${done}` : `${done}/${totals.images}`;
      screen.line(`[${count}] ${outcomeLine(event.outcome, totals.label)}`);
    },
    stop: () => undefined,
  };
}
