import type { Gates, Slot } from "../gate.ts";

/** The places that one copy holds at its two ends. */
export interface CopySlots extends Disposable {
  readonly source: Slot | undefined;
  readonly target: Slot | undefined;
}

/** The two hosts of a copy; missing for stores on disk. */
export interface CopyHosts {
  readonly source: string | undefined;
  readonly target: string | undefined;
}

/**
 * Takes the source's and the target's slot, always in the order of host names: copies in opposite directions cannot wait for
 * each other. A copy within one host takes one slot for both ends.
 */
export async function takeSlots(gates: Gates | undefined, hosts: CopyHosts, signal: AbortSignal | undefined): Promise<CopySlots> {
  const held = new Map<string, Slot>();
  const release = (): void => {
    for (const slot of held.values()) slot.release();
    held.clear();
  };
  try {
    for (const host of [...new Set([hosts.source, hosts.target])].sort()) {
      if (host !== undefined && gates !== undefined) held.set(host, await gates.of(host).acquire(signal));
    }
  } catch (error) {
    release();
    throw error;
  }
  return {
    source: hosts.source === undefined ? undefined : held.get(hosts.source),
    target: hosts.target === undefined ? undefined : held.get(hosts.target),
    [Symbol.dispose]: release,
  };
}
