import type { CatalogProblem } from "@skerry/catalog";
import type { OciError, OciErrorCode } from "@skerry/oci";
import type { NeededImage } from "./needed-images.ts";

const CODES: Readonly<Partial<Record<OciErrorCode, string>>> = {
  UNAUTHORIZED: "IMAGE_DENIED",
  DENIED: "IMAGE_DENIED",
  BLOCKED: "IMAGE_BLOCKED",
  MANIFEST_SCHEMA1: "IMAGE_SCHEMA1",
};

/** The row of an image that its registry does not give, with the first bundle that needs it and what will break. */
export function imageProblem(image: string, error: OciError, needed: readonly NeededImage[]): CatalogProblem {
  const reason = needed.find((one) => one.image === image)?.reasons[0];
  const bundles = new Set(needed.find((one) => one.image === image)?.reasons.map((one) => one.bundle));
  const more = bundles.size > 1 ? ` and ${bundles.size - 1} more` : "";
  return {
    code: CODES[error.code] ?? "IMAGE_NOT_FOUND",
    severity: "warning",
    rule: "lint-image-missing",
    subject: image,
    ...(reason === undefined ? {} : { package: reason.package, bundle: reason.bundle, field: reason.field }),
    original: image,
    action: "kept",
    message: `Image ${image}${reason === undefined ? "" : ` of bundle "${reason.bundle}"${more}`}: ${error.message}`,
    hint: error.hint ?? "Pods that use it will not start.",
  };
}
