/** Proof of a held place at a gate. */
export interface Slot {
  readonly host: string;
  release(): void;
}

/** Bounds how many requests one host sees at once. */
export interface Gate {
  readonly host: string;
  /** Places at the moment, where the gate tells: a scheduler need not line up more than can run. */
  readonly limit?: number;
  /** Waits for a place; rejects with the signal's reason when aborted while waiting. */
  acquire(signal?: AbortSignal): Promise<Slot>;
}

/** Hands out the gate of each host; one instance serves a whole run. */
export interface Gates {
  of(host: string): Gate;
}
