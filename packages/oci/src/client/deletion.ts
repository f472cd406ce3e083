import { deleteScope } from "../auth/scope.ts";
import { isOciError } from "../errors.ts";
import { isDigest } from "../model/digest.ts";
import type { IoOptions } from "../store/types.ts";
import { referenceText } from "./manifests.ts";
import { type Repository, sendTo } from "./repository.ts";

/**
 * Deletes a tag or a manifest. Something that is gone already is fine.
 * @throws OciError `UNSUPPORTED` where the registry does not delete
 */
export async function deleteManifest(at: Repository, name: string, io?: IoOptions): Promise<void> {
  const subject = referenceText(at, name);
  const response = await sendTo(at, {
    method: "DELETE",
    path: `manifests/${name}`,
    scopes: [deleteScope(at.repository)],
    action: `delete ${subject}`,
    subject,
    expect: (status) => (status >= 200 && status < 300) || status === 404,
    io,
  }).catch((error: unknown) => {
    if (!isOciError(error) || error.code !== "UNSUPPORTED") throw error;
    const byDigest = isDigest(name) ? "" : "; docker-registry 2.8 takes away digests only, with every tag that names them";
    throw error.with({ hint: `Allow deletion at the registry (distribution: storage.delete.enabled)${byDigest}.` });
  });
  await response.dump();
}
