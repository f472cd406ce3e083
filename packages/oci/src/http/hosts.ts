/** What the run has learnt about one registry host. */
export interface HostState {
  readonly host: string;
  readonly insecure: boolean;
  /** `https` until an insecure host turned out to speak plain HTTP. */
  scheme: "https" | "http";
  /** It has answered at least once. */
  answered: boolean;
  /** The first request has ended: scheme and challenge are known. */
  settled: boolean;
  settling: Promise<void> | undefined;
}

/** Origin under which a registry is contacted: Docker Hub answers elsewhere than its name says. */
export function originOf(state: HostState): string {
  return `${state.scheme}://${state.host === "docker.io" || state.host === "index.docker.io" ? "registry-1.docker.io" : state.host}`;
}

/** What is known about each host of a run. */
export class Hosts {
  readonly #states: Map<string, HostState> = new Map();
  readonly #isInsecure: (host: string) => boolean;

  constructor(isInsecure: (host: string) => boolean) {
    this.#isInsecure = isInsecure;
  }

  of(host: string): HostState {
    const known = this.#states.get(host);
    if (known !== undefined) return known;
    const state: HostState = {
      host,
      insecure: this.#isInsecure(host),
      scheme: "https",
      answered: false,
      settled: false,
      settling: undefined,
    };
    this.#states.set(host, state);
    return state;
  }
}

/**
 * Lets the first request to a host go alone: it learns the scheme and the challenge, and the others do not each pay for
 * a refusal of their own.
 */
export async function settled<T>(state: HostState, run: () => Promise<T>): Promise<T> {
  if (state.settled) return run();
  if (state.settling !== undefined) {
    await state.settling;
    return run();
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  state.settling = promise;
  try {
    return await run();
  } finally {
    state.settled = state.answered;
    state.settling = undefined;
    resolve();
  }
}
