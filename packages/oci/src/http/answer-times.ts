import type { HttpRequest } from "./types.ts";

/** Answers after which there is something to judge by. */
const ENOUGH = 8;

/** Nearer hosts are not waited for: what holds a copy up there is work, and more requests at once do not help. */
const FAR_MS = 10;

/** Slower than this and than three times the quickest: the host has more to do than it can. */
const SLOW_MS = 1000;

/** How long a host takes to answer, against the quickest answers of the same kind. */
export class AnswerTimes {
  readonly #least = new Map<string, number>();
  #nearest: number | undefined;
  #usual = 0;
  #late = 0;
  #count = 0;
  #restarted = false;

  /** @param kind see {@link answerKind} */
  note(kind: string, ms: number): void {
    const least = quickest(this.#least.get(kind), ms);
    this.#least.set(kind, least);
    this.#nearest = quickest(this.#nearest, ms);
    this.#count += 1;
    const weight = 1 / Math.min(this.#count, ENOUGH);
    this.#usual += (least - this.#usual) * weight;
    this.#late += (ms - least - this.#late) * weight;
  }

  /**
   * Answers come from afar and hardly later than at best: time passes on the way, and the host has room. The quickest of all
   * kinds decides about the way, so that a near host that syncs what it is sent, or a busy one, is not taken for a far one.
   */
  get isFar(): boolean {
    return this.#count >= ENOUGH && (this.#nearest ?? 0) >= FAR_MS && this.#late < this.#usual;
  }

  /** Answers come so much later than the quickest did that requests are queueing there. */
  get isSlow(): boolean {
    return this.#count >= ENOUGH && this.#late > Math.max(SLOW_MS, this.#usual * 3);
  }

  /** The pace was changed because of slow answers, and those that came since do not say yet what it did. */
  get isUndecided(): boolean {
    return this.#restarted && this.#count < ENOUGH;
  }

  /** Begins to judge anew; the quickest answers are kept. */
  restart(): void {
    this.#restarted = true;
    this.#count = 0;
    this.#late = 0;
  }
}

/** A path that has become longer for good is the new measure after some thousand answers. */
function quickest(before: number | undefined, ms: number): number {
  return before === undefined ? ms : Math.min(ms, before + (ms - before) / 1024);
}

/**
 * Requests of one kind cost a registry the same work. Undefined for those whose time says nothing about its load: content on
 * its way there, lists of any length.
 */
export function answerKind({ method, target, body }: Pick<HttpRequest, "method" | "target" | "body">): string | undefined {
  const isContent = body?.kind === "stream" || method === "PATCH" || method === "DELETE";
  const what = /\/(manifests|blobs\/uploads|blobs)\/[^/]*$/.exec(target.split("?", 1)[0] ?? "")?.[1];
  if (isContent || what === undefined || (method === "PUT" && what !== "manifests")) return undefined;
  return `${method} ${what}`;
}
