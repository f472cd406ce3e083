import type { NetEvent, TransferEvent } from "@skerry/oci";

export const PROGRESS_MODES = ["auto", "bar", "plain", "json", "none"] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

/** Events of the contract that do not come from a transfer. Further keys are those of section 6. */
export interface RunEvent {
  readonly event: "plan.start" | "plan.image" | "plan.end" | "problem" | "volume.end" | "run.end";
  readonly [key: string]: unknown;
}

export type ProgressEvent = TransferEvent | NetEvent | RunEvent;

/** What is known before the first byte moves. */
export interface ProgressTotals {
  readonly images?: number;
  /** Unique bytes to be moved or found present. */
  readonly bytes?: number;
  /** How a root's id is shown; the id itself otherwise. */
  readonly label?: (id: string) => string;
}

/** Takes what happens in a run and shows it. Cheap per event; draws on its own clock. */
export interface Progress {
  /** Begins a phase of `total` images and bytes. */
  start(totals: ProgressTotals): void;
  event(event: ProgressEvent): void;
  /** Takes the display away and gives the cursor back. May be called again. */
  stop(): void;
}
