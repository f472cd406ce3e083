import type { Descriptor, Registries } from "@skerry/oci";
import type { Mapping } from "../mapping/mapping.ts";
import { PushProbes } from "./probe.ts";
import type { CopyRow } from "./rows.ts";

/** Destinations that are looked at before: as many images as a copy begins at once, so that what is known is never old. */
const AHEAD = 64;

/**
 * Asks the destinations while the sources are being found: whether we may push there and, where we may, what the tags name
 * now. At a far registry that takes the time of one of them instead of both.
 */
export class Ahead {
  readonly pushes: PushProbes;
  readonly #looks: Map<string, Promise<Descriptor | undefined>> = new Map();

  /** Begins to ask. What fails is thrown where it is used: nobody may ever look at a row whose source is not there. */
  constructor(mappings: readonly Mapping[], { registries, signal }: { readonly registries: Registries; readonly signal: AbortSignal }) {
    this.pushes = new PushProbes(registries, signal);
    for (const { registry, repository, tag } of tagged(mappings).slice(0, AHEAD)) {
      const key = `${registry}/${repository}:${tag}`;
      if (this.#looks.has(key)) continue;
      // An account that is locked after some wrong passwords is asked for one permission, not for sixty-four.
      const look = this.pushes.allows(registry, { repository }).then(async (mayPush) => {
        return mayPush ? await registries.writer(registry).resolve({ repository }, tag, { signal }) : undefined;
      });
      this.#looks.set(key, unwatched(look));
    }
  }

  /** Rows that know what their tag names at the destination, where that was asked. */
  informed(rows: readonly CopyRow[]): readonly CopyRow[] {
    return rows.map((row) => {
      const [tag, ...more] = row.tags;
      if (row.target?.writer.host === undefined || tag === undefined || more.length > 0) return row;
      const look = this.#looks.get(`${row.target.writer.host}/${row.target.at.repository}:${tag}`);
      return look === undefined ? row : { ...row, looked: unwatched(look.then((found) => [found])) };
    });
  }
}

/** Destinations in registries whose tag is known before anything was asked. */
function tagged(mappings: readonly Mapping[]): readonly { readonly registry: string; readonly repository: string; readonly tag: string }[] {
  return mappings.flatMap(({ source, destinations }) =>
    destinations.flatMap((destination) => {
      if (destination.kind !== "registry") return [];
      const { registry, repository } = destination.reference;
      const tag = destination.reference.tag ?? (source.kind === "registry" ? source.reference.tag : undefined);
      return tag === undefined ? [] : [{ registry, repository, tag }];
    }),
  );
}

/** A promise that may fail without anybody looking. */
function unwatched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
