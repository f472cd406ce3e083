import { deleteScope } from "../auth/scope.ts";
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
  });
  await response.dump();
}
