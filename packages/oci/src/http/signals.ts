/**
 * Hangs many waits on one signal with a single listener, so that thousands of requests sharing the signal of a run
 * raise no listener warning and leave nothing behind.
 */
export class SignalHub {
  readonly #hubs: WeakMap<AbortSignal, Set<() => void>> = new WeakMap();

  /** Calls `listener` once when `signal` aborts (at once when it has); returns what takes the listener off again. */
  onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
    if (signal === undefined) return () => undefined;
    if (signal.aborted) {
      listener();
      return () => undefined;
    }
    const listeners = this.#of(signal);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #of(signal: AbortSignal): Set<() => void> {
    const known = this.#hubs.get(signal);
    if (known !== undefined) return known;
    const listeners = new Set<() => void>();
    this.#hubs.set(signal, listeners);
    signal.addEventListener(
      "abort",
      () => {
        for (const listener of [...listeners]) listener();
        listeners.clear();
      },
      { once: true },
    );
    return listeners;
  }
}
