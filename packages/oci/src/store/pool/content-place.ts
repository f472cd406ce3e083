import type { Descriptor } from "../../model/descriptor.ts";
import type { Content } from "../content.ts";

/** One place in which content is found by its digest, whatever tool left it there. */
export interface ContentPlace {
  /** For messages: `oc-mirror cache /var/cache/oc-mirror`. */
  readonly name: string;
  readonly content: Content;
  /** Names under which the place knows images, where it does; media type and size may be missing. */
  readonly names: ReadonlyMap<string, Descriptor>;
}
