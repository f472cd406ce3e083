import { isOciError, type OciError, type Place, type Registries } from "@skerry/oci";
import { RefusedError } from "../args/errors.ts";
import { inOrder } from "./in-order.ts";
import type { CopyRow } from "./rows.ts";

interface Denied {
  readonly name: string;
  readonly error: OciError;
}

/**
 * Asks each registry, once per first part of the path, whether it lets us push: an upload is opened and cancelled. What
 * fails for another reason than permission is left to the copy.
 * @throws RefusedError `PUSH_DENIED` naming every place that is denied
 */
export async function probePush(rows: readonly CopyRow[], registries: Registries, signal: AbortSignal): Promise<void> {
  const places = new Map<string, { readonly host: string; readonly at: Place }>();
  for (const { target } of rows) {
    const host = target?.writer.host;
    if (target === undefined || host === undefined) continue;
    const key = `${host}/${target.at.repository.split("/")[0] ?? ""}`;
    if (!places.has(key)) places.set(key, { host, at: target.at });
  }
  const probed = await inOrder([...places.values()], async ({ host, at }): Promise<readonly Denied[]> => {
    try {
      await registries.writer(host).probePush(at, { signal });
    } catch (error) {
      if (!isOciError(error)) throw error;
      if (/^(?:DENIED|UNAUTHORIZED|NOT_FOUND)$/.test(error.code)) return [{ name: `${host}/${at.repository}`, error }];
    }
    return [];
  });
  const denied = probed.flat();
  const [first] = denied;
  if (first === undefined) return;
  throw new RefusedError(
    `Refused to copy: no permission to push to ${denied.map(({ name }) => name).join(", ")} (${first.error.message})`,
    {
      code: "PUSH_DENIED",
      subject: first.name,
      hint: first.error.hint ?? `Log in with an account that may push: skerry login ${first.error.host ?? ""}`,
    },
  );
}
